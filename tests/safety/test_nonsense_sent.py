"""Nonsense in everything that is sent, to pages and to the API: refused in words, never with a fault."""

import json
import os
import random
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from tests.access import ROUTES, Props, Row
from tests.test_nonsense import VALUES, encoded

EVERYTHING = bool(os.environ.get("EVERYTHING"))
SENT = [(name, row) for name, rows in ROUTES.items() for row in rows if row.method != "get"]
# Sent beside what the row itself names, so that no field is left out because its row does not need it.
FIELDS = [
    *sorted({field for _, row in SENT for field in row.data}),
    *("version", "seen", "stage", "verdict", "override", "manual_rank", "estimated_cost", "cost_of_delay", "job_size"),
    *("due_on", "started_on", "owner", "theme", "kpi", "baseline", "target", "band_low", "band_high", "weight", "kind"),
    *("every_days", "lift", "grade", "lessons", "choice", "reason", "review_on", "move", "options", "cost_per_week"),
    *("cost_kind", "horizon", "tolerance", "h1", "share", "people", "write", "is_revealed", "note", "blocker", "undo"),
]  # fmt: skip
# Of the API also what no form can send.
OF_JSON: list[Any] = [None, True, 0, -1, 2**63, 10**400, 1e308, [], [None], [[]], {}, {"a": 1}, "sNaN", "Infinity"]
OF_FORMS = [*VALUES, "sNaN", "-Infinity", "1e400", "0.001", "2100-q5", "h1", "o0", "i0", "o999999999999999999999"]


def sent(client: Client, name: str, path: str, row: Row, data: Any, query: str) -> None:
    """Send it as a page or a program would; what it does is undone."""
    options: dict[str, Any] = {"data": data}
    if name.startswith("api-"):
        options = {"data": json.dumps(data), "content_type": "application/json"}
    with transaction.atomic():
        answer = getattr(client, row.method)(f"{path}?{query}" if query else path, **options)
        transaction.set_rollback(True)
    assert answer.status_code < 500, (path, query, data)
    assert "Traceback" not in getattr(answer, "text", ""), (path, data)


def storable(value: str) -> str:
    """Half of a character is no UTF-8: no client can send it in a form."""
    return value.encode("utf-8", "replace").decode()


@pytest.fixture
def props(stage: Props, client: Client) -> Props:
    client.force_login(stage.cast.administrator)
    return stage


@pytest.mark.parametrize(("name", "row"), SENT, ids=[f"{name}-{row.method}-{n}" for n, (name, row) in enumerate(SENT)])
def test_nothing_that_is_sent_makes_it_fall(name: str, row: Row, props: Props, client: Client) -> None:
    path, rng = reverse(name, kwargs=props.fill(row.args)), random.Random(f"{name} {row.method}")
    known, query = props.fill(row.data), props.fill(row.query)
    values: list[Any] = [*VALUES, *OF_JSON] if name.startswith("api-") else list(map(storable, OF_FORMS))
    for value in values if EVERYTHING else rng.sample(values, 4):
        sent(client, name, path, row, dict.fromkeys(FIELDS, "" if value is None else value), query)
        sent(client, name, path, row, {**dict.fromkeys(FIELDS, value), **known} if value is not None else known, query)
    # One at a time, so that one refusal does not hide the rest.
    for field in known:
        for value in values if EVERYTHING else rng.sample(values, 4):
            if value is not None or name.startswith("api-"):
                sent(client, name, path, row, {**known, field: value}, query)
    for part in [part.split("=")[0] for part in query.split("&") if part]:
        for value in VALUES if EVERYTHING else rng.sample(VALUES, 4):
            rest = "&".join(one for one in query.split("&") if not one.startswith(f"{part}="))
            sent(client, name, path, row, known, f"{rest}&{encoded({part: value})}")
    if name.startswith("api-"):
        for body in ([], "x", 1, None, [known], {"a" * 9000: 1}):
            sent(client, name, path, row, body, query)
