"""Logging, changing and taking: what is kept, what is refused and at which field, what follows in flow."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from core.models import AuditEntry, LiveEvent, Notice
from impediments.actions import (
    block_items,
    change_impediment,
    log_impediment,
    reopen,
    resolve,
    take,
    unblock_items,
)
from impediments.models import Impediment, Period
from metrics.models import Source, WorkItem
from portfolio.actions import Conflict
from tests.cast import Cast
from tests.funding.cast import at as utc
from tests.impediments.clocks_cast import at, in_berlin, logged
from tests.impediments.work_cast import items, mark, stays

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _berlin(cast: Cast) -> None:
    in_berlin(cast)


def field_of(error: ValidationError) -> list[str]:
    return sorted(error.message_dict)


def refused(cast: Cast, **fields: object) -> list[str]:
    """The fields at which logging is refused; nothing was written."""
    given = {"actor": cast.member, "what": "No licence", "category": "legal", "team": cast.falcon, **fields}
    with pytest.raises(ValidationError) as caught:
        log_impediment(**given)  # type: ignore[arg-type]
    assert not Impediment.objects.exists()
    assert not AuditEntry.objects.exists()
    return field_of(caught.value)


def test_what_is_kept(cast: Cast) -> None:
    one = logged(
        cast, "2025-05-06 10:00", what="  No licence\x00 ", category="vendor", owner=cast.coach, asked="Buy it"
    )
    assert (one.what, one.state, one.level, one.via) == ("No licence", "new", 1, "page")
    assert (one.logged_by, one.owner, one.is_external) == (cast.member, cast.coach, True)
    assert [(row.from_at, row.to_at) for row in Period.objects.all()] == [(at("2025-05-06 10:00"), None)]
    assert AuditEntry.objects.get().verb == "logged"
    topics = list(LiveEvent.objects.order_by("pk").values_list("topic", flat=True))
    assert topics == ["impediments:all", f"impediments:{one.pk}"]
    # What changed is only told to those who see it.
    assert LiveEvent.objects.get(topic="impediments:all").data == {}
    # Who owns it is told; who did it is not.
    assert Notice.objects.get().user == cast.coach


def test_since_a_day_is_the_start_of_its_hours(cast: Cast) -> None:
    now = at("2025-05-06 15:00")

    def since(day: date | datetime) -> datetime:
        given = {"what": "X", "category": "other", "team": cast.falcon, "since": day, "at": now}
        return log_impediment(actor=cast.member, **given).since_at  # type: ignore[arg-type]

    assert since(date(2025, 5, 5)) == at("2025-05-05 09:00")
    assert since(date(2025, 5, 6)) == at("2025-05-06 09:00")
    # An instant is an instant; without a zone it is the team's.
    assert since(utc("2025-05-06 12:59")) == at("2025-05-06 14:59")
    assert since(datetime(2025, 5, 6, 14, 30)) == at("2025-05-06 14:30")  # noqa: DTZ001
    # Today before nine: now.
    now = at("2025-05-06 07:00")
    assert since(date(2025, 5, 6)) == now


def test_in_the_future_and_absurdly_long_ago(cast: Cast) -> None:
    now = at("2025-05-06 23:30")
    # In UTC it is still the 6th at 23:30 in Berlin; the 7th is to come in both.
    absurd = (date(1, 1, 1), datetime(1, 1, 1, tzinfo=UTC), datetime.min, datetime.max, date.max)  # noqa: DTZ901
    for since in (date(2025, 5, 7), now + timedelta(seconds=1), date(1989, 12, 31), *absurd):
        assert refused(cast, since=since, at=now) == ["since"]


def test_today_is_the_teams(cast: Cast) -> None:
    """In Auckland the 7th has begun when it is the 6th in Berlin."""
    cast.falcon.timezone = "Pacific/Auckland"
    cast.falcon.save()
    now = utc("2025-05-06 22:00")
    one = logged(cast, "2025-05-06 23:59")
    assert one.pk
    made = log_impediment(
        actor=cast.member, what="X", category="other", team=cast.falcon, since=date(2025, 5, 7), at=now
    )
    # 9:00 on the 7th in Auckland is 21:00 on the 6th in UTC.
    assert made.since_at == utc("2025-05-06 21:00")


def test_bad_input(cast: Cast) -> None:
    assert refused(cast, what=" \x00 ") == ["what"]
    assert refused(cast, what="x" * 201) == ["what"]
    assert refused(cast, category="weather") == ["category"]
    cast.coach.is_active = False
    assert refused(cast, owner=cast.coach) == ["owner"]
    cast.falcon.ended_on = timezone.localdate() - timedelta(days=1)
    assert refused(cast) == ["team"]
    # Its last day is a day of work.
    cast.falcon.ended_on = date(2025, 5, 6)
    assert logged(cast, "2025-05-06 10:00").pk


def test_who_may_not(cast: Cast) -> None:
    for actor in (cast.viewer, cast.outsider):
        with pytest.raises(PermissionDenied):
            log_impediment(actor=actor, what="X", category="other", team=cast.falcon)
    with pytest.raises(PermissionDenied):
        log_impediment(actor=cast.member, what="X", category="other", team=cast.kite)
    one = logged(cast, "2025-05-06 10:00")
    for verb in (take, reopen):
        with pytest.raises(PermissionDenied):
            verb(actor=cast.viewer, impediment=one)
    # Nor may they give it to a team that is not theirs.
    with pytest.raises(PermissionDenied):
        change_impediment(actor=cast.member, impediment=one, team=cast.kite)


# What it blocks


def test_items_are_blocked_since_then_and_flow_follows(cast: Cast) -> None:
    first, second = items(cast.falcon, "A", "B")
    version = Source.objects.get().data_version
    one = logged(cast, "2025-05-06 10:00", since="2025-05-05 10:00", items=[first])
    assert stays(first) == [(at("2025-05-05 10:00"), None, "No licence")]
    assert Source.objects.get().data_version == version + 1
    block_items(actor=cast.member, impediment=one, items=[first, second], at=at("2025-05-06 12:00"))
    # The one that was blocked already is not blocked twice.
    assert [(row.key, row.from_at) for row in one.blocks.all()] == [
        ("A", at("2025-05-05 10:00")),
        ("B", at("2025-05-06 12:00")),
    ]
    # A was blocked for 24 hours + 4, whatever is now; B for 2 hours.
    unblock_items(actor=cast.member, impediment=one, items=[first, second], at=at("2025-05-06 14:00"))
    assert [first.flow.waiting_seconds / 3600, second.flow.waiting_seconds / 3600] == [28, 2]
    assert not one.blocks.filter(to_at=None).exists()
    # Nothing more to end.
    version = Impediment.objects.get().version
    unblock_items(actor=cast.member, impediment=one, items=[first], at=at("2025-05-06 15:00"))
    assert Impediment.objects.get().version == version


def test_a_mark_of_the_tool_is_followed_not_copied(cast: Cast) -> None:
    (item,) = items(cast.falcon, "A")
    stay = mark(item, "2025-05-06 07:00", "Waiting")
    one = logged(cast, "2025-05-06 12:00", since="2025-05-05 09:00", items=[item])
    block = one.blocks.get()
    assert (block.stay, block.from_at) == (stay, utc("2025-05-06 07:00"))
    resolve(actor=cast.member, impediment=one, resolution="So", root_cause="policy", at=at("2025-05-06 13:00"))
    stay.refresh_from_db()
    # The tool's own mark is the tool's.
    assert (one.blocks.get().to_at, stay.to_at) == (at("2025-05-06 13:00"), None)


def test_items_that_cannot_be_blocked(cast: Cast) -> None:
    gone, done, foreign = *items(cast.falcon, "A", "B"), *items(cast.kite, "K")
    WorkItem.objects.filter(pk=gone.pk).update(deleted_at=utc("2025-05-05"))
    done.flow.state, done.flow.finished_at = "done", utc("2025-05-05")
    done.flow.save()
    for item in (gone, done, foreign):
        assert refused(cast, items=[item]) == ["items"]
    WorkItem.objects.filter(pk=foreign.pk).delete()
    assert refused(cast, items=[foreign]) == ["items"]


def test_an_item_that_is_removed_later_stays_as_words(cast: Cast) -> None:
    (item,) = items(cast.falcon, "A")
    one = logged(cast, "2025-05-06 12:00", items=[item])
    item.source.items.all().delete()
    block = one.blocks.get()
    assert (block.item, block.stay, block.key) == (None, None, "A")
    resolve(actor=cast.member, impediment=one, resolution="So", root_cause="policy")
    assert one.blocks.get().to_at is not None


# Changing


def test_changing_since_moves_the_age_and_the_blocks_that_began_with_it(cast: Cast) -> None:
    first, second = items(cast.falcon, "A", "B")
    one = logged(cast, "2025-05-06 12:00", since="2025-05-06 09:00", items=[first])
    block_items(actor=cast.member, impediment=one, items=[second], at=at("2025-05-06 13:00"))
    change_impediment(actor=cast.member, impediment=one, since=date(2025, 5, 5), at=at("2025-05-06 14:00"))
    begin = at("2025-05-05 09:00")
    assert one.periods.get().from_at == begin
    assert [row.from_at for row in one.blocks.order_by("key")] == [begin, at("2025-05-06 13:00")]
    assert stays(first)[0][0] == begin
    # Not after it was logged.
    with pytest.raises(ValidationError) as caught:
        change_impediment(actor=cast.member, impediment=one, since=at("2025-05-06 12:01"), at=at("2025-05-06 15:00"))
    assert field_of(caught.value) == ["since"]


def test_changing_words_changes_the_reason_of_its_stays(cast: Cast) -> None:
    (item,) = items(cast.falcon, "A")
    one = logged(cast, "2025-05-06 12:00", items=[item])
    changed = change_impediment(actor=cast.member, impediment=one, what="No contract", owner=cast.coach)
    assert stays(item)[0][2] == "No contract"
    assert Notice.objects.get().user == cast.coach
    entry = AuditEntry.objects.get(verb="changed")
    assert entry.data["what"] == ["No licence", "No contract"]
    # The same again: nothing is written.
    assert change_impediment(actor=cast.member, impediment=one, what="No contract ").version == changed.version
    with pytest.raises(ValidationError):
        change_impediment(actor=cast.member, impediment=one, level=4)


def test_a_stale_writer_is_told(cast: Cast) -> None:
    one = logged(cast, "2025-05-06 12:00")
    take(actor=cast.coach, impediment=one, version=1)
    with pytest.raises(Conflict) as caught:
        change_impediment(actor=cast.member, impediment=one, version=1, what="Other")
    assert (caught.value.who, caught.value.verb) == (str(cast.coach), "took")
    one.refresh_from_db()
    assert (one.what, one.owner, one.state, one.version) == ("No licence", cast.coach, "active", 2)
