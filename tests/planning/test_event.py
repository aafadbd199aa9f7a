"""Timer and agenda: by the server's clock, written as a whole, taken back, from a file and ready-made."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from planning.actions import timers
from planning.actions.agenda import seen, set_agenda, take_back_agenda
from planning.agenda import STANDARD, Part, parts_of, read
from planning.formulas.agenda import placed
from planning.models import Timer
from planning.queries.event import days_of
from planning.queries.timer import timer_state
from portfolio.actions.writing import Conflict
from tests.cast import Cast
from tests.planning.cast import Planned, make_planned

LUNCH = Part(1, "Lunch", 60)


@pytest.fixture
def plan(cast: Cast) -> Planned:
    return make_planned(cast)


@pytest.fixture
def client(cast: Cast) -> Client:
    found = Client()
    found.force_login(cast.pmo)
    return found


def left(timer: Timer) -> int:
    assert timer.ends_at is not None
    return round((timer.ends_at - timezone.now()).total_seconds() / 60)


def test_a_timer_runs_pauses_and_ends(cast: Cast, plan: Planned) -> None:
    given: dict[str, Any] = {"actor": cast.pmo, "increment": plan.increment}
    started = timers.start_timer(**given, minutes=10, title="Draft plans")
    assert (left(started), started.left_seconds, started.title) == (10, None, "Draft plans")
    assert left(timers.add_to_timer(**given, minutes=5)) == 15
    paused = timers.pause_timer(**given)
    assert paused.ends_at is None
    assert paused.left_seconds is not None
    assert 14 * 60 < paused.left_seconds <= 15 * 60
    # 15 minutes less 20 is none; then 5 more.
    assert timers.add_to_timer(**given, minutes=-20).left_seconds == 0
    assert timers.add_to_timer(**given, minutes=5).left_seconds == 300
    assert left(timers.resume_timer(**given)) == 5
    # One that was over for an hour runs 5 minutes from now, not from then.
    Timer.objects.update(ends_at=timezone.now() - timedelta(hours=1))
    assert left(timers.add_to_timer(**given, minutes=5)) == 5
    stopped = timers.stop_timer(**given)
    assert (stopped.ends_at, stopped.left_seconds, stopped.title) == (None, None, "")
    for minutes in (0, 721):
        with pytest.raises(ValidationError):
            timers.start_timer(**given, minutes=minutes)
    with pytest.raises(PermissionDenied):
        timers.start_timer(actor=cast.member, increment=plan.increment, minutes=5)


def test_two_who_press_at_once(cast: Cast, plan: Planned, client: Client) -> None:
    started = timers.start_timer(actor=cast.pmo, increment=plan.increment, minutes=10)
    timers.add_to_timer(actor=cast.administrator, increment=plan.increment, minutes=5, version=started.version)
    with pytest.raises(Conflict):
        timers.stop_timer(actor=cast.pmo, increment=plan.increment, version=started.version)
    answer = client.post("/planning/pi-26-1/event/timer/stop/", {"version": started.version})
    assert answer.status_code == 409
    assert f"{cast.administrator} changed the timer" in answer.content.decode()
    now = Timer.objects.get().version
    assert client.post("/planning/pi-26-1/event/timer/stop/", {"version": now}).status_code == 302
    assert client.post("/planning/pi-26-1/event/timer/burn/").status_code == 404


def test_a_part_of_the_agenda_replaces_no_timer_that_was_not_seen(cast: Cast, plan: Planned, client: Client) -> None:
    set_agenda(actor=cast.pmo, increment=plan.increment, parts=[LUNCH, Part(1, "Plans", 45)])
    lunch, plans = plan.increment.agenda.order_by("pk")
    address = "/planning/pi-26-1/event/timer/start/"
    page = client.get("/planning/pi-26-1/event/").content.decode()
    # No timer yet: that is version 0, here and on the page's own form.
    assert page.count('name="version" value="0"') == 3
    assert client.post(address, {"version": 0, "item": lunch.pk, "minutes": 60}).status_code == 302
    answer = client.post(address, {"version": 0, "item": plans.pk, "minutes": 45})
    assert (answer.status_code, Timer.objects.get().title) == (409, "Lunch")
    said = answer.content.decode()
    assert f"{cast.pmo} started the timer" in said
    assert "Start this one anyway" in said
    again = dict(answer.context["again"]["fields"])
    assert again == {"version": "1", "item": str(plans.pk), "minutes": "45"}
    assert client.post(address, again).status_code == 302
    assert Timer.objects.get().title == "Plans"


def test_a_browser_is_told_by_the_servers_clock(plan: Planned, client: Client) -> None:
    # 12:00:00 and 12:00:30 on 5 January 2026, UTC: 1767614400 s since 1970 (20458 days and 12 hours).
    now = datetime(2026, 1, 5, 12, tzinfo=UTC)
    timer = Timer(increment=plan.increment, title="Break", ends_at=now + timedelta(seconds=30), version=3)
    assert timer_state(timer, now) == {
        "state": "running",
        "title": "Break",
        "ends_at": 1767614430000,
        "left": None,
        "version": 3,
        "now": 1767614400000,
    }
    assert client.get("/planning/pi-26-1/event/timer/").json()["state"] == "stopped"


def test_parts_follow_each_other_but_for_pinned_ones() -> None:
    # 9:00 + 30 min, then 60 min to 10:30; the third is pinned to 10:15, 15 min too early; 45 min later it is 11:00.
    assert placed([(30, None), (60, None), (45, 615), (10, None)]) == [
        (540, 570, 0),
        (570, 630, 0),
        (615, 660, 15),
        (660, 670, 0),
    ]
    assert placed([(30, 480)]) == [(480, 510, 0)]


def test_the_usual_two_days(cast: Cast, plan: Planned) -> None:
    set_agenda(actor=cast.pmo, increment=plan.increment, parts=STANDARD)
    first, second = days_of(plan.increment)
    assert (len(first.slots), len(second.slots)) == (11, 9)
    # 9:00 + 30 + 45 + 60 + 15 + 45 + 15 = 12:30, when lunch is; then 60 + 150 + 15 + 60 + 60 = 345 min to 18:15.
    assert [slot.late for day in (first, second) for slot in day.slots] == [0] * 20
    assert (first.slots[6].start, first.slots[-1].end) == (time(12, 30), time(18, 15))
    # 30 + 120 + 15 + 75 + 60 + 60 + 30 + 60 + 45 = 495 min from 9:00 is 17:15.
    assert second.slots[-1].end == time(17, 15)


def test_an_agenda_is_written_as_a_whole_and_taken_back(cast: Cast, plan: Planned) -> None:
    empty = seen(plan.increment)
    entry = set_agenda(actor=cast.pmo, increment=plan.increment, parts=[LUNCH], saw=empty)
    assert entry is not None
    assert set_agenda(actor=cast.pmo, increment=plan.increment, parts=[LUNCH]) is None
    with pytest.raises(Conflict) as raised:
        set_agenda(actor=cast.administrator, increment=plan.increment, parts=[], saw=empty)
    assert raised.value.who == str(cast.pmo)
    later = set_agenda(actor=cast.administrator, increment=plan.increment, parts=[LUNCH, LUNCH])
    assert later is not None
    with pytest.raises(Conflict):
        take_back_agenda(actor=cast.pmo, increment=plan.increment, entry=entry.pk)
    take_back_agenda(actor=cast.pmo, increment=plan.increment, entry=later.pk)
    take_back_agenda(actor=cast.pmo, increment=plan.increment, entry=entry.pk)
    assert parts_of(plan.increment) == []
    with pytest.raises(ValidationError):
        take_back_agenda(actor=cast.pmo, increment=plan.increment, entry=entry.pk + 1000)
    with pytest.raises(ValidationError):
        set_agenda(actor=cast.pmo, increment=plan.increment, parts=[LUNCH, Part(6, "Far off", 10)])
    with pytest.raises(PermissionDenied):
        set_agenda(actor=cast.coach, increment=plan.increment, parts=[])
    assert parts_of(plan.increment) == []


def test_a_file_is_read_or_every_wrong_line_is_named() -> None:
    assert read("Title;Minutes;Start\r\nLunch;60;12:30\r\n'=SUM;5;\r\n") == [
        Part(1, "Lunch", 60, time(12, 30)),
        Part(1, "=SUM", 5),
    ]
    with pytest.raises(ValidationError) as raised:
        read("day,title,minutes,start\n1,,60,\n9,Lunch,60,\n1,Lunch,soon,\n1,Lunch,60,noon\n1,Fine,5,\n")
    assert [message.split(":")[0] for message in raised.value.messages] == ["Line 2", "Line 3", "Line 4", "Line 5"]
    for text in ("", "title,minutes\n", "day,start\n1,\n"):
        with pytest.raises(ValidationError):
            read(text)


def fields(*rows: tuple[object, object, str, object]) -> dict[str, object]:
    """The lines of the form: day, order, title, minutes."""
    found: dict[str, object] = {"parts-TOTAL_FORMS": len(rows), "parts-INITIAL_FORMS": 0}
    for number, row in enumerate(rows):
        found |= dict(
            zip([f"parts-{number}-{name}" for name in ("day", "place", "title", "minutes")], row, strict=True)
        )
    return found


def test_the_page_keeps_what_was_typed(cast: Cast, plan: Planned, client: Client) -> None:
    url, saw = "/planning/pi-26-1/event/agenda/", seen(plan.increment)
    wrong = client.post(url, fields((1, 1, "Lunch", "")) | {"saw": saw})
    assert wrong.status_code == 400
    assert "How long does it take?" in wrong.content.decode()
    right = fields((2, 1, "Second day", 30), (1, 2, "Lunch", 60), (1, 1, "Welcome", 30), (1, "", "", ""))
    assert client.post(url, right | {"saw": saw}).status_code == 302
    assert [part.title for part in parts_of(plan.increment)] == ["Welcome", "Lunch", "Second day"]
    stale = client.post(url, fields((1, 1, "Mine", 10)) | {"saw": saw})
    assert stale.status_code == 409
    assert "Mine" in stale.content.decode()
    assert str(cast.pmo) in stale.content.decode()


def test_a_file_is_shown_before_it_is_written(plan: Planned, client: Client) -> None:
    file = SimpleUploadedFile("agenda.csv", b"title,minutes\nLunch,60\n")
    page = client.post("/planning/pi-26-1/event/agenda/file/", {"file": file}).content.decode()
    assert "1 part read" in page
    assert 'value="Lunch"' in page
    assert parts_of(plan.increment) == []
    for content in (b"\xff\xfe", b"title\nLunch\n", b"x" * 200_001):
        file = SimpleUploadedFile("agenda.csv", content)
        assert client.post("/planning/pi-26-1/event/agenda/file/", {"file": file}).status_code == 400
    client.post("/planning/pi-26-1/event/agenda/standard/", {"saw": seen(plan.increment)})
    csv = b"".join(client.get("/planning/pi-26-1/event/agenda/agenda.csv"))
    assert read(csv.decode()) == list(STANDARD)
