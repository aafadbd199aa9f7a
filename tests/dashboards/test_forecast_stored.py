"""Committing to a forecast; its page as it was then, whatever came since; withdrawing it and undoing that."""

import re
from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.models import AuditEntry
from metrics.load import upsert
from metrics.models import Forecast, Outcome
from tests.cast import Cast
from tests.dashboards.forecast_cast import AS_OF, NOON, board, feature, finished
from tests.dashboards.test_forecast import words

PAGE = f"/flow/forecast/?scope=team:falcon&as_of={AS_OF.replace('+', '%2B')}&items=10&by=2025-06-16"
COMMIT = PAGE.replace("/forecast/", "/forecast/commit/")


@pytest.fixture
def pmo(cast: Cast, client: Client) -> Client:
    cache.clear()
    board(cast.falcon)
    client.force_login(cast.pmo)
    return client


def committed(client: Client, **fields: str) -> Forecast:
    answer = client.post(COMMIT, {"subject": "items", "due_on": "2025-06-16", "votes": "", **fields})
    assert answer.status_code == 302, words(answer.content.decode())
    return Forecast.objects.get()


def test_the_page_of_today_is_kept(pmo: Client, cast: Cast) -> None:
    row = committed(pmo, votes="3.5")
    assert (row.team, row.items, row.due_on.isoformat()) == (cast.falcon, 10, "2025-06-16")
    assert (row.subject, row.made_by, row.as_of) == ("10 items", cast.pmo, NOON)
    # The tenth working day is the 16th: certain. A mean fist of 3.5 lies halfway between 50 and 70 %.
    assert row.chance == pytest.approx(1)
    assert row.votes == pytest.approx(0.6)
    assert AuditEntry.objects.filter(verb="committed to", target_id=str(row.pk)).exists()


def test_a_feature_is_committed_to_by_its_own_day(pmo: Client, cast: Cast) -> None:
    made = feature(cast.falcon.sources.get(), "Refunds", 3, 1)
    row = committed(pmo, subject=f"feature:{made.pk}", due_on="2025-06-04")
    # Its third item is there on the 5th.
    assert (row.feature, row.items, row.chance) == (made, 3, 0)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"due_on": "2025-06-01"}, "is not after"),
        ({"due_on": "soon"}, "Enter a valid date"),
        ({"votes": "6"}, "less than or equal to 5"),
        ({"votes": "all"}, "Enter a number"),
        ({"subject": "feature:999"}, "is not one of the available choices"),
    ],
)
def test_what_cannot_be_committed_to_is_said_at_its_field(pmo: Client, fields: dict[str, str], message: str) -> None:
    answer = pmo.post(COMMIT, {"subject": "items", "due_on": "2025-06-16", **fields})
    assert answer.status_code == 400
    assert message in words(answer.content.decode())
    assert "Nothing was saved." in words(answer.content.decode())
    assert not Forecast.objects.exists()


def as_committed(client: Client, row: Forecast) -> str:
    """The page's part that is made from what was stored."""
    html = client.get(f"/flow/forecasts/{row.pk}/").content.decode()
    return html[html.index('<section id="as-committed"') : html.index("</main>")]


def main_of(client: Client, row: Forecast) -> str:
    html = client.get(f"/flow/forecasts/{row.pk}/").content.decode()
    main = html[html.index('<div class="stack">') : html.index("</main>")]
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"|<dt>Chance now</dt><dd>[^<]*</dd>', "", main)


def test_a_year_later_the_page_shows_the_same_bytes(pmo: Client, cast: Cast) -> None:
    row = committed(pmo)
    before, whole = as_committed(pmo, row), main_of(pmo, row)
    assert "85\u00a0% chance of at least 10 items by 16 Jun 2025." in before
    # Everything that it was made from changes: more was finished in the sample, the team has another name and calendar.
    upsert(cast.falcon.sources.get(), finished("late-", [NOON.date() - timedelta(days=7)] * 5))
    cast.falcon.name = "Eagle"
    cast.falcon.save()
    cast.falcon.calendar.holidays.create(on="2025-06-10")
    cache.clear()
    assert as_committed(pmo, row) == before
    assert main_of(pmo, row) == whole
    assert "today’s engine gives the same result" in whole


def test_its_page_says_who_when_which_engine_and_the_vote(pmo: Client) -> None:
    row = committed(pmo, votes="4")
    text = words(pmo.get(f"/flow/forecasts/{row.pk}/").content.decode())
    assert "10 items by 16 Jun 2025: > 95 % chance when committed to" in text
    assert f"By Pia Ito Engine {row.engine}" in text
    assert "As of 2 Jun 2025, 12:00" in text
    assert "Team’s vote 70 % (the mean of its votes)" in text


def test_it_is_listed_with_the_chance_then_and_its_outcome(pmo: Client) -> None:
    committed(pmo)
    text = words(pmo.get(PAGE).content.decode())
    assert "10 items 16 Jun 2025 > 95 %" in text
    assert "Open 2 Jun 2025, Pia Ito" in text


def test_what_is_open_is_listed_with_the_chance_now(pmo: Client, cast: Cast) -> None:
    committed(pmo)
    Forecast.objects.update(chance=0.4)
    made = feature(cast.falcon.sources.get(), "Refunds", 3, 1)
    pmo.post(COMMIT, {"subject": f"feature:{made.pk}", "due_on": "2025-06-04", "votes": ""})
    text = words(pmo.get(PAGE).content.decode())
    # Ten of ten for certain by the 16th, whatever was said then; a third item by the second day never.
    assert "10 items 16 Jun 2025 40 % > 95 %" in text
    assert "Refunds 4 Jun 2025 < 5 % < 5 %" in text


def test_before_it_was_made_it_is_not_listed(pmo: Client) -> None:
    committed(pmo)
    text = words(pmo.get("/flow/forecast/?scope=team:falcon&as_of=2025-06-01").content.decode())
    assert "Nothing yet." in text


def test_withdrawing_can_be_undone(pmo: Client, cast: Cast) -> None:
    row = committed(pmo)
    Forecast.objects.update(due_on=date(2099, 1, 1))
    answer = pmo.post(f"/flow/forecasts/{row.pk}/withdraw/", follow=True)
    row.refresh_from_db()
    assert row.outcome == Outcome.WITHDRAWN
    assert "it is not scored" in words(answer.content.decode())
    assert f'action="/flow/forecasts/{row.pk}/reopen/"' in answer.content.decode()
    pmo.post(f"/flow/forecasts/{row.pk}/reopen/")
    row.refresh_from_db()
    assert row.outcome == Outcome.OPEN


def test_what_is_due_stays(pmo: Client) -> None:
    row = committed(pmo)
    page = pmo.get(f"/flow/forecasts/{row.pk}/").content.decode()
    assert "Withdraw it" not in page, "it was due last year"
    answer = pmo.post(f"/flow/forecasts/{row.pk}/withdraw/", follow=True)
    assert "Not done. The day it was due is over" in words(answer.content.decode())


def test_who_may_only_look_cannot_commit_nor_withdraw(pmo: Client, cast: Cast) -> None:
    row = committed(pmo)
    pmo.force_login(cast.viewer)
    page = pmo.get(PAGE).content.decode()
    assert "Commit to this" not in page
    assert pmo.post(COMMIT, {"subject": "items", "due_on": "2025-06-16"}).status_code == 403
    assert "Withdraw it" not in pmo.get(f"/flow/forecasts/{row.pk}/").content.decode()
    assert pmo.post(f"/flow/forecasts/{row.pk}/withdraw/").status_code == 403
    pmo.force_login(cast.outsider)
    assert pmo.get(f"/flow/forecasts/{row.pk}/").status_code == 404


def test_the_list_costs_the_same_for_one_commitment_and_for_three(pmo: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            pmo.get(PAGE)
        return len(caught)

    row = committed(pmo)
    pmo.get(PAGE)
    one = queries()
    for _ in range(2):
        row.pk = None
        row.save()
    assert queries() == one
