"""Two people write the same in the same instant: the second is told so in words, by whatever way they asked."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections, transaction
from django.test import Client

from core.models import AuditEntry
from metrics import actions
from metrics.models import Baseline, Expectation, Source
from portfolio.actions import create_feature, create_initiative
from tests.cast import Cast, make_cast
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)

Act = Callable[[Cast], object]
DAY = date(2025, 3, 3)


def baseline(cast: Cast) -> object:
    fields = {"measure": "wip", "starts_on": DAY, "reason": "WIP limit halved"}
    return actions.set_baseline(actor=cast.coach, place=cast.falcon, **fields)  # type: ignore[arg-type]


def expectation(cast: Cast) -> object:
    return actions.set_expectation(actor=cast.coach, team=cast.falcon, days=9, valid_from=DAY)


def initiative(cast: Cast) -> object:
    return create_initiative(actor=cast.coach, stream=cast.payments, name="Refunds", slug="refunds")


def link(cast: Cast) -> object:
    [feature], [source] = cast.falcon.features.all(), cast.falcon.sources.all()
    return actions.link_epic(actor=cast.coach, feature=feature, source=source, parent="E-1")


def changed(cast: Cast) -> object:
    """A second expectation is moved to the day of the first."""
    row = Expectation.objects.get(days=5)
    return actions.change_expectation(actor=cast.coach, expectation=row, valid_from=DAY)


def posted(address: str, **data: Any) -> Act:
    def act(cast: Cast) -> object:
        client = Client()
        client.force_login(cast.coach)
        return client.post(f"/api/v1/{address}/", data, content_type="application/json")

    return act


def in_the_same_instant(first: Act, second: Act, cast: Cast) -> object:
    """What `second` gives (or raises): it begins when `first` is written and goes on when that is committed."""

    def act() -> object:
        try:
            return second(cast)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first(cast)
            later = pool.submit(act)
            until(somebody_waits, what="the second writer's wait for the first")
        return later.result()


def somebody_waits() -> bool:
    """Whether anybody waits for this connection; other tests on the same server have waits of their own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (baseline, baseline, "There is a baseline from this day on already."),
        (expectation, expectation, "There is an expectation from this day on already."),
        (expectation, changed, "There is an expectation from this day on already."),
        (initiative, initiative, "already exists"),
        (link, link, "belong to another feature already"),
    ],
)
def test_the_second_is_told_in_words(first: Act, second: Act, words: str) -> None:
    cast = make_cast()
    create_feature(actor=None, team=cast.falcon, name="Refunds in the app")
    Source.objects.create(slug="falcon-jira", name="Falcon Jira", tool="jira", team=cast.falcon)
    Expectation.objects.create(team=cast.falcon, days=5, valid_from="2025-01-06")
    entries = AuditEntry.objects.count()
    with pytest.raises(ValidationError, match=words):
        in_the_same_instant(first, second, cast)
    assert AuditEntry.objects.count() == entries + 1


def test_the_api_answers_400() -> None:
    cast = make_cast()
    ask = posted("baselines", team="falcon", measure="wip", starts_on=DAY.isoformat(), reason="WIP limit halved")
    answer: Any = in_the_same_instant(baseline, ask, cast)
    assert answer.status_code == 400
    assert "There is a baseline from this day on already." in answer.content.decode()
    assert Baseline.objects.count() == 1
