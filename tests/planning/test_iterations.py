"""Iterations: laid out, checked, changed, and removed under their cards."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from planning.actions.iterations import Span, checked, laid_out, set_iterations
from planning.actions.undoing import undo
from planning.actions.writing import write
from planning.models import Capacity
from planning.replay import replayed, stored
from portfolio.actions.writing import Conflict
from tests.cast import Cast
from tests.planning.cast import Planned, make_planned


def _spans(plan: Planned, *without: int) -> list[Span]:
    """The iterations there are, but for those with these numbers."""
    rows = [row for row in plan.increment.iterations.all() if row.number not in without]
    return [Span(row.first_on, row.last_on, row.name, row.is_ip, row.pk) for row in rows]


def test_laid_out_without_a_gap() -> None:
    days = [(one.first_on.day, one.last_on.day, one.is_ip) for one in laid_out(date(2026, 6, 1), 7, 3, with_ip=True)]
    assert days == [(1, 7, False), (8, 14, False), (15, 21, False), (22, 28, True)]


@pytest.mark.parametrize(
    ("spans", "text"),
    [
        ([Span(date(2026, 6, 8), date(2026, 6, 1))], "Iteration 1: the last day is before the first."),
        (
            [Span(date(2026, 6, 1), date(2026, 6, 14)), Span(date(2026, 6, 14), date(2026, 6, 20))],
            "Iteration 2 begins on 14 Jun 2026, before Iteration 1 ends (14 Jun 2026).",
        ),
        (
            [Span(date(2026, 6, 1), date(2026, 6, 7), is_ip=True), Span(date(2026, 6, 8), date(2026, 6, 20))],
            "IP iteration: only the last iteration can be innovation and planning.",
        ),
        ([Span(date(2026, 1, 1), date(2026, 4, 3))], "Iteration 1 is longer than 92 days."),
    ],
)
def test_what_cannot_be_is_refused_by_name(spans: list[Span], text: str) -> None:
    with pytest.raises(ValidationError) as raised:
        checked(spans)
    assert raised.value.message_dict == {"iterations": [text]}


def test_cards_of_a_removed_iteration_become_unplanned_and_come_back(cast: Cast) -> None:
    plan = make_planned(cast)
    already = plan.card("Already", plan.falcon)
    first, second = plan.card("First", plan.falcon, 2), plan.card("Second", plan.falcon, 2)
    other = plan.card("Other", plan.heron, 2)
    need = plan.need(other, first, needed_in=plan.iterations[1])
    with write(None, plan.increment, "set") as board:
        board.add(Capacity(lane=plan.falcon, iteration=plan.iterations[1], amount=20, unit="items", reason="Fair"))
    rows = set_iterations(actor=cast.pmo, increment=plan.increment, iterations=_spans(plan, 2))
    assert [(row.number, row.name) for row in rows][:2] == [(1, "Iteration 1"), (2, "Iteration 3")]
    for card, rank in ((already, 0), (first, 1), (second, 2), (other, 0)):
        card.refresh_from_db()
        assert (card.iteration, card.rank) == (None, rank)
    need.refresh_from_db()
    assert need.needed_in is None
    plan.increment.refresh_from_db()
    line = plan.increment.events.get(number=plan.increment.number)
    assert line.text == "removed Iteration 2 (3 cards unplanned by that)"
    assert replayed(plan.increment) == stored(plan.increment)
    undo(actor=cast.pmo, increment=plan.increment, event=line)
    first.refresh_from_db()
    assert (first.iteration_id, Capacity.objects.count()) == (plan.iterations[1].pk, 1)
    assert [row.number for row in plan.increment.iterations.all()] == [1, 2, 3, 4, 5, 6]


def test_iterations_are_added_renamed_and_moved_in_one_line(cast: Cast) -> None:
    plan = make_planned(cast)
    spans = _spans(plan)
    spans[0] = Span(date(2026, 1, 5), date(2026, 1, 18), "Sprint 1", pk=spans[0].pk)
    spans[-1] = Span(spans[-1].first_on, date(2026, 3, 29), spans[-1].name, True, spans[-1].pk)
    set_iterations(actor=cast.pmo, increment=plan.increment, iterations=spans, version=1)
    plan.increment.refresh_from_db()
    assert plan.increment.iterations.get(number=1).name == "Sprint 1"
    assert plan.increment.version == 2
    with pytest.raises(Conflict) as raised:
        set_iterations(actor=cast.administrator, increment=plan.increment, iterations=_spans(plan, 3), version=1)
    assert raised.value.who == str(cast.pmo)
    assert raised.value.verb.startswith("set Sprint 1 to 5 Jan 2026 to 18 Jan 2026")


def test_members_plan_and_do_not_lay_out(cast: Cast) -> None:
    plan = make_planned(cast)
    with pytest.raises(PermissionDenied):
        set_iterations(actor=cast.member, increment=plan.increment, iterations=_spans(plan, 2))
