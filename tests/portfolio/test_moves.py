"""Moving initiatives through the portfolio Kanban: entries, verdicts, versions, limits with their override."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from core.models import AuditEntry, LiveEvent
from portfolio import actions, stages
from portfolio.models import Initiative, StageEntry, StageLimit
from tests.cast import Cast


@pytest.fixture
def refunds(cast: Cast) -> Initiative:
    return actions.create_initiative(actor=None, stream=cast.payments, name="Refunds")


def way(initiative: Initiative) -> list[str]:
    return list(initiative.stages.values_list("stage", flat=True))


def test_each_move_is_an_entry_in_the_books_and_told(cast: Cast, refunds: Initiative) -> None:
    moved = actions.move_initiative(actor=cast.leader, initiative=refunds, stage="reviewing", version=1)
    assert (moved.stage, moved.version, way(refunds)) == ("reviewing", 2, ["funnel", "reviewing"])
    entry = StageEntry.objects.get(stage="reviewing")
    assert (entry.by, entry.override) == (cast.leader, "")
    told = AuditEntry.objects.first()
    assert told is not None
    assert (told.verb, told.data) == ("moved", {"stage": ["funnel", "reviewing"]})
    last = LiveEvent.objects.last()
    # Only that: whoever may not see it learns nothing.
    assert last is not None
    assert (last.topic, last.data) == ("board:portfolio", {})


def test_a_stale_version_is_a_conflict_that_names_who_and_what(cast: Cast, refunds: Initiative) -> None:
    actions.move_initiative(actor=cast.leader, initiative=refunds, stage="reviewing", version=1)
    with pytest.raises(actions.Conflict, match="Leo Brandt moved Refunds since you looked") as caught:
        actions.move_initiative(actor=cast.pmo, initiative=refunds, stage="analysing", version=1)
    conflict = caught.value
    assert (conflict.current.version, conflict.data) == (2, {"stage": ["funnel", "reviewing"]})  # type: ignore[attr-defined]
    with pytest.raises(actions.Conflict):
        actions.change_initiative(actor=cast.pmo, initiative=refunds, version=1, name="Mine")
    assert Initiative.objects.get().name == "Refunds"


def test_to_where_it_is_writes_nothing(cast: Cast, refunds: Initiative) -> None:
    before = AuditEntry.objects.count()
    assert actions.move_initiative(actor=None, initiative=refunds, stage="funnel").version == 1
    assert (way(refunds), AuditEntry.objects.count()) == (["funnel"], before)


def test_done_has_a_verdict_and_a_last_day_and_comes_back_to_where_it_was(cast: Cast, refunds: Initiative) -> None:
    actions.move_initiative(actor=None, initiative=refunds, stage="implementing")
    done = actions.move_initiative(actor=cast.leader, initiative=refunds, stage="done", verdict="stop")
    assert (done.stage, done.verdict, done.ended_on) == ("done", "stop", timezone.localdate())
    again = actions.reopen_initiative(actor=cast.leader, initiative=done)
    assert (again.stage, again.verdict, again.ended_on) == ("implementing", "", None)
    closed = actions.close_initiative(actor=None, initiative=again, on=date(2030, 1, 31))
    assert (closed.verdict, closed.ended_on) == ("persevere", date(2030, 1, 31))
    assert way(refunds) == ["funnel", "implementing", "done", "implementing", "done"]


@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        ({"stage": "nowhere"}, "stage", "There is no stage “nowhere”"),
        ({"stage": "done", "verdict": "maybe"}, "verdict", "not a valid choice"),
        ({"stage": "reviewing", "on": date(2020, 1, 1)}, "on", "It came to funnel later"),
    ],
)
def test_nonsense_is_refused_at_the_field(refunds: Initiative, asked: dict[str, object], field: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        actions.move_initiative(actor=None, initiative=refunds, **asked)  # type: ignore[arg-type]
    assert said in caught.value.message_dict[field][0]
    assert way(refunds) == ["funnel"]


def test_who_may_move(cast: Cast, refunds: Initiative) -> None:
    """Coaches keep the order of the work; where the money goes is for leaders and the PMO."""
    for person in (cast.coach, cast.member, cast.viewer, cast.outsider):
        with pytest.raises(PermissionDenied):
            actions.move_initiative(actor=person, initiative=refunds, stage="reviewing")
    with pytest.raises(PermissionDenied):
        actions.create_initiative(actor=cast.coach, stream=cast.payments, name="Now", stage="implementing")
    with pytest.raises(PermissionDenied):
        actions.change_initiative(actor=cast.coach, initiative=refunds, business_value=8)
    with pytest.raises(PermissionDenied):
        actions.change_initiative(actor=cast.coach, initiative=refunds, estimated_cost=8)
    actions.move_initiative(actor=cast.stream_pmo, initiative=refunds, stage="reviewing")


def test_a_limit_asks_for_a_reason_and_keeps_it(cast: Cast, refunds: Initiative) -> None:
    """Payments takes 1 in analysing: the second needs a reason. The portfolio takes 2: a third of Platform too."""
    actions.set_stage_limit(actor=cast.pmo, stage="analysing", most=1, stream=cast.payments)
    actions.set_stage_limit(actor=cast.pmo, stage="analysing", most=2)
    actions.move_initiative(actor=None, initiative=refunds, stage="analysing")
    other = actions.create_initiative(actor=None, stream=cast.payments, name="Payouts")
    with pytest.raises(ValidationError, match="Analysing of Payments holds 1 and its limit is 1"):
        actions.move_initiative(actor=cast.leader, initiative=other, stage="analysing")
    actions.move_initiative(actor=cast.leader, initiative=other, stage="analysing", override="Law from May")
    assert other.stages.last().override == "Law from May"  # type: ignore[union-attr]
    data = AuditEntry.objects.first().data  # type: ignore[union-attr]
    assert data == {"stage": ["funnel", "analysing"], "override": "Law from May"}
    with pytest.raises(ValidationError, match="Analysing of the portfolio holds 2 and its limit is 2"):
        actions.create_initiative(actor=None, stream=cast.platform, name="Third", stage="analysing")
    # Within the limit no reason is kept, and without one it goes.
    actions.move_initiative(actor=None, initiative=other, stage="funnel", override="not needed")
    assert other.stages.last().override == ""  # type: ignore[union-attr]
    actions.set_stage_limit(actor=cast.pmo, stage="analysing", most=None)
    assert StageLimit.objects.get().stream == cast.payments


def test_another_stream_has_its_own_limits(cast: Cast, refunds: Initiative) -> None:
    actions.create_initiative(actor=None, stream=cast.platform, name="There")
    actions.set_stage_limit(actor=None, stage="funnel", most=1, stream=cast.platform)
    with pytest.raises(ValidationError, match="Funnel of Platform holds 1"):
        actions.change_initiative(actor=cast.leader, initiative=refunds, stream=cast.platform)
    actions.change_initiative(actor=cast.leader, initiative=refunds, stream=cast.platform, override="Reorganised")
    assert Initiative.objects.get(slug="refunds").stream == cast.platform


@pytest.mark.parametrize("most", [0, -1, 40_000])
def test_a_limit_is_at_least_one(cast: Cast, most: int) -> None:
    with pytest.raises(ValidationError):
        actions.set_stage_limit(actor=None, stage="funnel", most=most)
    with pytest.raises(ValidationError):
        actions.set_stage_limit(actor=None, stage="done", most=3)
    assert not StageLimit.objects.exists()


def test_the_stage_of_a_day_is_that_of_the_latest_entry(cast: Cast) -> None:
    """In the funnel on 3 March, analysed on 10 March, implemented on 24 March, each at noon in Berlin or UTC.

    By the end of 12 March: 7 days in the funnel, 2.5 (give or take the zone's hour) in analysing: together 9.5.
    """
    made = actions.create_initiative(actor=None, stream=cast.payments, name="Old", on=date(2025, 3, 3))
    actions.move_initiative(actor=None, initiative=made, stage="analysing", on=date(2025, 3, 10))
    actions.move_initiative(actor=None, initiative=made, stage="implementing", on=date(2025, 3, 24))
    at = [datetime(2025, 3, day, 23, 59, tzinfo=UTC) for day in (2, 3, 9, 10, 23, 24)]
    found = [stages.stage_at([made.pk], one).get(made.pk) for one in at]
    assert found == [None, "funnel", "funnel", "analysing", "analysing", "implementing"]
    until = made.stages.get(stage="funnel").at + timedelta(days=9, hours=12)
    own = stages.stays([made.pk], until)[made.pk]
    assert [(stay.stage, stay.left_at is None) for stay in own] == [("funnel", False), ("analysing", True)]
    assert stages.seconds_in_stages(own, until) == {"funnel": 7 * 86400.0, "analysing": 2.5 * 86400}


def test_what_is_done_on_a_day_that_is_over_is_done_from_then_on(cast: Cast) -> None:
    made = actions.create_initiative(actor=None, stream=cast.payments, name="Old", on=date(2025, 3, 3))
    actions.close_initiative(actor=None, initiative=made, on=date(2025, 4, 1))
    assert stages.stage_at([made.pk], datetime(2025, 3, 31, 23, tzinfo=UTC)) == {made.pk: "funnel"}
    assert stages.stage_at([made.pk], datetime(2025, 4, 1, 23, tzinfo=UTC)) == {made.pk: "done"}


def test_teams_keep_what_they_cost_when(cast: Cast) -> None:
    """2,400 a day from the first day, 2,600 from 1 July: the entry of each stays."""
    team = actions.create_team(
        actor=None, stream=cast.payments, name="Ibis", cost_per_day=2400, started_on=date(2025, 1, 1)
    )
    actions.change_team(actor=None, team=team, cost_per_day=2600, cost_from=date(2025, 7, 1))
    assert [(one.valid_from, one.cost_per_day) for one in team.costs.all()] == [
        (date(2025, 1, 1), Decimal(2400)),
        (date(2025, 7, 1), Decimal(2600)),
    ]
