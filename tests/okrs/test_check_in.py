"""The check-in: what it keeps and refuses, by the verb, on its page and in the API; what "current" means."""

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from core.models import AuditEntry
from metrics.models import Kpi, KpiValue
from okrs import actions
from okrs.actions.automatic import write_linked
from okrs.models import CheckIn, KeyResult
from okrs.queries import scores, standings
from portfolio.models import Membership
from tests.cast import Cast
from tests.okrs.goals import cycle, key_result, objective, running_cycle

pytestmark = pytest.mark.django_db
# Monday 7 July 2025 to Sunday 28 September 2025: 84 days.
FIRST, LAST = date(2025, 7, 7), date(2025, 9, 28)


@pytest.fixture
def settle(cast: Cast) -> KeyResult:
    """Hours to settle, from 40 to 20, of Falcon, in a cycle that is over and open; Max owns it."""
    return key_result(objective(cycle(FIRST, LAST), cast.falcon), cast.member)


@pytest.fixture
def running(cast: Cast) -> KeyResult:
    return key_result(objective(running_cycle(), cast.falcon), cast.member)


def give(cast: Cast, one: KeyResult, on: date, value: float | None, confidence: int = 5, **more: str) -> CheckIn:
    return actions.check_in(actor=cast.member, key_result=one, on=on, value=value, confidence=confidence, **more)


def state(one: KeyResult, day: date) -> tuple[float | None, float, int | None]:
    """Value, progress in per cent, confidence at the end of a day."""
    found = standings([one], day)[one.pk]
    return found.value, round(100 * found.progress, 6), found.confidence


# What is current


def test_current_is_the_newest_by_its_own_day_never_by_edit_time(cast: Cast, settle: KeyResult) -> None:
    give(cast, settle, date(2025, 7, 14), 36, 4)
    give(cast, settle, date(2025, 7, 28), 30, 7)
    # Said last, but about a day between the two.
    give(cast, settle, date(2025, 7, 21), 38, 2)
    # (30 − 40) ÷ (20 − 40) = 50 %
    assert state(settle, LAST) == (30, 50, 7)
    # (36 − 40) ÷ −20 = 20 %; (38 − 40) ÷ −20 = 10 %
    assert state(settle, date(2025, 7, 20)) == (36, 20, 4)
    assert state(settle, date(2025, 7, 21)) == (38, 10, 2)
    assert state(settle, date(2025, 7, 13)) == (None, 0, None)


def test_correcting_an_old_one_changes_history_at_that_day_only(cast: Cast, settle: KeyResult) -> None:
    days = [date(2025, 7, 14), date(2025, 7, 21), date(2025, 7, 28)]
    for day, value in zip(days, (36, 34, 30), strict=True):
        give(cast, settle, day, value)
    give(cast, settle, days[1], 32, 8, note="Read from the wrong column")
    assert [state(settle, day)[0] for day in days] == [36, 32, 30]
    assert state(settle, days[2] - timedelta(days=1)) == (32, 40, 8)
    assert settle.check_ins.count() == 3


def test_a_correction_leaves_an_entry_of_before_and_after(cast: Cast, settle: KeyResult) -> None:
    give(cast, settle, date(2025, 7, 14), 36, 4, note="Two banks")
    give(cast, settle, date(2025, 7, 14), 35.5, 4, note="Two banks", blocker="No contract")
    first, second = AuditEntry.objects.order_by("id")
    assert (first.verb, first.actor, first.target_name) == ("checked in", cast.member, "Hours to settle")
    assert first.data == {"on": "2025-07-14", "value": 36.0, "confidence": 4, "note": "Two banks"}
    assert second.verb == "corrected the check-in of"
    assert second.data == {"on": "2025-07-14", "value": [36.0, 35.5], "blocker": ["", "No contract"]}


def test_saying_the_same_again_changes_nothing(cast: Cast, settle: KeyResult) -> None:
    for _ in range(2):
        give(cast, settle, date(2025, 7, 14), 36, 4)
    assert AuditEntry.objects.count() == 1


def test_the_score_of_the_objective_follows(cast: Cast, settle: KeyResult) -> None:
    """Weight 3 at 50 % and weight 1 at 100 %: (3 × 0.5 + 1 × 1) ÷ 4 = 0.625."""
    KeyResult.objects.filter(pk=settle.pk).update(weight=3)
    launched = key_result(settle.objective, cast.member, "Launched", kind="milestone", baseline=None, target=None)
    give(cast, settle, date(2025, 8, 4), 30)
    give(cast, launched, date(2025, 8, 4), 1)
    goal = settle.objective
    assert scores([goal], LAST)[goal.pk].score == pytest.approx(0.625)


# What is refused


@pytest.mark.parametrize(
    ("on", "words"),
    [
        (FIRST - timedelta(days=1), "Now begins on 7 Jul 2025"),
        (LAST + timedelta(days=1), "Now ended on 28 Sep 2025"),
        (date(2999, 1, 1), "not come yet"),
    ],
)
def test_days_outside_are_refused(cast: Cast, settle: KeyResult, on: date, words: str) -> None:
    with pytest.raises(ValidationError, match=words) as refused:
        give(cast, settle, on, 30)
    assert list(refused.value.message_dict) == ["on"]
    assert not CheckIn.objects.exists()


def test_tomorrow_is_a_day_to_come_where_the_team_is(cast: Cast, running: KeyResult) -> None:
    """When it is Tuesday in Kiritimati (UTC+14), UTC has Monday for 14 more hours."""
    cast.falcon.timezone = "Pacific/Kiritimati"
    cast.falcon.save()
    running.refresh_from_db()
    here = timezone.now().astimezone(cast.falcon.zone).date()
    assert give(cast, running, here, 30).on == here
    with pytest.raises(ValidationError, match="not come yet"):
        give(cast, running, here + timedelta(days=1), 30)


@pytest.mark.parametrize(
    ("value", "confidence", "field"),
    [(30, 11, "confidence"), (30, -1, "confidence"), (30, None, "confidence"), (None, 5, "value")]
    + [(number, 5, "value") for number in (math.nan, math.inf, -math.inf, 1e16)],
)
def test_numbers_that_will_not_do(cast: Cast, settle: KeyResult, value: Any, confidence: Any, field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        give(cast, settle, date(2025, 7, 14), value, confidence)
    assert list(refused.value.message_dict) == [field]
    assert not CheckIn.objects.exists()


def test_a_milestone_is_0_or_1(cast: Cast, settle: KeyResult) -> None:
    one = key_result(settle.objective, cast.member, "Launched", kind="milestone", baseline=None, target=None)
    with pytest.raises(ValidationError, match="A milestone is 0"):
        give(cast, one, date(2025, 7, 14), 0.5)
    give(cast, one, date(2025, 7, 14), 1)
    assert state(one, LAST)[1] == 100


def test_what_is_closed_stays_as_it_is(cast: Cast, settle: KeyResult) -> None:
    kept = give(cast, settle, date(2025, 7, 14), 36)
    goal = settle.objective
    goal.cycle.closed_at = datetime(2025, 9, 30, tzinfo=UTC)
    goal.cycle.save()
    with pytest.raises(ValidationError, match="Now is closed"):
        give(cast, settle, date(2025, 7, 21), 30)
    with pytest.raises(ValidationError, match="Now is closed"):
        actions.delete_check_in(actor=cast.member, check_in=kept)
    goal.cycle.closed_at = None
    goal.cycle.save()
    goal.closed_at = datetime(2025, 9, 30, tzinfo=UTC)
    goal.save()
    with pytest.raises(ValidationError, match="objective is closed"):
        give(cast, settle, date(2025, 7, 21), 30)
    assert settle.check_ins.get().value == 36


def test_who_may(cast: Cast, settle: KeyResult) -> None:
    """The roles of the place and the team's members; an owner only while they see it."""
    for person in (cast.stream_pmo, cast.coach, cast.leader, cast.pmo, cast.administrator):
        actions.check_in(actor=person, key_result=settle, on=date(2025, 7, 14), value=36, confidence=4)
    for person in (cast.viewer, cast.outsider):
        with pytest.raises(PermissionDenied, match="Only the owner"):
            actions.check_in(actor=person, key_result=settle, on=date(2025, 7, 14), value=36, confidence=4)
    settle.owner = cast.viewer
    settle.save()
    actions.check_in(actor=cast.viewer, key_result=settle, on=date(2025, 7, 14), value=35, confidence=4)
    give(cast, settle, date(2025, 7, 21), 34)
    Membership.objects.filter(user=cast.member).delete()
    with pytest.raises(PermissionDenied):
        give(cast, settle, date(2025, 7, 28), 33)


def test_deleting_and_bringing_back(cast: Cast, settle: KeyResult) -> None:
    give(cast, settle, date(2025, 7, 14), 36)
    last = give(cast, settle, date(2025, 7, 21), 30, 8, note="Halfway")
    actions.delete_check_in(actor=cast.member, check_in=last)
    assert state(settle, LAST)[0] == 36
    again: dict[str, Any] = {
        "key_result": settle,
        "on": date(2025, 7, 21),
        "value": 30,
        "confidence": 8,
        "note": "Halfway",
    }
    actions.restore_check_in(actor=cast.member, **again)
    assert state(settle, LAST) == (30, 50, 8)
    with pytest.raises(ValidationError, match="of that day again"):
        actions.restore_check_in(actor=cast.member, **again)
    verbs = list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == ["checked in", "checked in", "deleted the check-in of", "checked in"]


# Key results that update themselves


@pytest.fixture
def linked(cast: Cast, settle: KeyResult) -> KeyResult:
    kpi = Kpi.objects.create(stream=cast.payments, slug="hours", name="Hours to settle", unit="h", better="less")
    KeyResult.objects.filter(pk=settle.pk).update(kind="metric", kpi=kpi)
    settle.refresh_from_db()
    return settle


def test_a_linked_key_result_follows_its_figure_late_data_included(cast: Cast, linked: KeyResult) -> None:
    assert linked.kpi
    days = [FIRST - timedelta(days=1), date(2025, 7, 14), date(2025, 7, 21), LAST + timedelta(days=1)]
    for day, value in zip(days, (40, 36, 30, 10), strict=True):
        KpiValue.objects.create(kpi=linked.kpi, on=day, value=value)
    # Only what lies in the cycle; running it again changes nothing.
    assert [write_linked(), write_linked()] == [2, 0]
    assert [(one.on, one.value, one.is_automatic, one.confidence) for one in linked.check_ins.order_by("on")] == [
        (days[1], 36, True, None),
        (days[2], 30, True, None),
    ]
    # Late data corrects that day, adds a day, and takes one away.
    KpiValue.objects.filter(kpi=linked.kpi, on=days[1]).update(value=34)
    KpiValue.objects.create(kpi=linked.kpi, on=date(2025, 7, 16), value=33)
    KpiValue.objects.filter(kpi=linked.kpi, on=days[2]).delete()
    assert [write_linked(), write_linked()] == [3, 0]
    assert [(one.on.day, one.value) for one in linked.check_ins.order_by("on")] == [(14, 34), (16, 33)]
    assert state(linked, date(2025, 7, 15))[:2] == (34, 30)


def test_people_add_their_confidence_to_a_linked_one_and_the_figure_keeps_its_value(
    cast: Cast, linked: KeyResult
) -> None:
    assert linked.kpi
    with pytest.raises(ValidationError, match="has no value by that day yet"):
        give(cast, linked, date(2025, 7, 15), None, 6)
    KpiValue.objects.create(kpi=linked.kpi, on=date(2025, 7, 14), value=36)
    made = give(cast, linked, date(2025, 7, 15), 1, 6, note="Second bank is late")
    assert (made.value, made.confidence, made.is_automatic, made.by) == (36, 6, True, cast.member)
    # The figure of the 14th is corrected: what was said on the 15th rests on it.
    KpiValue.objects.filter(kpi=linked.kpi).update(value=35)
    assert [write_linked(), write_linked()] == [2, 0]
    made.refresh_from_db()
    assert (made.value, made.confidence, made.note) == (35, 6, "Second bank is late")
    # A value of the 15th itself, too.
    KpiValue.objects.create(kpi=linked.kpi, on=date(2025, 7, 15), value=34)
    write_linked()
    assert state(linked, LAST) == (34, 30, 6)
    with pytest.raises(ValidationError, match="by itself"):
        actions.delete_check_in(actor=cast.member, check_in=made)


def test_a_closed_objective_is_left_alone(cast: Cast, linked: KeyResult) -> None:
    assert linked.kpi
    KpiValue.objects.create(kpi=linked.kpi, on=date(2025, 7, 14), value=36)
    linked.objective.closed_at = datetime(2025, 9, 30, tzinfo=UTC)
    linked.objective.save()
    assert write_linked() == 0
