"""Over the board and back: resolved with how and why, reopened with both periods, undone; levels and pauses by hand."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from core.models import AuditEntry, Notice
from impediments.actions import (
    change_pause,
    move_impediment,
    pause,
    remove_limit,
    reopen,
    resolve,
    resume,
    set_level,
    set_limit,
    take,
    undo_resolve,
)
from impediments.clocks import ages, standing
from impediments.models import Impediment, Limit, Spell
from portfolio.actions import Conflict
from tests.cast import Cast
from tests.impediments.clocks_cast import at, in_berlin, logged
from tests.impediments.work_cast import items, stays

pytestmark = pytest.mark.django_db


@pytest.fixture
def licence(cast: Cast) -> Impediment:
    in_berlin(cast)
    return logged(cast, "2025-05-05 09:00")


def solve(cast: Cast, one: Impediment, when: str, **more: object) -> Impediment:
    fields = {"resolution": "Bought", "root_cause": "process", **more}
    return resolve(actor=cast.coach, impediment=one, at=at(when), **fields)  # type: ignore[arg-type]


def test_through_the_columns(cast: Cast, licence: Impediment) -> None:
    moved = move_impediment(actor=cast.member, impediment=licence, state="active", version=1)
    assert (moved.state, moved.owner, moved.version) == ("active", None, 2)
    # Where it is already: nothing.
    assert move_impediment(actor=cast.member, impediment=licence, state="active").version == 2
    with pytest.raises(ValidationError) as caught:
        move_impediment(actor=cast.member, impediment=licence, state="resolved", resolution=" ")
    assert sorted(caught.value.message_dict) == ["resolution", "root_cause"]
    with pytest.raises(ValidationError):
        move_impediment(actor=cast.member, impediment=licence, state="gone")
    with pytest.raises(Conflict):
        move_impediment(actor=cast.member, impediment=licence, state="waiting", version=1)
    done = move_impediment(
        actor=cast.member, impediment=licence, state="resolved", version=2, resolution="Bought", root_cause="policy"
    )
    assert (done.state, done.resolution, done.root_cause) == ("resolved", "Bought", "policy")
    # Out of that column is a reopening.
    again = move_impediment(actor=cast.member, impediment=licence, state="waiting")
    assert (again.state, again.resolution, again.resolved_at) == ("waiting", "", None)
    assert AuditEntry.objects.first().verb == "reopened"  # type: ignore[union-attr]


def test_taking_it_sets_the_owner_and_begins(cast: Cast, licence: Impediment) -> None:
    assert move_impediment(actor=cast.member, impediment=licence, state="active").owner is None
    assert take(actor=cast.coach, impediment=licence).owner == cast.coach
    assert Impediment.objects.get().state == "active"
    # An owner may work on it, wherever they belong.
    Impediment.objects.update(owner=cast.outsider)
    assert move_impediment(actor=cast.outsider, impediment=licence, state="waiting").state == "waiting"


def test_resolving_ends_everything_and_tells_who_logged_it(cast: Cast, licence: Impediment) -> None:
    pause(actor=cast.member, impediment=licence, reason="Waits", at=at("2025-05-05 10:00"))
    done = solve(cast, licence, "2025-05-05 12:00")
    end = at("2025-05-05 12:00")
    assert [rows.get().to_at for rows in (done.periods, done.spells, done.pauses)] == [end, end, end]
    assert done.spells.get().breach_at is None
    assert Notice.objects.get().user == cast.member
    with pytest.raises(Conflict):
        solve(cast, licence, "2025-05-05 13:00")
    with pytest.raises(ValidationError):
        take(actor=cast.member, impediment=licence)
    with pytest.raises(ValidationError):
        pause(actor=cast.member, impediment=licence, reason="X")
    with pytest.raises(ValidationError):
        set_level(actor=cast.member, impediment=licence, level=2, reason="X")


def test_reopening_blocks_again_what_is_still_in_progress(cast: Cast, licence: Impediment) -> None:
    first, second, third = items(cast.falcon, "A", "B", "C")
    one = logged(cast, "2025-05-05 09:00", items=[first, second])
    set_level(actor=cast.member, impediment=one, level=2, reason="Higher", at=at("2025-05-05 10:00"))
    solve(cast, one, "2025-05-05 12:00")
    second.flow.state = "done"
    second.flow.save()
    again = reopen(actor=cast.member, impediment=one, at=at("2025-05-06 09:00"), reason="It came back")
    assert [(row.key, row.from_at, row.to_at) for row in again.blocks.order_by("key", "from_at")] == [
        ("A", at("2025-05-05 09:00"), at("2025-05-05 12:00")),
        ("A", at("2025-05-06 09:00"), None),
        ("B", at("2025-05-05 09:00"), at("2025-05-05 12:00")),
    ]
    assert [row[:2] for row in stays(first)] == [
        (at("2025-05-05 09:00"), at("2025-05-05 12:00")),
        (at("2025-05-06 09:00"), None),
    ]
    assert not stays(third)
    # The level it had, with a new clock: 2 of 24 hours; its age is 3 + 2.
    found = standing([again], at("2025-05-06 11:00"))[again.pk]
    assert (found.level, found.used_hours, found.limit_hours) == (2, 2, 24)
    assert ages([again], at("2025-05-06 11:00"))[again.pk].hours == 5
    with pytest.raises(ValidationError):
        reopen(actor=cast.member, impediment=again)


def test_undoing_a_resolution_leaves_no_trace_in_the_times(cast: Cast, licence: Impediment) -> None:
    (item,) = items(cast.falcon, "A")
    one = logged(cast, "2025-05-05 09:00", items=[item])
    move_impediment(actor=cast.member, impediment=one, state="waiting")
    done = solve(cast, one, "2025-05-05 12:00")
    back = undo_resolve(actor=cast.coach, impediment=one, version=done.version)
    assert (back.state, back.resolution, back.resolved_at) == ("waiting", "", None)
    for rows in (back.periods, back.spells, back.blocks):
        assert rows.get().to_at is None
    assert back.spells.get().breach_at == at("2025-05-05 17:00")
    assert stays(item) == [(at("2025-05-05 09:00"), None, "No licence")]
    with pytest.raises(ValidationError):
        undo_resolve(actor=cast.coach, impediment=one, version=back.version)


# Levels and pauses


def test_raising_needs_a_reason_and_tells_who_acts_there(cast: Cast, licence: Impediment) -> None:
    for level, reason in ((2, " "), (5, "X"), (0, "X")):
        with pytest.raises(ValidationError):
            set_level(actor=cast.member, impediment=licence, level=level, reason=reason)
    raised = set_level(actor=cast.stream_pmo, impediment=licence, level=2, reason="Needs a signature")
    assert (raised.level, raised.version) == (2, 2)
    # Paul did it himself.
    assert [notice.user for notice in Notice.objects.all()] == [cast.pmo]
    assert set_level(actor=cast.member, impediment=licence, level=2, reason="Again").version == 2
    set_level(actor=cast.member, impediment=licence, level=1, reason="We can")
    assert Notice.objects.count() == 1
    assert [entry.verb for entry in AuditEntry.objects.all()] == ["lowered", "raised", "logged"]


def test_pausing(cast: Cast, licence: Impediment) -> None:
    now = at("2025-05-05 10:00")
    for fields in ({"reason": ""}, {"reason": "X", "until_on": date(2025, 5, 5)}, {"reason": "x" * 301}):
        with pytest.raises(ValidationError):
            pause(actor=cast.member, impediment=licence, at=now, **fields)
    pause(actor=cast.member, impediment=licence, reason="Tender", until_on=date(2025, 5, 8), at=now)
    with pytest.raises(ValidationError):
        pause(actor=cast.member, impediment=licence, reason="Again", at=at("2025-05-05 11:00"))
    # The pause outlives its level: who waits for a date still waits.
    set_level(actor=cast.member, impediment=licence, level=2, reason="Higher", at=at("2025-05-06 09:00"))
    assert standing([licence], at("2025-05-07 12:00"))[licence.pk].used_hours == 0
    resume(actor=cast.member, impediment=licence, at=at("2025-05-07 12:00"))
    assert standing([licence], at("2025-05-07 13:00"))[licence.pk].used_hours == 1
    # A pause whose day has come is over, whether the job has seen it or not: the next one may begin.
    pause(actor=cast.member, impediment=licence, reason="1", until_on=date(2025, 5, 8), at=at("2025-05-07 14:00"))
    pause(actor=cast.member, impediment=licence, reason="2", at=at("2025-05-08 10:00"))
    # 12–14 on Wednesday, 9–10 on Thursday.
    assert standing([licence], at("2025-05-09 10:00"))[licence.pk].used_hours == 3
    resume(actor=cast.member, impediment=licence, at=at("2025-05-09 10:00"))
    # Resuming what runs does nothing; a day cannot be given to no pause.
    version = Impediment.objects.get().version
    assert resume(actor=cast.member, impediment=licence).version == version
    with pytest.raises(ValidationError):
        change_pause(actor=cast.member, impediment=licence, until_on=None)


def test_limits(cast: Cast, licence: Impediment) -> None:
    with pytest.raises(PermissionDenied):
        set_limit(actor=cast.stream_pmo, level=1, hours=Decimal(4))
    for level, category, hours in ((4, "", 8), (1, "weather", 8), (1, "", 0), (1, "", -1)):
        with pytest.raises(ValidationError):
            set_limit(actor=cast.pmo, level=level, category=category, hours=Decimal(hours))
    set_limit(actor=cast.pmo, level=1, hours=Decimal(4))
    assert Spell.objects.get().breach_at == at("2025-05-05 13:00")
    # Its own category is nearer.
    set_limit(actor=cast.pmo, level=1, category="procurement", hours=Decimal(2))
    assert Spell.objects.get().breach_at == at("2025-05-05 11:00")
    for category, hour in (("procurement", 13), ("", 17)):
        remove_limit(actor=cast.pmo, level=1, category=category)
        assert Spell.objects.get().breach_at == at(f"2025-05-05 {hour}:00")
    assert not Limit.objects.exists()
