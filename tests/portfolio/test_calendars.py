"""Working calendars and their holidays."""

from datetime import date

import pytest
from django.test import Client

from portfolio.forms import read_day
from portfolio.models import WorkingCalendar
from tests.cast import Cast


@pytest.fixture
def pmo(client: Client, cast: Cast) -> Client:
    client.force_login(cast.pmo)
    return client


def holidays(calendar: WorkingCalendar) -> list[tuple[date, str]]:
    return list(calendar.holidays.values_list("on", "name"))


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("2026-12-25 Christmas", (date(2026, 12, 25), "Christmas")),
        ("25.12.2026\tChristmas", (date(2026, 12, 25), "Christmas")),
        ("2026-12-25", (date(2026, 12, 25), "")),
        ("2026-12-25, Christmas", (date(2026, 12, 25), "Christmas")),
        ("2026-02-30 no such day", None),
        ("Christmas", None),
        ("2026-12-251", None),
    ],
)
def test_lines(line: str, day: tuple[date, str] | None) -> None:
    assert read_day(line) == day


def test_a_list_is_pasted(pmo: Client, cast: Cast) -> None:
    url = f"/organisation/calendars/{cast.calendar.pk}/"
    pmo.post(f"{url}holidays/", {"lines": "2026-12-25 Christmas\n\n26.12.2026 Boxing day\n"})
    assert holidays(cast.calendar) == [(date(2026, 12, 25), "Christmas"), (date(2026, 12, 26), "Boxing day")]
    again = pmo.post(f"{url}holidays/", {"lines": "2026-12-25 Christmas\n2027-01-01 New year"}, follow=True)
    assert "1 holiday added, 1 were there already" in again.content.decode()
    assert len(holidays(cast.calendar)) == 3


def test_bad_lines_are_named_and_nothing_is_added(pmo: Client, cast: Cast) -> None:
    seen = pmo.post(
        f"/organisation/calendars/{cast.calendar.pk}/holidays/", {"lines": "2026-12-25\nEaster"}
    ).content.decode()
    assert "Line 2, “Easter”" in seen
    assert holidays(cast.calendar) == []


def test_removing_can_be_undone(pmo: Client, cast: Cast) -> None:
    christmas = cast.calendar.holidays.create(on=date(2026, 12, 25), name="Christmas")
    done = pmo.post(f"/organisation/calendars/{cast.calendar.pk}/holidays/{christmas.pk}/remove/", follow=True)
    assert holidays(cast.calendar) == []
    pmo.post(done.context["messages"]._loaded_data[-1].extra_tags)
    assert holidays(cast.calendar) == [(date(2026, 12, 25), "Christmas")]


def test_create_and_change(pmo: Client) -> None:
    fields = {"name": "Oslo", "weekdays": [1, 2, 3, 4], "day_starts": "08:00", "day_ends": "16:00"}
    pmo.post("/organisation/calendars/new/", fields)
    calendar = WorkingCalendar.objects.get(name="Oslo")
    assert calendar.weekdays == [1, 2, 3, 4]
    seen = pmo.post(f"/organisation/calendars/{calendar.pk}/", fields | {"day_ends": "07:00"}).content.decode()
    assert "Nothing was saved." in seen
    pmo.post(f"/organisation/calendars/{calendar.pk}/", fields | {"weekdays": [1, 2]})
    calendar.refresh_from_db()
    assert calendar.weekdays == [1, 2]
