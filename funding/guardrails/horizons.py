"""Guardrail 1: does the money go to the horizons that it should go to, now and at the end of the quarter?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from django.db.models import Q
from django.utils import timezone

from funding.formulas import horizons as formula
from funding.formulas.forecast import CENT
from funding.formulas.horizons import Balance, Candidate, Share, Suggestion, Target
from funding.models import HorizonTarget
from funding.queries import StreamMoney, money, parts
from funding.rollups import working_days
from funding.templatetags.costs import per_cent, whole_money
from portfolio.formulas.wsjf import Job, ranked
from portfolio.models import Horizon, Initiative, Stage, ValueStream
from portfolio.quarters import Quarter
from portfolio.queries import Scope

# The pace of spending is that of so many working days.
PACE_DAYS = 20
PREPARING = "the costs of teams are being prepared, so what was spent is not known yet"
WAITING = (Stage.BACKLOG, Stage.ANALYSING)


@dataclass(frozen=True, slots=True)
class HorizonRow:
    """A horizon now and at the end of the quarter (None: n/a)."""

    now: Share
    end: Share | None

    @property
    def label(self) -> str:
        return Horizon(self.now.horizon).label

    @property
    def mark(self) -> float | None:
        """Where the bar should end."""
        return self.now.target.share / 100 if self.now.target else None

    @property
    def bar_text(self) -> str:
        return _off_text(self.now) if self.now.target else f"{self.label} gets {per_cent(self.now.share)}"

    @property
    def off_text(self) -> str:
        """By how many percentage points it is off."""
        deviation = float(self.now.deviation or 0)
        return f"{abs(round(deviation))} points {'above' if deviation > 0 else 'below'}"


@dataclass(frozen=True, slots=True)
class Horizons:
    """Shares of spend per horizon of a scope: `now`, and at the `end` of the quarter at the recent pace.

    None is n/a and the reason says why. `not_said` was spent without a horizon and is in no share. `left` is the money
    that the streams' forecasts leave of their budgets; `suggestion` says which waiting initiatives restore the
    balance, `initiatives` are those it names, by id.
    """

    targets: Mapping[str, Target]
    now: Balance | None
    end: Balance | None
    not_said: Decimal
    days_left: int
    pace_days: int
    left: Decimal | None
    suggestion: Suggestion | None
    reason: str = ""
    end_reason: str = ""
    suggestion_reason: str = ""
    initiatives: Mapping[int, Initiative] = field(default_factory=dict)
    own_targets: bool = False
    # How many waiting initiatives were tried.
    tried: int = 0

    @property
    def chosen(self) -> list[Initiative]:
        return [self.initiatives[pk] for pk in self.suggestion.chosen] if self.suggestion else []

    @property
    def base(self) -> list[Initiative]:
        return [self.initiatives[pk] for pk in self.suggestion.base] if self.suggestion else []

    @property
    def rows(self) -> list[HorizonRow]:
        """Of each horizon; empty when nothing was spent on any."""
        if self.now is None:
            return []
        ends = {one.horizon: one for one in self.end.shares} if self.end else {}
        return [HorizonRow(one, ends.get(one.horizon)) for one in self.now.shares]

    @property
    def tag(self) -> str:
        """A word for the head of the widget."""
        return "" if not self.targets or self.now is None else "off" if self.now.off else "within tolerance"

    @property
    def tone(self) -> str:
        return "warn" if self.tag == "off" else ""

    @property
    def note(self) -> str:
        """What the end of the quarter is computed from."""
        return f"pace: mean of the last {self.pace_days} working days, {self.days_left} are left"

    @property
    def cost(self) -> Decimal:
        """Of what is suggested."""
        return sum((one.estimated_cost or Decimal(0) for one in self.chosen), Decimal(0))

    @property
    def answer(self) -> str:
        if self.now is None:
            return f"{self.reason[:1].upper()}{self.reason[1:]}."
        if not self.targets:
            most = max(self.now.shares, key=lambda one: one.share)
            return (
                f"{per_cent(most.share)} goes to {Horizon(most.horizon).label}. No shares are agreed to compare with."
            )
        if not self.now.off:
            return "Every horizon gets the share that was agreed, within its tolerance."
        worst = max(self.now.off, key=_distance)
        return f"{_off_text(worst)}: {whole_money(self.now.move)} would have to move."

    @property
    def end_text(self) -> str:
        """What the end of the quarter looks like, in a sentence."""
        if self.end is None or not self.targets:
            return f"At the end of the quarter: {self.end_reason or 'no shares are agreed to compare with'}."
        if not self.days_left:
            return "The quarter is over: this is how it ended."
        if not self.end.off:
            return "At the pace of the last weeks every horizon ends the quarter within its tolerance."
        worst = max(self.end.off, key=_distance)
        return f"At the pace of the last weeks, when the quarter ends: {_off_text(worst)}."

    @property
    def suggestion_text(self) -> str:
        """Which initiatives that have not begun restore the balance, and what it costs in WSJF."""
        if self.suggestion is None:
            return f"{self.suggestion_reason[:1].upper()}{self.suggestion_reason[1:]}."
        names = _names(self.chosen)
        loss = f"{float(self.suggestion.loss):.1f} WSJF less than starting by rank alone"
        if self.suggestion.loss < 0:
            loss = f"{-float(self.suggestion.loss):.1f} WSJF more than starting by rank alone"
        if not self.chosen:
            more = f"; {loss}" if self.suggestion.base else ""
            if self.suggestion.restores:
                return f"Starting nothing new keeps every horizon within its tolerance{more}."
            return f"No choice of waiting initiatives restores it: starting none of them comes closest{more}."
        if self.chosen == self.base:
            end = "every horizon ends within its tolerance" if self.suggestion.restores else "no other choice is closer"
            return f"Start {names}, as the ranks say: {end}, and nothing of WSJF is lost."
        end = "brings every horizon within its tolerance" if self.suggestion.restores else "comes closest"
        return f"Starting {names} ({whole_money(self.cost)}) {end}, with {loss}."


def _distance(share: Share) -> Fraction:
    return abs(share.deviation or Fraction(0))


def _off_text(share: Share) -> str:
    much = f"{share.target.share}\u00a0% ± {share.target.tolerance}" if share.target else "what was agreed"
    return f"{Horizon(share.horizon).label} gets {per_cent(share.share)} instead of {much}"


def _names(initiatives: Sequence[Initiative]) -> str:
    names = [one.name for one in initiatives]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""


def targets_of(scope: Scope, streams: Sequence[ValueStream]) -> tuple[dict[str, Target], bool]:
    """The agreed shares of a scope by horizon, and whether they are a stream's own; a stream without any has the
    portfolio's. Horizons left out have no target where there are others: 0 % is said as 0.
    """
    own = Q(stream__in=streams) if scope.kind == "stream" else Q(pk=None)
    rows = HorizonTarget.objects.filter(own | Q(stream=None)).order_by()
    found: dict[bool, dict[str, Target]] = {True: {}, False: {}}
    for stream, horizon, share, tolerance in rows.values_list("stream", "horizon", "share", "tolerance"):
        found[stream is not None][horizon] = Target(share, tolerance)
    return (found[True], True) if found[True] else (found[False], False)


def _by_horizon(first: date, last: date, as_of: datetime, streams: Sequence[ValueStream]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for part in parts(first, last, as_of, streams):
        found[part.horizon] = found.get(part.horizon, Decimal(0)) + part.amount
    return found


def horizons(
    scope: Scope,
    streams: Sequence[ValueStream],
    quarter: Quarter,
    as_of: datetime,
    initiatives: Sequence[Initiative],
    stages: Mapping[int, str],
) -> Horizons:
    """Guardrail 1 of the streams in a quarter; `stages` are those of the initiatives as at `as_of`."""
    today = timezone.localdate(as_of)
    targets, is_own = targets_of(scope, streams)
    spent = _by_horizon(quarter.first, quarter.last, as_of, streams)
    not_said = spent.pop("", Decimal(0)).quantize(CENT)
    now = formula.balance(spent, targets)
    back = working_days(streams, today - timedelta(days=90), min(today, quarter.last))[-PACE_DAYS:]
    ahead = working_days(streams, max(today + timedelta(days=1), quarter.first), quarter.last)
    recent = _by_horizon(back[0], back[-1], as_of, streams) if back and ahead else {}
    ends = formula.at_the_end(spent, recent, len(back), len(ahead))
    end = formula.balance(ends, targets) if ends is not None else None
    purses = money(streams, quarter, as_of)
    waiting = candidates(initiatives, stages, purses)
    suggestion, why = _suggest(ends, end, targets, purses, waiting, is_over=today >= quarter.last)
    is_behind = any(one.is_unprepared for one in purses)
    lefts = [one.left for one in purses if one.left is not None]
    return Horizons(
        targets=targets,
        now=now,
        end=end,
        not_said=not_said,
        days_left=len(ahead),
        pace_days=len(back),
        left=sum(lefts, Decimal(0)) if lefts else None,
        suggestion=suggestion,
        reason="" if now else PREPARING if is_behind else "nothing was spent on a horizon in this quarter yet",
        end_reason="" if end else "nothing is spent on a horizon yet, so there is no pace to go by",
        suggestion_reason=why,
        initiatives={one.pk: one for one in initiatives},
        own_targets=is_own,
        tried=min(len(waiting), formula.MOST_CANDIDATES),
    )


def candidates(
    initiatives: Sequence[Initiative], stages: Mapping[int, str], purses: Sequence[StreamMoney]
) -> list[Candidate]:
    """The initiatives that could be started, in the order of their rank: waiting, with a cost, a horizon and scores."""
    place = {one.stream.pk: number for number, one in enumerate(purses)}
    by_id = {one.pk: one for one in initiatives if stages[one.pk] != Stage.DONE}
    found = []
    for rank in ranked(Job(one.pk, one.name, _scores(one), one.manual_rank) for one in by_id.values()):
        one, wsjf = by_id[rank.key], rank.value
        if stages[one.pk] in WAITING and one.estimated_cost is not None and one.horizon and wsjf is not None:
            found.append(Candidate(one.pk, place[one.stream_id], one.horizon, one.estimated_cost, wsjf))
    return found


def _scores(one: Initiative) -> tuple[int | None, int | None, int | None, int | None]:
    return one.business_value, one.time_criticality, one.risk_reduction, one.job_size


def _suggest(
    ends: Mapping[str, Decimal] | None,
    end: Balance | None,
    targets: Mapping[str, Target],
    purses: Sequence[StreamMoney],
    waiting: Sequence[Candidate],
    *,
    is_over: bool,
) -> tuple[Suggestion | None, str]:
    """The suggestion, or why there is none."""
    left = [one.left or Decimal(0) for one in purses]
    reasons = (
        (is_over, "the quarter is over: nothing can be restored in it"),
        (not targets, "no shares are agreed, so there is no balance to restore"),
        (any(one.is_unprepared for one in purses), PREPARING),
        (ends is None or end is None, "nothing is spent on a horizon yet"),
        (all(one.budget is None for one in purses), "no budget is set, so no money can be said to be left"),
        (not waiting, "no initiative in the backlog or in analysis has a cost, a horizon and all its scores"),
        (not any(left), "the forecasts leave no money of the budgets, so nothing new can be started"),
    )
    why = next((text for holds, text in reasons if holds), "")
    if why or ends is None:
        return None, why
    return formula.suggest(waiting, ends, targets, left), ""
