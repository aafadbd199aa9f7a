"""Scenarios side by side: budgets, what is funded, horizons' shares, Σ WSJF; the present as one of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from django.db.models import Max, Prefetch, Q, QuerySet
from django.utils import timezone

from core.templatetags.ui import money
from funding.models import Scenario, ScenarioBudget, ScenarioInitiative
from funding.queries.budgets import budgets
from portfolio.evidence import Fact
from portfolio.formulas.wsjf import value_of
from portfolio.models import Approval, ApprovalState, ApprovalThreshold, Horizon, Initiative, Stage, ValueStream
from portfolio.quarters import Quarter

# How many are compared at most: more columns are not read side by side.
MOST = 4


class Line(NamedTuple):
    """An initiative in a scenario; `amount` None: nothing said, its estimated cost counts."""

    initiative: Initiative
    is_funded: bool
    amount: Decimal | None

    @property
    def cost(self) -> Decimal | None:
        """What it takes in the quarter: as the scenario says, else what it is estimated to cost."""
        return self.initiative.estimated_cost if self.amount is None else self.amount

    @property
    def wsjf(self) -> Fraction | None:
        """None without all of its scores."""
        one = self.initiative
        return value_of((one.business_value, one.time_criticality, one.risk_reduction, one.job_size))

    @property
    def wsjf_text(self) -> str:
        return "none" if self.wsjf is None else f"{float(self.wsjf):.1f}"


@dataclass(frozen=True, slots=True)
class Column:
    """A scenario, or the present (no `scenario`), to be compared. `budgets` by stream id.

    `guessed`: of these streams the quarter has no budget yet, so that of today's quarter stands here.
    """

    name: str
    quarter: Quarter
    budgets: Mapping[int, Decimal]
    lines: Sequence[Line]
    scenario: Scenario | None = None
    guessed: frozenset[int] = field(default_factory=frozenset)

    @property
    def key(self) -> str:
        return str(self.scenario.pk) if self.scenario else "present"

    @property
    def total(self) -> Decimal:
        return sum(self.budgets.values(), Decimal(0))

    @property
    def funded(self) -> list[Line]:
        return [line for line in self.lines if line.is_funded]

    @property
    def wsjf(self) -> Fraction:
        """Σ WSJF of what is funded; what has no scores adds nothing (see `unscored`)."""
        return sum((line.wsjf or Fraction(0) for line in self.funded), Fraction(0))

    @property
    def wsjf_text(self) -> str:
        """Σ WSJF with one decimal, and what it leaves out."""
        return f"{float(self.wsjf):.1f}" + _aside(self.unscored, "without scores")

    @property
    def unscored(self) -> int:
        return sum(line.wsjf is None for line in self.funded)

    @property
    def cost(self) -> Decimal:
        """What the funded initiatives take; those without a cost add nothing (see `without_cost`)."""
        return sum((line.cost or Decimal(0) for line in self.funded), Decimal(0))

    @property
    def without_cost(self) -> int:
        return sum(line.cost is None for line in self.funded)

    def shares(self) -> dict[str, Fraction]:
        """The share of each horizon in the cost of what is funded and has a horizon; none where that is nothing."""
        by: dict[str, Decimal] = {}
        for line in self.funded:
            if line.initiative.horizon and line.cost:
                by[line.initiative.horizon] = by.get(line.initiative.horizon, Decimal(0)) + line.cost
        whole = Fraction(sum(by.values(), Decimal(0)))
        return {horizon: Fraction(amount) / whole for horizon, amount in by.items()} if whole else {}


def scenarios(*, with_discarded: bool = False) -> "QuerySet[Scenario]":
    """Scenarios with their budgets and initiatives, the latest quarter first."""
    rows = Scenario.objects.select_related("made_by", "copied_from", "decision").prefetch_related(
        Prefetch("budgets", ScenarioBudget.objects.order_by("stream__position", "stream__name")),
        Prefetch("initiatives", ScenarioInitiative.objects.select_related("initiative__stream")),
    )
    return rows if with_discarded else rows.filter(discarded_at=None)


def column_of(scenario: Scenario) -> Column:
    """The scenario, to be compared."""
    found = scenario.initiatives.all()
    lines = [Line(row.initiative, row.is_funded, row.amount) for row in found]
    amounts = {row.stream_id: row.amount for row in scenario.budgets.all()}
    return Column(scenario.name, Quarter.of(scenario.quarter), amounts, _sorted(lines), scenario)


def _sorted(lines: Iterable[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (line.initiative.stream.position, line.initiative.stream.name, _rank(line)))


def _rank(line: Line) -> tuple[Fraction, str]:
    return -(line.wsjf or Fraction(0)), line.initiative.name


def streams_of(quarter: Quarter) -> list[ValueStream]:
    """The value streams that can have a budget in the quarter."""
    return list(ValueStream.objects.filter(Q(ended_on=None) | Q(ended_on__gte=quarter.first)))


def present(quarter: Quarter) -> Column:
    """What holds now: the budgets, what is being implemented (funded) and what waits in the backlog. Four queries."""
    now, streams = timezone.now(), streams_of(quarter)
    today = Quarter.of(timezone.localdate(now))
    set_already = budgets(streams, quarter, now)
    usual = set_already if quarter == today else budgets(streams, today, now)
    amounts = {one.pk: set_already.get(one.pk, usual.get(one.pk, Decimal(0))) for one in streams}
    rows = Initiative.objects.filter(stage__in=[Stage.IMPLEMENTING, Stage.BACKLOG]).select_related("stream")
    lines = [Line(one, one.stage == Stage.IMPLEMENTING, None) for one in rows]
    guessed = frozenset(one.pk for one in streams if one.pk not in set_already)
    return Column("The present", quarter, amounts, _sorted(lines), None, guessed)


def waiting_for_approval(column: Column) -> list[Initiative]:
    """The funded initiatives that may not be implemented before somebody approves their cost. Two queries."""
    own: dict[int | None, Decimal] = dict(ApprovalThreshold.objects.values_list("stream", "amount"))
    approved = Approval.objects.filter(state=ApprovalState.APPROVED).values_list("initiative").annotate(Max("amount"))
    covered = dict(approved.filter(initiative__in=[line.initiative.pk for line in column.funded]).order_by())
    return [
        one
        for one in (line.initiative for line in column.funded)
        if one.stage not in (Stage.IMPLEMENTING, Stage.DONE)
        and one.estimated_cost is not None
        and (limit := own.get(one.stream_id, own.get(None))) is not None
        and one.estimated_cost > max(limit, covered.get(one.pk) or Decimal(0))
    ]


class Cell(NamedTuple):
    """What stands in a column; `differs`: not as in the first column; `note` says by how much."""

    text: str
    differs: bool = False
    note: str = ""


class Compared(NamedTuple):
    """A line of the comparison, a cell per column."""

    label: str
    cells: list[Cell]
    group: str = ""

    @property
    def differs(self) -> bool:
        return any(cell.differs for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Columns with their lines: money, shares of horizons and WSJF, then each initiative that one of them holds."""

    columns: list[Column]
    money: list[Compared]
    mix: list[Compared]
    initiatives: list[Compared]

    @property
    def differing(self) -> list[Compared]:
        """The lines in which a column is not as the first."""
        return [line for line in (*self.money, *self.mix, *self.initiatives) if line.differs]

    @property
    def finding(self) -> str:
        """What differs, in a sentence."""
        moved = sum(line.differs for line in self.money[:-1])
        swapped = sum(line.differs for line in self.initiatives)
        if not moved and not swapped:
            return "They fund the same"
        parts = [_counted(moved, "budget") if moved else "", _counted(swapped, "initiative") if swapped else ""]
        return f"They differ in {' and '.join(part for part in parts if part)}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number > 1 else ''}"


def compare(columns: Sequence[Column]) -> Comparison:
    """The columns side by side; each cell is set against the first column. One query beside those of the columns."""
    streams = {pk for column in columns for pk in column.budgets}
    rows = ValueStream.objects.filter(pk__in=streams)
    lines = [_money_line(one.name, [column.budgets.get(one.pk) for column in columns]) for one in rows]
    total = _money_line("All together", [column.total for column in columns])
    return Comparison(list(columns), [*lines, total], _mix(columns), _initiatives(columns))


def _money_line(label: str, amounts: Sequence[Decimal | None]) -> Compared:
    first = amounts[0]
    cells = [Cell(money(first))]
    for amount in amounts[1:]:
        change = None if amount is None or first is None else amount - first
        sign = "+" if change and change > 0 else ""
        cells.append(Cell(money(amount), amount != first, f"{sign}{money(change)}" if change else ""))
    return Compared(label, cells)


def _texts(label: str, texts: Sequence[str], group: str = "") -> Compared:
    return Compared(label, [Cell(text, text != texts[0]) for text in texts], group)


def _mix(columns: Sequence[Column]) -> list[Compared]:
    shares = [column.shares() for column in columns]
    horizons = [
        _texts(horizon.label, [_share(one, horizon.value) for one in shares])
        for horizon in Horizon
        if any(horizon.value in one for one in shares)
    ]
    costs = [money(column.cost) + _aside(column.without_cost, "without a cost") for column in columns]
    wsjf = [column.wsjf_text for column in columns]
    return [
        _texts("Funded initiatives", [str(len(column.funded)) for column in columns]),
        _texts("What they cost", costs),
        _texts("Σ WSJF", wsjf),
        *horizons,
    ]


def _aside(number: int, what: str) -> str:
    return f" ({number} {what})" if number else ""


def _share(shares: Mapping[str, Fraction], horizon: str) -> str:
    if not shares:
        return "n/a: nothing funded has a horizon and a cost"
    return f"{float(100 * shares.get(horizon, Fraction(0))):.0f}\u00a0%"


def _initiatives(columns: Sequence[Column]) -> list[Compared]:
    held = [{line.initiative.pk: line for line in column.lines} for column in columns]
    every = _sorted({pk: line for one in held for pk, line in one.items()}.values())
    return [
        _texts(one.name, [_funded(lines.get(one.pk)) for lines in held], one.stream.name)
        for one in (line.initiative for line in every)
    ]


def _funded(line: Line | None) -> str:
    if line is None or not line.is_funded:
        return "not funded"
    return f"funded, {money(line.amount)}" if line.amount is not None else "funded"


def evidence_of(column: Column, key: str, label: str) -> list[Fact]:
    """The column as facts that a decision keeps: every budget, the total, what is funded, shares and Σ WSJF."""
    streams = ValueStream.objects.in_bulk(list(column.budgets))
    found = [
        _budget_fact(f"{key}.budget.{streams[pk].slug}", f"{label}: budget of {streams[pk]}", amount)
        for pk, amount in column.budgets.items()
    ]
    found.append(_budget_fact(f"{key}.total", f"{label}: all budgets", column.total))
    names = ", ".join(line.initiative.name for line in column.funded) or "none"
    found.append(Fact(f"{key}.funded", f"{label}: funded initiatives", names, len(column.funded), "initiatives"))
    found.append(Fact(f"{key}.wsjf", f"{label}: Σ WSJF of what is funded", column.wsjf_text, float(column.wsjf)))
    shares = sorted(column.shares().items())
    return found + [
        Fact(f"{key}.share.{one}", f"{label}: {Horizon(one).label}", _share({one: share}, one), float(share))
        for one, share in shares
    ]


def _budget_fact(key: str, label: str, amount: Decimal) -> Fact:
    return Fact(key, label, money(amount), str(amount), is_money=True)


def columns(wanted: Sequence[str]) -> tuple[list[Column], str]:
    """The columns with these keys (“present”, numbers of scenarios) in their order; or why not, in words.

    The present is that of the quarter of the first scenario.
    """
    if not 2 <= len(wanted) <= MOST:
        return [], f"Choose from 2 to {MOST} to compare."
    numbers = [int(key) for key in wanted if key.isascii() and key.isdecimal() and len(key) < 10]
    found = {str(one.pk): column_of(one) for one in scenarios(with_discarded=True).filter(pk__in=numbers)}
    if missing := [key for key in wanted if key != "present" and key not in found]:
        return [], f"There is no scenario “{missing[0][:40]}”."
    if not found:
        return [], "Choose a scenario to compare with the present."
    if len({column.quarter for column in found.values()}) > 1:
        return [], "These are of different quarters: compare those of one."
    quarter = next(iter(found.values())).quarter
    return [found[key] if key in found else present(quarter) for key in wanted], ""


def table(comparison: Comparison) -> tuple[list[str], list[list[object]]]:
    """The comparison as a table for spreadsheets."""
    lines = [*comparison.money, *comparison.mix, *comparison.initiatives]
    rows: list[list[object]] = [
        [line.group, line.label, *(cell.text for cell in line.cells), "yes" if line.differs else ""] for line in lines
    ]
    return ["stream", "what", *(column.name for column in comparison.columns), "differs"], rows
