"""Why impediments are there: the few causes that cost most, what comes back, root causes, internal against external."""

from collections.abc import Callable, Mapping, Sequence

from django.conf import settings

from charts import figures
from charts.figures import Spec
from charts.figures.pareto import pareto as pareto_figure
from core.templatetags.ui import money
from impediments.analysis.cases import Case, Cases
from impediments.analysis.part import (
    BY,
    Cell,
    Head,
    Part,
    address,
    count,
    figure_cell,
    number,
    per_cent,
    ranked_by,
)
from impediments.formulas.analysis import RECURS, Share, alike, commonest, shares, usual, vital

DRAWN = 10
NOT_SAID = "Not resolved yet"
WHY_PARETO = (
    "Lost item-days: of each working day of the window the blocked items that were in progress at its end; one that "
    "several impediments block is split equally among them. The strong bars together make up the first 80 %.",
    "The cost is the capacity cost of these days; it is shown to those who may see the money of every team of the "
    "scope, who may also rank by it: a few days of an expensive team cost more than many of a cheap one. Delay cost is "
    "another thing and never added.",
)
WHY_REASONS = (
    "Impediments whose words say the same are put together, as reasons of blocks are on the Blockers page. What was "
    "logged twice or more within the window comes back.",
)
WHY_ROOTS = ("The root cause is said when an impediment is resolved: why it could happen at all.",)
WHY_ORIGIN = ("External: the cause lies outside the organisation. A vendor’s is, unless somebody said otherwise.",)


def _root(case: Case) -> str:
    return case.root or NOT_SAID


def _grouped(found: Cases, by: str) -> dict[str, list[Case]]:
    """The impediments by what they are added up by, in no order."""
    if by == "reason":
        return {one[0].one.what: list(one) for one in clusters(found)}
    name: dict[str, Callable[[Case], str]] = {
        "category": lambda case: str(case.one.get_category_display()),
        "team": lambda case: case.one.team.name,
        "root": _root,
    }
    groups: dict[str, list[Case]] = {}
    for case in found.all:
        groups.setdefault(name[by](case), []).append(case)
    return groups


def clusters(found: Cases) -> list[list[Case]]:
    """Impediments that say the same in other words, the largest group first; in each the commonest words lead."""
    groups = []
    for places in alike([case.one.what for case in found.all]):
        own = [found.all[place] for place in places]
        leader = commonest([case.one.what for case in own])
        groups.append(sorted(own, key=lambda case: (case.one.what != leader, -case.days, case.one.pk)))
    return groups


def pareto(found: Cases, by: str, ranked: str = "days") -> Part:
    """Which few causes take most of the lost item-days, or cost most; the cost only for who sees all of it."""
    by, is_cost = by if by in BY else "category", ranked_by(found, ranked) == "cost"
    groups = _grouped(found, by)
    worth = _worth_of_money if is_cost else _worth_of_days
    parts = shares({name: worth(found, own) for name, own in groups.items()})
    return Part(
        "pareto",
        "Which few causes cost most?" if is_cost else "Which few causes take most?",
        _dearest(found, parts, by) if is_cost else _most(found, parts, by),
        _days_of(found) if is_cost else _cost_of(found),
        spec=_drawn(parts, settings.CURRENCY if is_cost else "lost item-days"),
        head=_pareto_head(found, by, is_cost=is_cost),
        rows=[
            *(_pareto_row(found, one, groups[one.name], is_cost=is_cost) for one in parts),
            *(_priceless_rows(found, groups) if is_cost else ()),
        ],
        note=f"{'capacity cost of ' if is_cost else ''}blocked items in progress, per working day",
        why=WHY_PARETO,
    )


def _worth_of_days(found: Cases, own: Sequence[Case]) -> float:
    return sum(case.took.days for case in own)


def _worth_of_money(found: Cases, own: Sequence[Case]) -> float:
    return float(found.amount(own) or 0)


def _drawn(parts: Sequence[Share], unit: str) -> Spec | None:
    drawn = {one.name: round(one.value, 1) for one in parts[:DRAWN]}
    return pareto_figure(drawn, unit=unit, height="large" if len(drawn) > 6 else "medium") if drawn else None


def _pareto_head(found: Cases, by: str, *, is_cost: bool) -> list[Head]:
    cost = [Head(f"Cost, {settings.CURRENCY}", True)] if found.sees_money else []
    share = [Head("Share of the cost" if is_cost else "Share", True), Head("Together", True)]
    ranked = [*cost, *share] if is_cost else [*share, *cost]
    return [Head(BY[by]), Head("Impediments", True), Head("Lost item-days", True), *ranked]


def _vital(parts: Sequence[Share], by: str) -> str:
    n, what = vital(parts), BY[by].lower()
    plural = {"category": "categories", "reason": "reasons", "team": "teams", "root cause": "root causes"}[what]
    return f"{n} of {count(len(parts), what, plural)} {'makes' if n == 1 else 'make'} up the first 80 %."


def _most(found: Cases, parts: Sequence[Share], by: str) -> str:
    if not parts:
        return "No blocked item in progress was counted in this window, so nothing was lost."
    first = parts[0]
    told = f"“{first.name}” takes {per_cent(first.share)} of {number(found.lost)} lost item-days"
    return f"{told}; {_vital(parts, by)}"


def _dearest(found: Cases, parts: Sequence[Share], by: str) -> str:
    if not found.lost:
        return _most(found, (), by)
    whole, first = found.amount(found.all), parts[0] if parts else None
    if first is None or whole is None:
        return f"Cost: n/a, {_unpriced(found) or 'what was lost cost nothing'}."
    told = f"“{first.name}” makes {per_cent(first.share)} of {money(whole.quantize(1))} capacity cost"
    return f"{told}; {_vital(parts, by)}"


def _unpriced(found: Cases) -> str:
    """Why some of the money is not known; "" where all of it is."""
    return min((case.took.reason for case in found.all if case.took.reason), default="")


def _days_of(found: Cases) -> str:
    if not found.lost:
        return ""
    lacks = f" Not all of them have a price: {_unpriced(found)}." if _unpriced(found) else ""
    return f"They took {number(found.lost)} lost item-days in the window.{lacks}"


def _cost_of(found: Cases) -> str:
    amount = found.amount(found.all)
    if amount is None:
        return f"Cost: n/a, {_unpriced(found)}." if found.sees_money and _unpriced(found) else ""
    return f"Their capacity cost in the window: {money(amount.quantize(1))}."


def _money_cell(found: Cases, own: Sequence[Case]) -> list[Cell]:
    """The money of these, in a scope whose money the reader sees."""
    if not found.sees_money:
        return []
    amount = found.amount(own)
    return [Cell("n/a" if amount is None else f"{amount:,.0f}", value="" if amount is None else amount)]


def _pareto_row(found: Cases, one: Share, own: Sequence[Case], *, is_cost: bool) -> list[Cell]:
    share = [Cell(per_cent(part), value=round(part, 4)) for part in (one.share, one.together)]
    cost = _money_cell(found, own)
    ranked = [*cost, *share] if is_cost else [*share, *cost]
    return [Cell(one.name), Cell(str(len(own)), value=len(own)), figure_cell(_worth_of_days(found, own)), *ranked]


def _priceless_rows(found: Cases, groups: Mapping[str, Sequence[Case]]) -> list[list[Cell]]:
    """What took days that nobody put a price on, the most days first: it has no share of the cost."""
    lacks = {name: own for name, own in groups.items() if not found.amount(own) and _worth_of_days(found, own)}
    order = sorted(lacks, key=lambda name: (-_worth_of_days(found, lacks[name]), name))
    none = Cell("n/a", value="")
    return [
        [Cell(name), Cell(str(len(own)), value=len(own)), figure_cell(_worth_of_days(found, own)),
         *_money_cell(found, own), none, none]
        for name in order
        for own in [lacks[name]]
    ]  # fmt: skip


def reasons(found: Cases) -> Part:
    """What was logged more than once, in whatever words."""
    groups = clusters(found)
    again = [own for own in groups if len(own) >= RECURS]
    cost = [Head(f"Cost, {settings.CURRENCY}", True)] if found.sees_money else []
    return Part(
        "reasons",
        "What comes back?",
        _again(found, again),
        head=[
            Head("In the way"),
            Head("Times", True),
            Head("Open", True),
            Head("Teams"),
            Head("Median working days", True),
            Head("Lost item-days", True),
            *cost,
            Head("Root cause, mostly"),
        ],
        rows=[_reason_row(found, own) for own in again],
        note="reasons that say the same in other words are put together",
        why=WHY_REASONS,
    )


def _again(found: Cases, again: Sequence[Sequence[Case]]) -> str:
    if not found.all:
        return "No impediment was open in this window."
    if not again:
        return f"None of {count(len(found.all), 'impediment')} was logged twice."
    n = sum(len(own) for own in again)
    first = again[0]
    return (
        f"{n} of {count(len(found.all), 'impediment')} say what another one says; most often “{first[0].one.what}”, "
        f"{len(first)} times."
    )


def _reason_row(found: Cases, own: Sequence[Case]) -> list[Cell]:
    teams = sorted({case.one.team.name for case in own})
    done = [case for case in own if case.ended_at]
    roots = commonest([_root(case) for case in done])
    also = sorted({case.one.what for case in own} - {own[0].one.what})
    note = f"also “{also[0]}”" + (f" and {len(also) - 1} more" if len(also) > 1 else "") if also else ""
    return [
        Cell(own[0].one.what, address(found, own[0].one.pk), note),
        Cell(str(len(own)), value=len(own)),
        Cell(str(len(own) - len(done)), value=len(own) - len(done)),
        Cell(", ".join(teams[:3]) + (f" and {len(teams) - 3} more" if len(teams) > 3 else ""), value=", ".join(teams)),
        figure_cell(usual([case.days for case in done]).median, "" if done else "none resolved"),
        figure_cell(sum(case.took.days for case in own)),
        *_money_cell(found, own),
        Cell(roots or "not resolved yet"),
    ]


def roots(found: Cases) -> Part:
    """Why it could happen, of those that were resolved."""
    done = found.resolved
    groups: dict[str, list[Case]] = {}
    for case in done:
        groups.setdefault(_root(case), []).append(case)
    parts = shares({name: float(len(own)) for name, own in groups.items()})
    return Part(
        "roots",
        "Why could they happen?",
        f"Mostly “{parts[0].name}”: {int(parts[0].value)} of {len(done)} resolved." if parts else "None was resolved.",
        is_beside=True,
        spec=figures.ranking({one.name: int(one.value) for one in parts}, unit="resolved impediments")
        if parts
        else None,
        head=[Head("Root cause"), Head("Resolved", True), Head("Share", True), Head("Median working days", True)],
        rows=[_root_row(one, groups[one.name]) for one in parts],
        why=WHY_ROOTS,
    )


def _root_row(one: Share, own: Sequence[Case]) -> list[Cell]:
    known = usual([case.days for case in own])
    return [Cell(one.name), Cell(str(known.n), value=known.n), Cell(per_cent(one.share), value=round(one.share, 4)),
            figure_cell(known.median)]  # fmt: skip


def origin(found: Cases) -> Part:
    """Causes inside the organisation against those outside."""
    sides = [(name, [case for case in found.all if case.one.is_external == is_external])
             for name, is_external in (("Internal", False), ("External", True))]  # fmt: skip
    cost = [Head(f"Cost, {settings.CURRENCY}", True)] if found.sees_money else []
    return Part(
        "origin",
        "Inside or outside the organisation?",
        _sides(found, len(sides[0][1])),
        head=[
            Head("Cause"),
            Head("Impediments", True),
            Head("Open", True),
            Head("Median", True),
            Head("85 %", True),
            Head("Lost item-days", True),
            *cost,
        ],
        rows=[_side_row(found, name, own) for name, own in sides] if found.all else [],
        note="median and 85th percentile of the working days of those resolved",
        why=WHY_ORIGIN,
    )


def _sides(found: Cases, inside: int) -> str:
    if not found.all:
        return "No impediment was open in this window."
    n = len(found.all)
    lost = sum(case.took.days for case in found.all if not case.one.is_external)
    told = f"{inside} of {count(n, 'impediment')} {'has its' if inside == 1 else 'have their'} cause inside"
    return f"{told}, and {per_cent(lost / found.lost)} of the lost item-days." if found.lost else f"{told}."


def _side_row(found: Cases, name: str, own: Sequence[Case]) -> list[Cell]:
    known = usual([case.days for case in own if case.ended_at])
    still = sum(case.ended_at is None for case in own)
    return [
        Cell(name),
        Cell(str(len(own)), value=len(own)),
        Cell(str(still), value=still),
        figure_cell(known.median),
        figure_cell(known.p85),
        figure_cell(sum(case.took.days for case in own)),
        *_money_cell(found, own),
    ]
