"""Verbs on cycles, objectives and key results: who may, what is refused and where, what is kept for undo."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from core.models import AuditEntry
from metrics.models import Kpi
from okrs import actions, queries
from okrs.models import CheckIn, Contribution, Cycle, KeyResult, Objective, Support
from portfolio.actions.writing import Conflict
from portfolio.models import Initiative
from tests.cast import Cast
from tests.okrs.cast import FIRST, HALF, LAST, Goals, check_in, key_result, make_goals


@pytest.fixture
def goals(cast: Cast) -> Goals:
    return make_goals(cast)


def messages(error: pytest.ExceptionInfo[ValidationError]) -> dict[str, list[str]]:
    return error.value.message_dict


def test_a_cycle_has_a_first_and_a_last_day(cast: Cast) -> None:
    made = actions.create_cycle(actor=cast.pmo, name="Q1 2027", starts_on=date(2027, 1, 1), ends_on=date(2027, 3, 31))
    assert made.slug == "q1-2027"
    with pytest.raises(ValidationError) as error:
        actions.create_cycle(actor=cast.pmo, name="X", starts_on=LAST, ends_on=FIRST, kind="own")
    assert messages(error) == {"ends_on": ["The last day is not after the first."]}
    with pytest.raises(ValidationError) as error:
        actions.create_cycle(actor=cast.pmo, name="X", starts_on=date(2027, 1, 2), ends_on=date(2027, 3, 31))
    assert "Q1 2027 is 1 Jan to 31 Mar 2027" in messages(error)["starts_on"][0]
    with pytest.raises(PermissionDenied):
        actions.create_cycle(actor=cast.coach, name="Y", starts_on=FIRST, ends_on=LAST)


def test_an_objective_with_its_key_results_in_one_go(cast: Cast, goals: Goals) -> None:
    rows: list[dict[str, Any]] = [
        {"name": "More", "baseline": 1.0, "target": 5.0},
        {"name": "Open", "kind": "milestone", "weight": 2.0},
    ]
    made = actions.create_objective(
        actor=cast.coach, cycle=goals.cycle, place=cast.heron, name="Faster", key_results=rows, owner=cast.coach
    )
    assert (made.level, made.team, made.stream) == ("team", cast.heron, None)
    assert [one.name for one in made.key_results.all()] == ["More", "Open"]
    assert AuditEntry.objects.filter(target_type="okrs.keyresult").count() == 2


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"baseline": 5.0, "target": 5.0}, "target", "The target is the baseline"),
        ({"baseline": 5.0}, "target", "Give the target."),
        ({"baseline": 5.0, "target": 2.0}, "target", "choose “reduce”"),
        ({"kind": "reduce", "baseline": 5.0, "target": 8.0}, "target", "choose “increase”"),
        ({"kind": "band", "band_low": 3.0, "band_high": 3.0}, "band_high", "not above the lower"),
        ({"kind": "metric", "baseline": 5.0, "target": 8.0}, "kpi", "Choose the figure"),
        ({"baseline": float("nan"), "target": 8.0}, "baseline", "no number"),
        ({"baseline": 1.0, "target": 1e300}, "target", "no number"),
        ({"kind": "wish"}, "kind", "There is no kind"),
        ({"kind": "milestone", "weight": 0.0}, "weight", "The weights sum to 0"),
        ({"kind": "milestone", "weight": -1.0}, "weight", "0 or more"),
    ],
)
def test_what_a_key_result_may_not_be(cast: Cast, goals: Goals, fields: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(ValidationError) as error:
        actions.create_key_result(actor=cast.pmo, objective=goals.stream, name="Bad", **fields)
    assert said in messages(error)[field][0]
    assert not goals.stream.key_results.exists()


def test_nothing_is_half_written(cast: Cast, goals: Goals) -> None:
    rows: list[dict[str, Any]] = [
        {"name": "Good", "kind": "milestone"},
        {"name": "Bad", "baseline": 5.0, "target": 5.0},
    ]
    before = Objective.objects.count()
    with pytest.raises(ValidationError) as error:
        actions.create_objective(actor=cast.pmo, cycle=goals.cycle, name="New", key_results=rows)
    (said,) = error.value.error_dict["key_results"]
    assert said.params == {"at": 1, "field": "target"}
    assert Objective.objects.count() == before


def test_weights_that_sum_to_nothing(cast: Cast, goals: Goals) -> None:
    rows = [{"name": "A", "kind": "milestone", "weight": 0.0}, {"name": "B", "kind": "milestone", "weight": 0.0}]
    with pytest.raises(ValidationError) as error:
        actions.create_objective(actor=cast.pmo, cycle=goals.cycle, name="New", key_results=rows)
    assert "sum to 0" in messages(error)["weight"][0]
    # One of two may weigh nothing, the last that weighs something may not.
    actions.change_key_result(actor=cast.pmo, key_result=goals.more, weight=0.0)
    with pytest.raises(ValidationError):
        actions.change_key_result(actor=cast.pmo, key_result=goals.less, weight=0.0)


def test_a_kind_keeps_only_what_it_uses(cast: Cast, goals: Goals) -> None:
    changed = actions.change_key_result(actor=cast.pmo, key_result=goals.more, kind="milestone")
    assert (changed.baseline, changed.target) == (None, None)
    changed = actions.change_key_result(
        actor=cast.pmo, key_result=changed, kind="band", band_low=1.0, band_high=2.0, target=5.0
    )
    assert (changed.band_low, changed.band_high, changed.target) == (1, 2, None)


def test_a_figure_of_elsewhere_cannot_be_linked(cast: Cast, goals: Goals) -> None:
    kpi = Kpi.objects.create(stream=cast.platform, slug="uptime", name="Uptime")
    fields: dict[str, Any] = {"name": "Up", "kind": "metric", "baseline": 1.0, "target": 2.0, "kpi": kpi}
    with pytest.raises(ValidationError) as error:
        actions.create_key_result(actor=cast.coach, objective=goals.stream, **fields)
    assert messages(error) == {"kpi": ["There is no such figure."]}
    assert actions.create_key_result(actor=cast.pmo, objective=goals.stream, **fields).kpi == kpi


def test_owners_may_change_their_own(cast: Cast, goals: Goals) -> None:
    # Max owns the team's objective and manages nothing.
    assert actions.change_objective(actor=cast.member, objective=goals.team, name="Refunds in a day").version == 2
    with pytest.raises(PermissionDenied):
        actions.change_objective(actor=cast.member, objective=goals.stream, name="X")
    goals.more.owner = cast.viewer
    goals.more.save()
    actions.change_key_result(actor=cast.viewer, key_result=goals.more, unit="per cent")
    with pytest.raises(PermissionDenied):
        actions.change_key_result(actor=cast.viewer, key_result=goals.less, unit="d")


def test_a_stale_writer_is_told_what_is_there_now(cast: Cast, goals: Goals) -> None:
    actions.change_objective(actor=cast.member, objective=goals.team, version=1, name="Refunds in a day")
    with pytest.raises(Conflict) as error:
        actions.change_objective(actor=cast.coach, objective=goals.team, version=1, name="Refunds in an hour")
    assert (str(error.value.current), error.value.who) == ("Refunds in a day", "Max Weber")
    goals.team.refresh_from_db()
    assert (goals.team.name, goals.team.version) == ("Refunds in a day", 2)


def test_deleting_and_bringing_back(cast: Cast, goals: Goals) -> None:
    check_in(goals.more, HALF, 40)
    work = Initiative.objects.create(slug="pay", name="Pay", stream=cast.payments)
    actions.link_contribution(actor=cast.pmo, key_result=goals.more, initiative=work, lift=5)
    actions.link_support(actor=cast.pmo, objective=goals.team, above=goals.stream)
    actions.link_support(actor=cast.pmo, objective=goals.team, key_result=key_result(goals.company, "C", 0, 1))
    poll = actions.open_poll(actor=cast.member, objective=goals.team)
    actions.vote(actor=cast.member, poll=poll, confidence=7)
    later = Cycle.objects.create(slug="q1", name="Q1", starts_on="2027-01-01", ends_on="2027-03-31")
    copy = actions.carry_over(actor=cast.pmo, objective=goals.team, cycle=later)
    score = queries.scores([goals.team], HALF)[goals.team.pk].score
    removed = actions.delete_objective(actor=cast.member, objective=goals.team)
    assert not Objective.objects.filter(pk=goals.team.pk).exists()
    assert CheckIn.objects.count() == 0
    copy.refresh_from_db()
    assert copy.carried_from is None
    back = actions.restore_removed(actor=cast.member, removed=removed)
    actions.restore_removed(actor=cast.member, removed=removed)
    assert (back.pk, back.name, back.owner) == (goals.team.pk, "Refunds in two days", cast.member)
    assert (CheckIn.objects.count(), Contribution.objects.filter(key_result=goals.more).count()) == (1, 1)
    assert Support.objects.filter(objective=back).count() == 2
    assert [one.confidence for one in back.polls.get().votes.all()] == [7]
    copy.refresh_from_db()
    assert copy.carried_from == back
    assert queries.scores([back], HALF)[back.pk].score == score


def test_a_key_result_comes_back_too(cast: Cast, goals: Goals) -> None:
    check_in(goals.more, HALF, 40)
    removed = actions.delete_key_result(actor=cast.member, key_result=goals.more)
    assert not KeyResult.objects.filter(pk=goals.more.pk).exists()
    with pytest.raises(PermissionDenied):
        actions.restore_removed(actor=cast.viewer, removed=removed)
    actions.restore_removed(actor=cast.member, removed=removed)
    assert KeyResult.objects.get(pk=goals.more.pk).check_ins.get().value == 40


def test_what_belonged_to_something_gone_stays_away(cast: Cast, goals: Goals) -> None:
    removed = actions.delete_key_result(actor=cast.member, key_result=goals.more)
    actions.delete_objective(actor=cast.member, objective=goals.team)
    with pytest.raises(ValidationError, match="was deleted, too"):
        actions.restore_removed(actor=cast.pmo, removed=removed)


def test_votes_are_not_in_the_trail(cast: Cast, goals: Goals) -> None:
    poll = actions.open_poll(actor=cast.member, objective=goals.team)
    actions.vote(actor=cast.member, poll=poll, confidence=9)
    assert not any("confidence" in entry.data for entry in AuditEntry.objects.all())
