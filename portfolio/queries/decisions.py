"""Decisions as people may see them: what is due, what was decided."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from portfolio import evidence
from portfolio.actions.decisions import known_facts
from portfolio.models import CostKind, Decision, DecisionKind, DecisionState, Initiative, ValueStream
from portfolio.queries.scopes import sees_portfolio
from portfolio.rules import can

# They are about money and nothing else: who may not see the money does not see them.
OF_MONEY = (DecisionKind.BUDGET, DecisionKind.SCENARIO)
_FACT = {field.name for field in fields(evidence.Fact)}


def decisions_for(user: User) -> QuerySet[Decision]:
    """The decisions that `user` may see: of their streams and initiatives; of the whole portfolio by a global grant."""
    streams = ValueStream.objects.for_user(user).order_by()
    seen = Q(initiative__in=Initiative.objects.for_user(user).order_by()) | Q(stream__in=streams)
    if sees_portfolio(user):
        seen |= Q(initiative=None, stream=None)
    rows = Decision.objects.filter(seen).select_related("initiative__stream", "stream", "owner", "decided_by")
    if can(user, "see_money"):
        return rows
    rich = [stream.pk for stream in streams if can(user, "see_money", stream)]
    return rows.exclude(Q(kind__in=OF_MONEY) & ~(Q(stream__in=rich) | Q(initiative__stream__in=rich)))


def of_streams(rows: QuerySet[Decision], streams: Collection[ValueStream] | None) -> QuerySet[Decision]:
    """Those about value streams and their initiatives; None: all."""
    if streams is None:
        return rows
    ids = [stream.pk for stream in streams]
    return rows.filter(Q(stream__in=ids) | Q(initiative__stream__in=ids))


@dataclass(frozen=True, slots=True)
class DueDecision:
    """A decision that was open, as at an instant. `waiting` is in whole days, `late` whether its day is over.

    `cost` a week is of the one kind `cost_kind` (in words); None: not said, or not for this reader.
    """

    decision: Decision
    stream: ValueStream | None
    waiting: int
    is_late: bool
    cost: Decimal | None = None
    cost_kind: str = ""

    @property
    def about(self) -> str:
        """What it is about, in words."""
        return str(self.decision.initiative or self.decision.stream or "the whole portfolio")

    @property
    def options(self) -> str:
        """The options in a few words: what stands before the colon of each."""
        return " · ".join(option["label"].split(":")[0] for option in self.decision.options)


def decisions_due(user: User, streams: Collection[ValueStream] | None, as_of: datetime) -> list[DueDecision]:
    """Decisions that were open, those with the earliest day first, then those that wait longest.

    Costs of waiting stand side by side and are never added: their kinds differ.
    """
    open_then = Q(decided_at=None) | Q(decided_at__gt=as_of)
    rows = of_streams(decisions_for(user), streams).filter(open_then, raised_at__lte=as_of)
    ordered = rows.order_by(F("due_on").asc(nulls_last=True), "raised_at", "pk")
    return [due_of(row, user, as_of) for row in ordered]


def due_of(row: Decision, user: User, as_of: datetime) -> DueDecision:
    """A decision with what waiting for it costs, as `user` may see it."""
    stream = row.initiative.stream if row.initiative else row.stream
    day = timezone.localdate(as_of)
    sees = bool(row.cost_kind) and can(user, "see_money", stream)
    return DueDecision(
        decision=row,
        stream=stream,
        waiting=(day - timezone.localdate(row.raised_at)).days,
        is_late=row.due_on is not None and row.due_on < day,
        cost=row.cost_per_week if sees else None,
        cost_kind=CostKind(row.cost_kind).label.lower() if sees else "",
    )


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What of the log is wanted; empty is all. Days are those of deciding."""

    text: str = ""
    kind: str = ""
    choice: str = ""
    stream: ValueStream | None = None
    first: date | None = None
    last: date | None = None
    with_dismissed: bool = False


def decision_log(user: User, wanted: LogFilter, as_of: datetime) -> QuerySet[Decision]:
    """What was decided by `as_of`, the latest first."""
    states = [DecisionState.DECIDED, *([DecisionState.DISMISSED] if wanted.with_dismissed else [])]
    rows = decisions_for(user).filter(state__in=states, decided_at__lte=as_of)
    if wanted.text:
        named = Q(initiative__name__icontains=wanted.text) | Q(stream__name__icontains=wanted.text)
        rows = rows.filter(Q(question__icontains=wanted.text) | Q(reason__icontains=wanted.text) | named)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.choice:
        rows = rows.filter(choice=wanted.choice)
    if wanted.stream:
        rows = of_streams(rows, [wanted.stream])
    if wanted.first:
        rows = rows.filter(decided_at__date__gte=wanted.first)
    if wanted.last:
        rows = rows.filter(decided_at__date__lte=wanted.last)
    return rows.order_by("-decided_at", "-pk")


def choice_text(row: Decision) -> str:
    """What was chosen, in words."""
    labels: dict[str, str] = {option["key"]: option["label"] for option in row.options}
    return labels.get(row.choice, row.choice)


def frozen_facts(row: Decision, user: User) -> list[evidence.Fact]:
    """The evidence that is kept with a decision, without money that `user` may not see."""
    kept = [evidence.Fact(**{k: v for k, v in fact.items() if k in _FACT}) for fact in row.evidence]
    return _for_user(kept, row, user)


def _for_user(facts: Iterable[evidence.Fact], row: Decision, user: User) -> list[evidence.Fact]:
    stream = row.initiative.stream if row.initiative else row.stream
    sees = can(user, "see_money", stream)
    return [fact for fact in facts if sees or not fact.is_money]


@dataclass(frozen=True, slots=True)
class FactPair:
    """A fact as it was frozen and as it is now; None: it was not known then, or is not any more."""

    label: str
    then: evidence.Fact | None
    now: evidence.Fact | None

    @property
    def differs(self) -> bool:
        """Whether it says something else now."""
        return self.then is not None and self.now is not None and self.then.text != self.now.text

    @property
    def address(self) -> str:
        """Where it is today."""
        fact = self.now or self.then
        return fact.address if fact else ""


def fact_pairs(row: Decision, user: User, as_of: datetime) -> list[FactPair]:
    """The frozen evidence beside what the portal knows of the same things as at `as_of`."""
    then = frozen_facts(row, user)
    today = _for_user(known_facts(row, as_of), row, user)
    now: dict[str, evidence.Fact] = {fact.key: fact for fact in today}
    known = {fact.key for fact in then}
    pairs = [FactPair(fact.label, fact, now.get(fact.key)) for fact in then]
    return pairs + [FactPair(fact.label, None, fact) for key, fact in now.items() if key not in known]


def as_row(row: Decision) -> Sequence[Any]:
    """A line of the log for spreadsheets."""
    return [
        timezone.localdate(row.decided_at) if row.decided_at else None,
        row.get_kind_display(),
        row.question,
        str(row.initiative or row.stream or "the whole portfolio"),
        row.get_state_display(),
        choice_text(row),
        row.reason,
        str(row.decided_by or ""),
        row.review_on,
        timezone.localdate(row.raised_at),
    ]


LOG_HEAD = [
    *("Decided on", "Kind", "Question", "About", "State", "Choice", "Reason", "Decided by", "Review on", "Raised on"),
]


def decisions_about(user: User, subject: Initiative | ValueStream, most: int = 8) -> list[Decision]:
    """The decisions about an initiative, or about a value stream itself, that `user` may see: open ones first."""
    rows = decisions_for(user).exclude(state=DecisionState.DISMISSED)
    if isinstance(subject, Initiative):
        rows = rows.filter(initiative=subject)
    else:
        rows = rows.filter(stream=subject, initiative=None)
    return list(rows.order_by(F("decided_at").desc(nulls_first=True), "-raised_at")[:most])
