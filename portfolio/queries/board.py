"""The portfolio Kanban as a reader sees it: columns with their limits, cards with what is known about them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from portfolio import panels
from portfolio.formulas import wsjf
from portfolio.models import (
    Approval,
    ApprovalState,
    ApprovalThreshold,
    Initiative,
    Stage,
    StageEntry,
    StageLimit,
    Theme,
    ValueStream,
)
from portfolio.queries.scopes import sees_portfolio
from portfolio.rules import can

# What was done longer ago is in the list, not on the board.
DONE_DAYS = 90


class Entered(NamedTuple):
    """The latest entry of an initiative by an instant."""

    stage: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Card:
    """An initiative on the board. `days` in its stage, the day it came included; `cost` is None where it is hidden."""

    initiative: Initiative
    stage: str
    days: int | None
    value: Fraction | None
    is_by_hand: bool
    cost: Decimal | None
    is_awaiting: bool
    marks: Sequence[panels.Mark]
    may_move: bool

    @property
    def wsjf(self) -> float | None:
        return None if self.value is None else float(self.value)


class Limit(NamedTuple):
    """A limit as the column's head shows it: `there` of at most `most`; `stream` None is the portfolio."""

    stream: ValueStream | None
    there: int
    most: int

    @property
    def is_over(self) -> bool:
        return self.there > self.most


@dataclass(frozen=True, slots=True)
class Column:
    """A stage with its cards, best WSJF first; `earlier` were done before the days that the board shows."""

    stage: Stage
    cards: Sequence[Card]
    limits: Sequence[Limit]
    earlier: int = 0

    @property
    def is_over(self) -> bool:
        return any(limit.is_over for limit in self.limits)


@dataclass(frozen=True)
class Board:
    """What the page shows; the choices of its filters are those the reader may see."""

    columns: Sequence[Column]
    streams: Sequence[ValueStream]
    themes: Sequence[Theme]

    @property
    def done_days(self) -> int:
        return DONE_DAYS

    @property
    def total(self) -> int:
        """Cards on the board, and those that were done earlier."""
        return sum(len(column.cards) + column.earlier for column in self.columns)

    @property
    def finding(self) -> str:
        """What the board says, in a sentence."""
        over = [column for column in self.columns if column.is_over]
        open_ones = sum(len(column.cards) for column in self.columns if column.stage != Stage.DONE)
        busy = next(len(column.cards) for column in self.columns if column.stage == Stage.IMPLEMENTING)
        if over:
            names = " and ".join(column.stage.label for column in over)
            return f"{names} {'is' if len(over) == 1 else 'are'} over the limit"
        if not open_ones:
            return "No initiative is on its way"
        ways = "1 initiative is on its way" if open_ones == 1 else f"{open_ones} initiatives are on their way"
        return f"{ways}, {busy or 'none'} in implementation"

    @property
    def may_move(self) -> bool:
        return any(card.may_move for column in self.columns for card in column.cards)


def entered(ids: Collection[int], at: datetime) -> dict[int, Entered]:
    """The latest entry of each initiative by an instant; one that had none yet is left out."""
    entries = StageEntry.objects.filter(initiative__in=ids, at__lte=at).order_by("initiative_id", "-at", "-id")
    rows = entries.distinct("initiative_id").values_list("initiative_id", "stage", "at")
    return {pk: Entered(stage, when) for pk, stage, when in rows}


def waiting_approval(initiatives: Iterable[Initiative]) -> set[int]:
    """Those whose cost is above their threshold and above what is approved: two queries for however many."""
    amounts: dict[int | None, Decimal] = {one.stream_id: one.amount for one in ApprovalThreshold.objects.all()}
    approved = Approval.objects.filter(state=ApprovalState.APPROVED).order_by().values_list("initiative")
    most = dict(approved.annotate(Max("amount"))) if amounts else {}
    return {one.pk for one in initiatives if _is_short(one, amounts, most.get(one.pk, Decimal(0)))}


def _is_short(one: Initiative, amounts: Mapping[int | None, Decimal], approved: Decimal) -> bool:
    threshold = amounts.get(one.stream_id, amounts.get(None))
    cost = one.estimated_cost
    return cost is not None and threshold is not None and cost > threshold and cost > approved


def parts(one: Initiative) -> tuple[int | None, int | None, int | None, int | None]:
    """The parts of its WSJF in their order."""
    return one.business_value, one.time_criticality, one.risk_reduction, one.job_size


def by_rank(initiatives: Iterable[Initiative]) -> list[tuple[Initiative, wsjf.Rank]]:
    """Initiatives in the order of their WSJF and of the ranks given by hand."""
    known = {one.pk: one for one in initiatives}
    jobs = [wsjf.Job(one.pk, one.name, parts(one), one.manual_rank) for one in known.values()]
    return [(known[rank.key], rank) for rank in wsjf.ranked(jobs)]


def portfolio_board(
    user: User, at: datetime, *, is_past: bool = False, stream: ValueStream | None = None, theme: Theme | None = None
) -> Board:
    """The board at an instant; `is_past` reads the stages from their entries and offers no moves."""
    seen = Initiative.objects.for_user(user)
    streams = list(ValueStream.objects.for_user(user).filter(ended_on=None))
    found = list(_chosen(seen, stream, theme).select_related("stream", "theme"))
    came = entered([one.pk for one in found], at)
    stages = _stages(found, came, is_past=is_past)
    recent = timezone.localdate(at) - timedelta(days=DONE_DAYS)
    shown = [one for one in found if one.pk in stages and not _is_old(one, stages[one.pk], came, recent)]
    marks = panels.marks("initiative", [one.pk for one in shown], user, at)
    short = waiting_approval(shown)
    made: dict[str, list[Card]] = {stage: [] for stage in Stage}
    for one, rank in by_rank(shown):
        made[stages[one.pk]].append(_card(one, rank, user, at, came, stages, marks[one.pk], short, is_past=is_past))
    limits = _limits(user, streams, stream, at, is_past=is_past)
    old = sum(stage == Stage.DONE for stage in stages.values()) - len(made[Stage.DONE])
    columns = [Column(s, made[s], limits.get(s, []), old if s == Stage.DONE else 0) for s in Stage]
    return Board(columns, streams, list(Theme.objects.filter(ended_on=None)))


def _chosen(seen: "QuerySet[Initiative]", stream: ValueStream | None, theme: Theme | None) -> "QuerySet[Initiative]":
    if stream:
        seen = seen.filter(stream=stream)
    return seen.filter(theme=theme) if theme else seen


def _stages(found: Iterable[Initiative], came: Mapping[int, Entered], *, is_past: bool) -> dict[int, str]:
    if is_past:
        return {pk: one.stage for pk, one in came.items()}
    return {one.pk: one.stage for one in found}


def _is_old(one: Initiative, stage: str, came: Mapping[int, Entered], recent: object) -> bool:
    if stage != Stage.DONE or one.pk not in came:
        return False
    return timezone.localdate(came[one.pk].at) < recent  # type: ignore[operator]


def _card(
    one: Initiative,
    rank: wsjf.Rank,
    user: User,
    at: datetime,
    came: Mapping[int, Entered],
    stages: Mapping[int, str],
    marks: Sequence[panels.Mark],
    short: Collection[int],
    *,
    is_past: bool,
) -> Card:
    sees_money = can(user, "see_money", one.stream)
    since = came.get(one.pk)
    stage = stages[one.pk]
    return Card(
        one,
        stage,
        (timezone.localdate(at) - timezone.localdate(since.at)).days + 1 if since else None,
        rank.value,
        rank.is_manual,
        one.estimated_cost if sees_money else None,
        sees_money and one.pk in short and stage not in (Stage.IMPLEMENTING, Stage.DONE),
        marks,
        not is_past and can(user, "manage_portfolio", one.stream),
    )


def _limits(
    user: User, streams: Sequence[ValueStream], chosen: ValueStream | None, at: datetime, *, is_past: bool
) -> dict[str, list[Limit]]:
    """The limits that concern the reader, by stage, with how many are there (also those that the filter hides).

    Limits are those of today: the board of a past day shows none.
    """
    if is_past:
        return {}
    wanted = {chosen.pk} if chosen else {stream.pk for stream in streams}
    is_whole = chosen is None and sees_portfolio(user)
    limits = [
        one
        for one in StageLimit.objects.select_related("stream")
        if (one.stream_id in wanted if one.stream_id else is_whole)
    ]
    counts: dict[tuple[str, int | None], int] = {}
    for stage, of in Initiative.objects.exclude(stage=Stage.DONE).values_list("stage", "stream") if limits else ():
        for key in ((stage, of), (stage, None)):
            counts[key] = counts.get(key, 0) + 1
    found: dict[str, list[Limit]] = {}
    for one in sorted(limits, key=lambda one: one.stream_id is not None):
        there = counts.get((one.stage, one.stream_id), 0)
        found.setdefault(one.stage, []).append(Limit(one.stream, there, one.most))
    return found


class Room(NamedTuple):
    """A stage that an initiative can be moved to: `note` says how full it is, where it has a limit."""

    stage: Stage
    is_here: bool
    note: str
    is_full: bool


def rooms(initiative: Initiative) -> list[Room]:
    """The stages with the limits that count for an initiative."""
    limits = StageLimit.objects.filter(Q(stream=initiative.stream_id) | Q(stream=None)).select_related("stream")
    others = Initiative.objects.exclude(pk=initiative.pk).exclude(stage=Stage.DONE)
    there: dict[tuple[str, int | None], int] = {}
    for stage, of in others.values_list("stage", "stream"):
        for key in ((stage, of), (stage, None)):
            there[key] = there.get(key, 0) + 1
    full: dict[str, bool] = {}
    notes: dict[str, list[str]] = {}
    for one in limits:
        count = there.get((one.stage, one.stream_id), 0)
        full[one.stage] = full.get(one.stage, False) or count >= one.most
        notes.setdefault(one.stage, []).append(f"{count} of {one.most} in {one.stream or 'the portfolio'}")
    return [Room(s, s == initiative.stage, ", ".join(notes.get(s, [])), full.get(s, False)) for s in Stage]
