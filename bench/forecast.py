"""How fast the engine of forecasts is, and how exact: `python -m bench.forecast`. Needs no database."""

import time
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction

import numpy as np

from metrics.formulas.forecast.engine import run
from metrics.formulas.forecast.shapes import Inputs, Line, Part, Target, TeamInput, dump
from metrics.formulas.forecast.spread import kernel, unfold

TODAY = date(2026, 11, 20)
USUAL = {0: 30, 1: 15, 2: 10, 3: 4, 5: 1}
BUSY = {0: 20, 20: 20, 30: 10, 41: 10}


def team(counts: Mapping[int, int], slug: str = "falcon") -> TeamInput:
    return TeamInput(slug, slug, TODAY, (1, 2, 3, 4, 5), (), counts=counts)


def asked(
    teams: Sequence[TeamInput], lines: Sequence[Line], targets: Sequence[Target], by: date | None = None
) -> Inputs:
    counting = tuple(range(len(teams))) if by else ()
    horizon = TODAY + timedelta(days=3652)
    return Inputs(
        "", TODAY, horizon, (50, 70, 85, 95), tuple(teams), tuple(lines), tuple(targets), counting=counting, by=by
    )


def items(n: int, counts: Mapping[int, int], by: date | None = None) -> Inputs:
    line = Line((0,), (Part("items", n),))
    return asked([team(counts)], [line], [Target("items", "items", ((0, 0),), detail=True)], by)


def plan(teams: int, features: int) -> Inputs:
    """Queues of features, and initiatives over all teams."""
    lines = [Line((at,), tuple(Part("f", 5 + n % 9) for n in range(features)), 2) for at in range(teams)]
    targets = [Target("f", "f", ((at, n),)) for at in range(teams) for n in range(features)]
    targets += [Target("i", "i", tuple((at, n) for at in range(teams))) for n in range(features)]
    return asked([team(USUAL, f"t{at}") for at in range(teams)], lines, targets)


def timed(inputs: Inputs) -> float:
    """Milliseconds of processor time, the best of three."""
    text, best = dump(inputs), float("inf")
    for _ in range(3):
        begin = time.process_time()
        run(text)
        best = min(best, time.process_time() - begin)
    return best * 1000


def largest_error(days: int) -> float:
    """The largest distance of any chance from the same in fractions."""
    whole, exact = sum(USUAL.values()), {0: Fraction(1)}
    for _ in range(days):
        after: dict[int, Fraction] = {}
        for total, chance in exact.items():
            for count, often in USUAL.items():
                after[total + count] = after.get(total + count, Fraction(0)) + chance * Fraction(often, whole)
        exact = after
    *_, last = unfold([kernel(USUAL, Fraction(1))], [np.ones(days, dtype=np.bool_)])
    numbers = np.arange(max(exact) + 2)
    below, sums = last.below(numbers), Fraction(0)
    worst = 0.0
    for n in numbers.tolist():
        worst = max(worst, abs(float(sums) - float(below[n])))
        sums += exact.get(n, Fraction(0))
    return worst


def main() -> None:
    cases = {
        "30 items, with curve and fan": items(30, USUAL),
        "how many in 12 weeks": items(30, USUAL, TODAY + timedelta(days=84)),
        "how many in 10 years": items(30, USUAL, TODAY + timedelta(days=3650)),
        "10,000 items at 25 a day": items(10_000, BUSY),
        "10,000 items at 1 a day (beyond ten years)": items(10_000, USUAL),
        "12 teams with 10 features each, 10 initiatives": plan(12, 10),
    }
    for name, inputs in cases.items():
        print(f"{name:50} {timed(inputs):7.0f} ms")
    for days in (20, 60):
        print(f"largest error of a chance after {days} days: {largest_error(days):.1e}")


if __name__ == "__main__":
    main()
