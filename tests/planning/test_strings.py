"""Strings: colour by the iterations, end by the agreement, badge by what came late before."""

from datetime import date
from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from planning.actions.writing import write
from planning.formulas.late import late_risk
from planning.formulas.schedule import schedule
from planning.queries.board import board_of
from planning.queries.faces import faces_of
from planning.queries.findings import finding_of
from planning.queries.strings import strings, strings_of_cards
from tests.cast import Cast
from tests.planning.cast import make_planned

ON = date(2026, 1, 7)


@pytest.mark.parametrize(
    ("provider", "consumer", "state"),
    [
        (1, 2, "healthy"),
        (2, 2, "risk"),
        (3, 2, "conflict"),
        (None, 2, "unplanned"),
        (2, None, "unplanned"),
        (None, None, "unplanned"),
    ],
)
def test_the_iterations_alone_say_the_schedule(provider: int | None, consumer: int | None, state: str) -> None:
    assert schedule(provider, consumer) == state


def test_one_is_later_in_exactly_one_direction() -> None:
    for a, b in product(range(1, 5), repeat=2):
        assert {schedule(a, b), schedule(b, a)} in ({"risk"}, {"healthy", "conflict"})


def test_late_risk_by_hand() -> None:
    # (0 + 1) / (0 + 2) = 1/2; (0 + 1) / (8 + 2) = 1/10; (3 + 1) / (4 + 2) = 2/3.
    assert [late_risk(0, 0), late_risk(0, 8)] == [0.5, 0.1]
    assert late_risk(3, 4) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="2 of 1"):
        late_risk(2, 1)


def test_strings_of_a_board(cast: Cast) -> None:
    plan = make_planned(cast)
    first, second = plan.card("Ledger split", plan.heron, 1), plan.card("Refund API", plan.falcon, 2)
    third = plan.card("Payouts", plan.falcon)
    early, open_end = plan.need(first, second), plan.need(second, third, agreement="requested")
    found = strings(plan.increment, on=ON)
    assert [(s.id, s.schedule, s.agreement, s.is_problem) for s in found] == [
        (early.pk, "healthy", "agreed", False),
        (open_end.pk, "unplanned", "requested", True),
    ]
    assert found[0].text == "Refund API needs Ledger split of Heron: healthy, agreed"
    assert (found[0].badge, found[0].has_history) == ("no history", False)
    assert [s.id for s in strings_of_cards(plan.increment, [first.pk])] == [early.pk]


def test_what_was_declined_stays_as_a_problem_of_who_needs_it(cast: Cast) -> None:
    plan = make_planned(cast)
    early, late = plan.card("Ledger split", plan.heron, 1), plan.card("Payouts", plan.heron, 4)
    tokens = plan.card("Tokens", plan.kite, 3)
    needy = plan.card("Refund API", plan.falcon, 2)
    plan.need(early, needy, agreement="declined")
    plan.need(late, needy, agreement="declined")
    plan.need(tokens, needy, agreement="requested")
    found = strings(plan.increment, on=ON)
    # One that is in time and one that is not: neither is a conflict, both are to be solved.
    assert [(s.is_problem, s.is_declined, s.is_conflict) for s in found] == [
        (True, True, False),
        (True, True, False),
        (True, False, True),
    ]
    assert found[0].text == "Refund API needs Ledger split of Heron: declined"
    ids = [card.pk for card in (early, late, tokens, needy)]
    shown = {face.card.title: face for face in faces_of(plan.increment, ids)}
    counts = {name: (face.needs, face.serves, face.problems) for name, face in shown.items()}
    # Who needs: three, all of them problems; who gives: only what was not declined, a conflict.
    assert counts == {"Refund API": (3, 0, 3), "Ledger split": (0, 0, 0), "Payouts": (0, 0, 0), "Tokens": (0, 1, 1)}
    assert shown["Tokens"].said == "Gives Tokens to Refund API of Falcon: conflict, requested."
    assert shown["Refund API"].said == (
        "Needs Tokens of Kite: conflict, requested. Needs Payouts of Heron: declined."
        " Needs Ledger split of Heron: declined."
    )
    assert shown["Ledger split"].said == ""
    heading = finding_of(board_of(plan.increment, cast.pmo))
    assert heading.startswith("PI 26.1: 1 conflict to solve, 2 declined dependencies")


def test_a_string_without_a_card_hangs_on_the_cell_it_is_wanted_in(cast: Cast) -> None:
    plan = make_planned(cast)
    provider, consumer = plan.card("Ledger split", plan.heron, 1), plan.card("Refund API", plan.falcon, 2)
    plan.need(provider, consumer, needed_in=plan.iterations[0])
    with write(None, plan.increment, "removed") as board:
        board.set(board.hold(provider), removed_at=timezone.now())
    [found] = strings(plan.increment, on=ON)
    assert (found.provider, found.schedule) == (None, "unplanned")
    assert found.anchor == f"{plan.heron.pk}-{plan.iterations[0].pk}"


def test_as_many_queries_for_three_as_for_one(cast: Cast) -> None:
    plan = make_planned(cast)
    cards = [plan.card(f"Card {place}", plan.heron, 1) for place in range(4)]
    counts: list[int] = []
    for provider in cards[1:]:
        plan.need(provider, cards[0])
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(strings(plan.increment, on=ON)) == len(counts) + 1
        counts.append(len(queries))
    # The dependencies; what came late, by what it is kept under (4) and reckoned anew (2).
    assert counts == [7, 7, 7]
