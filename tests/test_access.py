"""Rule 5: who may open what. One table for every page and every route of the API; a new route without a row fails.

The rows are in tests/access, one file per app. A row says with which method, and who gets in. Everybody else is sent to
log in (anonymous, 401 in the API) or told 404 or 403. The columns are people of tests/cast.py.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.access import PEOPLE, ROUTES, Props, Row
from tests.cast import PASSWORD


def routes(patterns: list[URLPattern | URLResolver] | None = None) -> Iterator[str]:
    """The name of every route; the admin's are one group with a test of their own."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                yield from routes(pattern.url_patterns)
        else:
            assert pattern.name, f"the route {pattern.pattern} has no name"
            yield pattern.name


def test_every_route_has_a_row() -> None:
    missing, left_over = set(routes()) - set(ROUTES), set(ROUTES) - set(routes())
    assert not missing, f"say in this table who may open: {sorted(missing)}"
    assert not left_over, f"these routes are no more: {sorted(left_over)}"


def gets_in(client: Client, name: str, row: Row, props: Props) -> bool:
    """Whether the person is served, as opposed to sent to log in, forbidden or told that there is no such thing."""
    url = reverse(name, kwargs=props.fill(row.args)) + (f"?{props.fill(row.query)}" if row.query else "")
    options: dict[str, Any] = {"data": props.fill(row.data)}
    if name.startswith("api-") and row.method != "get":
        options["content_type"] = "application/json"
    answer = getattr(client, row.method)(url, **options)
    if answer.status_code == 302 and answer.headers["Location"].startswith("/login/?next="):
        return False
    if answer.status_code == 400 and b"does not exist" in answer.content:
        return False  # It names a team or stream that is not there for this person.
    is_plain = answer.status_code in {row.served, 200, 201, 202, 204, 302, 401, 403, 404}
    assert is_plain, (url, answer.status_code, answer.content[:300])
    return bool(answer.status_code < 400 or answer.status_code == row.served)


CASES = [pytest.param(name, row, id=f"{name}-{row.method}") for name, rows in ROUTES.items() for row in rows]


@pytest.mark.parametrize(("name", "row"), CASES)
def test_who_may_open(name: str, row: Row, stage: Props) -> None:
    opened = set()
    for person in PEOPLE:
        client = Client()
        # What one person does is undone before the next one tries.
        with transaction.atomic():
            if person != "anonymous":
                client.force_login(stage.cast.person(person))
            if gets_in(client, name, row, stage):
                opened.add(person)
            transaction.set_rollback(True)
    assert opened == row.may


@pytest.mark.parametrize("person", PEOPLE)
def test_the_admin_is_for_administrators(person: str, stage: Props) -> None:
    client = Client()
    with transaction.atomic():
        if person != "anonymous":
            client.login(username=stage.cast.person(person).email, password=PASSWORD)
        for name in ("admin:index", "admin:portfolio_team_changelist", "admin:metrics_workitem_changelist"):
            answer = client.get(reverse(name))
            assert (answer.status_code == 200) == (person == "administrator")
        transaction.set_rollback(True)
