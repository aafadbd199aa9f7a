"""Nonsense in every parameter of every page and route of the API: answered in words, never with a fault."""

import os
import random
from datetime import date
from itertools import product
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from metrics.forms import ask
from tests.access import ROUTES, Props, Row

PARAMS = [
    "scope", "from", "to", "as_of", "type", "class", "label", "p", "q", "state", "status", "kind", "production", "sort",
    "page", "show", "format", "cursor", "what", "who", "first", "last", "topic", "key", "after", "limit", "trials", "n",
]  # fmt: skip
VALUES = [
    "", " ", "0", "-1", "100", "1e999", "NaN", "9" * 5000, "\0", "a\0b", "\ud800", "💥", "'\"><script>", "%", "\\",
    "1970-01-01", "1969-12-31", "2100-01-01", "9999-12-31", "0001-01-01", "2026-02-30", "2026-02-14T25:00",
    "9999-12-31T23:59:59+14:00", "0001-01-01T00:00-14:00", "٢٠٢٦-٠١-٠١", "²", "team:", "team:nobody", "stream:\0",
    "portfolio", "portfolio:x", "None", "null", "[]", "{}", "1,2,,3", "0,100", "-1,50", "--", "csv", "a" * 9000,
    "cycle; DROP TABLE", "-", ",", "%(x)s", "{0}", "../../etc/passwd",
]  # fmt: skip
GET = [(name, row) for name, rows in ROUTES.items() for row in rows if row.method == "get" and not row.data]
# Every value for every parameter; the suite tries some, the same in every run.
EVERYTHING = bool(os.environ.get("EVERYTHING"))
FIGURES = {"home", "flow", "delivery", "items", "pull-requests", "deployments", "figure-csv", "explain", "item"}


def encoded(params: dict[str, str]) -> str:
    """As an address; half of a character as the bytes that a browser would never send."""
    return urlencode({name: value.encode("utf-8", "surrogatepass") for name, value in params.items()}, quote_via=quote)


def path_of(name: str, row: Row, props: Props) -> str:
    return reverse(name, kwargs=props.fill(row.args))


def answered(client: Client, path: str, params: dict[str, str]) -> None:
    # A fault on one page must not hide those of the next.
    with transaction.atomic():
        answer = client.get(f"{path}?{encoded(params)}")
        if answer.streaming:
            b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        transaction.set_rollback(True)
    assert answer.status_code < 500, (path, params)
    # A PDF is no text.
    assert b"Traceback" not in getattr(answer, "content", b""), (path, params)


@pytest.fixture
def props(stage: Props, client: Client) -> Props:
    client.force_login(stage.cast.administrator)
    client.raise_request_exception = True
    return stage


@pytest.mark.parametrize(("name", "row"), GET, ids=[f"{name}-{n}" for n, (name, _) in enumerate(GET)])
def test_no_page_falls_over_nonsense(name: str, row: Row, props: Props, client: Client) -> None:
    path = path_of(name, row, props)
    known = QueryDict(props.fill(row.query)).dict()
    rng = random.Random(name)
    takes_any = name in FIGURES or name.startswith("forecast")
    for value in VALUES if EVERYTHING else rng.sample(VALUES, 6 if takes_any else 2):
        answered(client, path, {**dict.fromkeys(PARAMS, value), **known})
    # One at a time, so that one refusal does not hide the rest.
    for param in PARAMS if takes_any or EVERYTHING else ():
        for value in VALUES if EVERYTHING else rng.sample(VALUES, 1):
            answered(client, path, {**known, param: value})


def test_every_parameter_of_an_address_is_read_or_refused_in_words(stage: Props) -> None:
    for param, value in product(["from", "to", "as_of", "type", "class", "label", "p"], VALUES):
        query = QueryDict(mutable=True)
        query["scope"], query[param] = "team:falcon", value
        asked = ask(query, stage.cast.leader, timezone.now())
        assert set(asked.problems) <= {param, "from"}, (param, value)
        assert asked.window.first <= asked.window.last
        assert asked.as_of is None or asked.as_of <= timezone.now()
        # What was understood is asked the same again.
        again = ask(QueryDict(asked.query), stage.cast.leader, timezone.now())
        assert (again.window, again.as_of, again.facets, again.ranks) == (
            asked.window, asked.as_of, asked.facets, asked.ranks,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({"p": "0"}, "from 1 to 99"),
        ({"p": "100"}, "from 1 to 99"),
        ({"p": "50,x"}, "from 1 to 99"),
        ({"type": "epic"}, "There is no type “epic”"),
        ({"from": "2026-02-02", "to": "2026-02-01"}, "a window starts before it ends"),
        ({"from": "1969-01-01"}, "outside 1970 to 2099"),
        ({"to": "2100-01-01"}, "outside 1970 to 2099"),
        ({"as_of": "2100-01-01"}, "outside 1970 to 2099"),
        ({"as_of": "2099-01-01"}, "has not come yet"),
        ({"from": "1970-01-01", "to": "2026-01-01"}, "at most 1830 days"),
    ],
)
@pytest.mark.parametrize("path", ["/flow/", "/delivery/", "/explain/cycle_time/", "/figures/cycle_time/"])
def test_what_cannot_be_used_is_named_on_the_page_and_in_the_api(
    stage: Props, client: Client, path: str, params: dict[str, str], word: str
) -> None:
    client.force_login(stage.cast.leader)
    name = next(iter(params))
    answer = client.get(path, {"scope": "team:falcon", **params})
    assert answer.status_code == 400
    assert word in answer.content.decode().encode().decode("unicode_escape" if "figures" in path else "utf-8")
    told: dict[str, Any] = client.get("/api/v1/metrics/cycle_time/", {"scope": "team:falcon", **params}).json()
    assert word in told[name][0]


@pytest.mark.parametrize("path", ["/flow/", "/delivery/", "/items/", "/explain/wip/"])
def test_windows_at_the_edges_are_answered(stage: Props, client: Client, path: str) -> None:
    client.force_login(stage.cast.leader)
    for first, last in ((1970, 1970), (2095, 2099), (2026, 2026)):
        window = {"from": date(first, 1, 1).isoformat(), "to": date(last, 1, 1).isoformat()}
        assert client.get(path, {"scope": "portfolio", **window}).status_code == 200
