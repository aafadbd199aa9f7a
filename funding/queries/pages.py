"""What the pages of money show, in words: the same figures as the API's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from funding.forms.asked import Asked
from funding.models import Amendment
from funding.queries.budgets import StreamMoney, history, money
from funding.queries.ledger import lines_of
from funding.queries.spend import Part, parts
from funding.rollups import Freshness, freshness
from funding.templatetags.costs import per_cent, whole_money
from portfolio.models import Horizon, Initiative, Team, ValueStream

NO_INITIATIVE = "No initiative"
SOURCES = {"teams": "cost of the teams", "ledger": "ledger", "both": "ledger and cost of the teams", "": ""}


@dataclass(frozen=True, slots=True)
class Line:
    """A value stream's money, with what its bar shows: `of` is the whole of the bar, `mark` where it should be."""

    money: StreamMoney
    without_cost: tuple[str, ...] = ()

    @property
    def of(self) -> Decimal:
        known = (self.money.budget, self.money.forecast, self.money.spent)
        return max(*(amount or Decimal(0) for amount in known), Decimal(1))

    @property
    def mark(self) -> float | None:
        return None if self.money.budget is None else float(self.money.budget) * float(self.money.elapsed)

    @property
    def is_over(self) -> bool:
        return bool(self.money.over and self.money.over > 0)

    @property
    def over_text(self) -> str:
        """How the forecast stands to the budget, in words."""
        over = self.money.over
        if over is None:
            return self.money.reason
        if not over:
            return "just its budget"
        share = self.money.over_share
        said = f" ({per_cent(abs(share))})" if share is not None else ""
        return f"{'over' if over > 0 else 'under'} by {whole_money(abs(over))}{said}"

    @property
    def bar_text(self) -> str:
        elapsed = per_cent(self.money.elapsed)
        if self.money.budget is None:
            return f"{whole_money(self.money.spent)} spent, no budget; {elapsed} of the quarter is over"
        spent, budget = whole_money(self.money.spent), whole_money(self.money.budget)
        return f"{spent} of {budget} spent, {elapsed} of the quarter is over"

    @property
    def source_text(self) -> str:
        return SOURCES[self.money.source]

    @property
    def answer(self) -> str:
        """One sentence about one stream."""
        one = self.money
        if one.is_unprepared:
            return "What was spent is not known yet: the costs of its teams are being prepared."
        if one.is_unpriced:
            return f"What was spent is not known: {one.reason}."
        if one.budget is None:
            return f"{whole_money(one.spent)} spent; no budget is set for this quarter."
        if one.forecast is None:
            return f"The budget is {whole_money(one.budget)}; {one.reason}."
        much = (
            f"{per_cent(one.spent_share)} of the budget is spent" if one.budget else f"{whole_money(one.spent)} spent"
        )
        if one.elapsed == 1:
            return f"{much}: the quarter ended {self.over_text}."
        course = f"On course for {whole_money(one.forecast)}: {self.over_text}."
        return f"{much} after {per_cent(one.elapsed)} of the quarter. {course}"

    @property
    def is_unknown(self) -> bool:
        """Whether nothing can be said of its spend: no ledger, and the cost of its teams is not known (yet)."""
        return self.money.is_unknown


@dataclass(frozen=True, slots=True)
class FundingPage:
    """The money of value streams in a quarter; `total` is of those with a budget."""

    lines: list[Line]
    freshness: Freshness
    asked: Asked

    @property
    def with_budget(self) -> list[Line]:
        return [line for line in self.lines if line.money.budget is not None]

    @property
    def over(self) -> list[Line]:
        """Those heading over their budget, the furthest first."""
        return sorted((line for line in self.lines if line.is_over), key=lambda one: -(one.money.over or Decimal(0)))

    @property
    def total(self) -> Mapping[str, Any]:
        own = [line.money for line in self.with_budget]
        budget = sum((one.budget or Decimal(0) for one in own), Decimal(0))
        # Of the whole nothing is over or under while a part of it is not known.
        forecasts = [one.forecast for one in own if one.forecast is not None]
        forecast = sum(forecasts, Decimal(0)) if own and len(forecasts) == len(own) else None
        spent = sum((one.spent for one in own), Decimal(0))
        over = None if forecast is None else forecast - budget
        size = None if over is None else abs(over)
        known = {"budget": budget, "spent": spent, "forecast": forecast, "over": over, "over_size": size}
        return known | {"streams": len(own)}

    @property
    def heading(self) -> str:
        """The finding, for the page's head."""
        quarter = self.asked.quarter.name
        if not self.with_budget:
            return f"No budget is set for {quarter}"
        if not self.over:
            if all(line.money.forecast is None for line in self.with_budget):
                begun = self.asked.quarter.first <= timezone.localdate(self.asked.at)
                word = "What was spent is not known yet" if begun else f"{quarter} has not begun"
                return f"{word}: {_streams(len(self.with_budget))} with a budget"
            return f"Every value stream stays within its budget of {quarter}"
        first = self.over[0]
        verb = "was" if first.money.elapsed == 1 else "is heading for"
        rest = f", {len(self.over) - 1} more over theirs" if len(self.over) > 1 else ""
        return f"{first.money.stream} {verb} {whole_money(first.money.over)} over its budget of {quarter}{rest}"

    @property
    def answer(self) -> str:
        total = self.total
        if not self.with_budget:
            return "Without a budget nothing can be said to be over or under."
        if total["forecast"] is None:
            return f"{whole_money(total['budget'])} are set for {_streams(total['streams'])}."
        much = f"{whole_money(total['spent'])} of {whole_money(total['budget'])} spent"
        if self.asked.quarter.last <= timezone.localdate(self.asked.at):
            return f"{much} in the whole quarter."
        return f"{much}; at this pace it will be {whole_money(total['forecast'])} when the quarter ends."

    @property
    def freshness_text(self) -> str:
        return freshness_text(self.freshness)


def _streams(n: int) -> str:
    return "1 value stream" if n == 1 else f"{n} value streams"


def freshness_text(found: Freshness) -> str:
    """How old the prepared costs are, in words."""
    if found.made_at is None:
        return "costs of teams not prepared yet" if found.missing else ""
    text = f"costs of teams as of {timezone.localtime(found.made_at):%-d %b, %H:%M}"
    behind = found.missing + found.late
    return f"{text}, {behind} team{'' if behind == 1 else 's'} behind" if behind else text


def _without_cost(streams: Sequence[ValueStream], today: date) -> dict[int, tuple[str, ...]]:
    """The names of the teams of each stream for which nobody said what they cost."""
    there = Q(ended_on=None) | Q(ended_on__gte=today)
    rows = Team.objects.filter(there, stream__in=streams, cost_per_day=None, costs=None)
    found: dict[int, tuple[str, ...]] = {}
    for stream, name in rows.order_by("name").values_list("stream", "name"):
        found[stream] = (*found.get(stream, ()), name)
    return found


def funding_page(asked: Asked) -> FundingPage:
    """What the funding page shows: five queries, however many streams."""
    there = [one for one in asked.streams if not (one.ended_on and one.ended_on < asked.quarter.first)]
    today = timezone.localdate(asked.at)
    silent = _without_cost(there, today)
    lines = [Line(one, silent.get(one.stream.pk, ())) for one in money(there, asked.quarter, asked.at)]
    return FundingPage(lines, freshness([one.pk for one in there], timezone.localdate(asked.now)), asked)


class Cut(NamedTuple):
    """A part of a stream's spend: a month, a team, an initiative or a horizon; `share` of the whole, 0…1."""

    label: str
    amount: Decimal
    share: float
    note: str = ""
    slug: str = ""


@dataclass(frozen=True, slots=True)
class StreamPage:
    """A stream's quarter: its money, how the budget came about, and where the spend went."""

    line: Line
    history: list[Amendment]
    months: list[Cut]
    teams: list[Cut]
    initiatives: list[Cut]
    horizons: list[Cut]
    freshness: Freshness
    lines: int

    @property
    def latest(self) -> Amendment | None:
        return self.history[0] if self.history else None

    @property
    def heading(self) -> str:
        one = self.line.money
        if one.is_unknown:
            return f"What {one.stream} spent is not known{' yet' if one.is_unprepared else f': {one.reason}'}"
        if one.over is None:
            return f"{one.stream}: {whole_money(one.spent)} spent, {one.reason}"
        way = "ended" if one.elapsed == 1 else "is heading for"
        if not one.over:
            return f"{one.stream} {way} just its budget"
        return f"{one.stream} {way} {whole_money(abs(one.over))} {'over' if one.over > 0 else 'under'} its budget"

    @property
    def none_text(self) -> str:
        """How much went to no initiative, where it did."""
        if not self.initiatives:
            return ""
        none = next((cut for cut in self.initiatives if cut.label == NO_INITIATIVE), None)
        return f"{per_cent(none.share)} went to no initiative." if none else "All of it went to initiatives."

    @property
    def freshness_text(self) -> str:
        return freshness_text(self.freshness)


def stream_page(stream: ValueStream, asked: Asked, user: User) -> StreamPage:
    """What the page of a stream's quarter shows; initiatives that `user` may not see are named as others."""
    quarter = asked.quarter
    found = parts(quarter.first, quarter.last, asked.at, [stream])
    [one] = money([stream], quarter, asked.at)
    today = timezone.localdate(asked.at)
    names = Initiative.objects.for_user(user).filter(pk__in={part.initiative for part in found if part.initiative})
    known = {pk: (name, slug) for pk, name, slug in names.values_list("pk", "name", "slug")}
    teams = dict(Team.objects.filter(pk__in={part.team for part in found if part.team}).values_list("pk", "name"))
    return StreamPage(
        line=Line(one, _without_cost([stream], today).get(stream.pk, ())),
        history=history(stream, quarter, asked.at),
        months=_cut(
            found, lambda part: (f"{part.month:%B %Y}", "ledger" if part.is_ledger else "cost of the teams", "")
        ),
        teams=_sorted(_cut(found, lambda part: (teams.get(part.team or 0, "Ledger"), "", ""))),
        initiatives=_sorted(_cut(found, lambda part: _initiative(part, known))),
        horizons=_cut(sorted(found, key=lambda part: part.horizon or "z"), _horizon),
        freshness=freshness([stream.pk], timezone.localdate(asked.now)),
        lines=lines_of([stream], quarter.first, min(quarter.last, today)).count(),
    )


def _initiative(part: Part, known: Mapping[int, tuple[str, str]]) -> tuple[str, str, str]:
    if part.initiative is None:
        return NO_INITIATIVE, "", ""
    name, slug = known.get(part.initiative, ("Initiatives not open to you", ""))
    return name, "", slug


def _month(part: Part) -> tuple[str, str, str]:
    return f"{part.month:%B %Y}", SOURCES["ledger" if part.is_ledger else "teams"], ""


def _horizon(part: Part) -> tuple[str, str, str]:
    return Horizon(part.horizon).label if part.horizon else "Not said", "", ""


def _cut(found: Sequence[Part], of: Any) -> list[Cut]:
    """The spend by what `of` says of each part (label, note, slug), in the order in which it comes."""
    total = sum((part.amount for part in found), Decimal(0))
    sums: dict[tuple[str, str, str], Decimal] = {}
    for part in found:
        key = of(part)
        sums[key] = sums.get(key, Decimal(0)) + part.amount
    return [
        Cut(label, amount, float(amount / total) if total else 0.0, note, slug)
        for (label, note, slug), amount in sums.items()
    ]


def _sorted(cuts: list[Cut]) -> list[Cut]:
    """The largest first; what belongs to nothing in particular last."""
    return sorted(cuts, key=lambda cut: (cut.label in {"No initiative", "Ledger"}, -cut.amount, cut.label))
