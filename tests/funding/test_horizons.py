"""Guardrail 1 by hand, and the suggestion against a search that shares no code with it."""

from decimal import Decimal
from fractions import Fraction
from itertools import chain, combinations
from random import Random

import pytest

from funding.formulas.horizons import HORIZONS, Candidate, Suggestion, Target, at_the_end, balance, suggest

TARGETS = {"h0": Target(0, 5), "h1": Target(60, 5), "h2": Target(30, 5), "h3": Target(10, 5)}


def amounts(*values: int) -> dict[str, Decimal]:
    return {horizon: Decimal(value) for horizon, value in zip(HORIZONS, values, strict=True)}


def test_money_to_move_is_half_of_all_deviations() -> None:
    # Of 1,000: 0 / 80 / 15 / 5 % against 0 / 60 / 30 / 10: off by 0, +20, −15, −5: ½ · 40 % of 1,000 = 200.
    found = balance(amounts(0, 800, 150, 50), TARGETS)
    assert found is not None
    assert found.move == 200
    assert [one.deviation for one in found.shares] == [0, 20, -15, -5]
    # A deviation of just the tolerance (h3) is inside.
    assert [one.horizon for one in found.off] == ["h1", "h2"]


def test_without_targets_there_is_nothing_to_move() -> None:
    found = balance(amounts(0, 1, 1, 0), {})
    assert found is not None
    assert (found.move, found.off, found.shares[1].share) == (None, [], Fraction(1, 2))


def test_nothing_spent_has_no_shares() -> None:
    assert balance({}, TARGETS) is None
    assert balance(amounts(0, 100, -100, 0), TARGETS) is None


def test_the_pace_goes_on_to_the_end() -> None:
    # 20 days cost 400 for h1: 20 a day; 15 days are left: 100 + 300 = 400. h2 got nothing lately: 50 stays.
    found = at_the_end(amounts(0, 100, 50, 0), amounts(0, 400, 0, 0), 20, 15)
    assert found == amounts(0, 400, 50, 0)


def test_no_days_to_go_by() -> None:
    assert at_the_end(amounts(0, 1, 0, 0), {}, 0, 10) is None
    assert at_the_end(amounts(0, 1, 0, 0), {}, 0, 0) == amounts(0, 1, 0, 0)


def candidate(key: int, horizon: str, cost: int, wsjf: int, purse: int = 0) -> Candidate:
    return Candidate(key, purse, horizon, Decimal(cost), Fraction(wsjf))


def test_the_least_loss_that_restores() -> None:
    # Spent 600 on h1 and nothing else; 400 are left. By rank: 1 (h1, 300, WSJF 9), then 3 (h3, 100, WSJF 2): Σ 11.
    # {2, 3} costs 400: 600 / 300 / 100 of 1,000 = 60 / 30 / 10 %, just the targets: Σ 5 + 2 = 7, a loss of 4.
    known = [candidate(1, "h1", 300, 9), candidate(2, "h2", 300, 5), candidate(3, "h3", 100, 2)]
    found = suggest(known, amounts(0, 600, 0, 0), TARGETS, [Decimal(400)])
    assert found == Suggestion((2, 3), (1, 3), True, Fraction(4), 0)


def test_when_nothing_restores_the_closest_is_chosen() -> None:
    # Only 100 are left: {3} gives 600 of 700 = 85.7 / 0 / 14.3 %: off by 25.7 + 30 + 4.3 = 60; nothing: 40 + 30 + 10.
    known = [candidate(2, "h2", 300, 5), candidate(3, "h3", 100, 2)]
    found = suggest(known, amounts(0, 600, 0, 0), TARGETS, [Decimal(100)])
    assert (found.chosen, found.base, found.restores, found.loss) == ((3,), (3,), False, Fraction(0))


def test_each_stream_pays_its_own() -> None:
    # The h2 job is paid by the second purse, which is empty: it can not be chosen.
    known = [candidate(2, "h2", 300, 5, purse=1), candidate(3, "h3", 100, 2)]
    found = suggest(known, amounts(0, 600, 0, 0), TARGETS, [Decimal(400), Decimal(0)])
    assert (found.chosen, found.base) == ((3,), (3,))


def test_more_than_sixteen_are_left_out() -> None:
    known = [candidate(key, "h2", 10, 1) for key in range(20)]
    assert suggest(known, amounts(0, 600, 0, 0), TARGETS, [Decimal(400)]).left_out == 4


def by_search(
    known: list[Candidate], spent: dict[str, Decimal], purses: list[Decimal]
) -> tuple[bool, Fraction, Fraction]:
    """Whether it restores, its deviation (when not) and its Σ WSJF: over all subsets, one after the other."""
    best: tuple[bool, Fraction, Fraction] | None = None
    for chosen in chain.from_iterable(combinations(known, n) for n in range(len(known) + 1)):
        left = list(purses)
        after = {horizon: Fraction(amount) for horizon, amount in spent.items()}
        for one in chosen:
            left[one.purse] -= one.cost
            after[one.horizon] += Fraction(one.cost)
        total = sum(after.values())
        if min(left) < 0 or not total:
            continue
        away = {h: abs(100 * after[h] / total - TARGETS[h].share) for h in HORIZONS}
        inside = all(away[h] <= TARGETS[h].tolerance for h in HORIZONS)
        key = (
            inside,
            Fraction(0) if inside else sum(away.values(), Fraction(0)),
            sum((o.wsjf for o in chosen), Fraction(0)),
        )
        if best is None or (key[0], -key[1], key[2]) > (best[0], -best[1], best[2]):
            best = key
    assert best is not None
    return best


@pytest.mark.parametrize("seed", range(40))
def test_the_suggestion_is_that_of_a_plain_search(seed: int) -> None:
    dice = Random(seed)
    known = [
        Candidate(key, dice.randrange(2), dice.choice(HORIZONS), Decimal(dice.randrange(1, 60)) * 10,
                  Fraction(dice.choice((3, 10, 25, 40)), dice.choice((1, 2, 3, 8))))
        for key in range(dice.randrange(1, 8))
    ]  # fmt: skip
    spent = amounts(*(dice.randrange(0, 50) * 10 for _ in HORIZONS))
    spent["h1"] += 100
    purses = [Decimal(dice.randrange(0, 90) * 10) for _ in range(2)]
    found = suggest(known, spent, TARGETS, purses)
    restores, _, wsjf = by_search(known, spent, purses)
    assert found.restores == restores
    assert sum((one.wsjf for one in known if one.key in found.chosen), Fraction(0)) == wsjf
