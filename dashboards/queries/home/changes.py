"""What changed since the reader was last here: stages, decisions, budgets, objectives and check-ins, calmly."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from core.templatetags.ui import money as money_text
from dashboards.queries.base import count
from funding.models import Amendment
from okrs.models import CheckIn, Objective
from portfolio.models import (
    Approval,
    ApprovalState,
    Decision,
    DecisionState,
    Initiative,
    Stage,
    StageEntry,
    ValueStream,
)
from portfolio.overview import Ask, Cell, Head, Tile, link
from portfolio.quarters import Quarter
from portfolio.queries import decisions_for
from portfolio.queries.decisions import of_streams
from portfolio.rules import can

SHOWN = 5
# Without an earlier visit, and when the past is shown: this much.
USUAL = timedelta(days=7)
# Of one kind, the latest so many.
MOST = 60
WHY = (
    "Initiatives that entered a stage, decisions raised and decided, budgets set, approvals, objectives closed and "
    "check-ins, since you last opened this page; on your first visit and on a page of the past, of the seven days up "
    "to the as-of time. Only what you may see, money only with the right to see it. The latest comes first.",
)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened: when, what in a sentence, where to read on; `kind` is a word for the CSV."""

    at: datetime
    text: str
    address: str
    kind: str


def since_of(ask: Ask) -> datetime:
    """From when on changes are shown."""
    return ask.since if ask.since is not None and ask.as_of is None else ask.at - USUAL


def changes(ask: Ask, since: datetime) -> list[Change]:
    """What the reader may see of what happened after `since` up to the as-of time, the latest first."""
    makers = (_moves, _decisions, _budgets, _approvals, _closed, _check_ins)
    found = [one for maker in makers for one in maker(ask, since)]
    return sorted(found, key=lambda one: one.at, reverse=True)


def _between(rows: "QuerySet[Any]", field: str, ask: Ask, since: datetime) -> "QuerySet[Any]":
    return rows.filter(**{f"{field}__gt": since, f"{field}__lte": ask.at}).order_by(f"-{field}", "-pk")[:MOST]


def _initiatives(ask: Ask) -> "QuerySet[Initiative]":
    seen = Initiative.objects.for_user(ask.user).order_by()
    return seen if ask.is_whole or not ask.streams else seen.filter(stream__in=[one.pk for one in ask.streams])


def _page(initiative: Initiative) -> str:
    return link("initiative", initiative.slug)


def _moves(ask: Ask, since: datetime) -> Iterable[Change]:
    rows = StageEntry.objects.filter(initiative__in=_initiatives(ask).values("pk")).select_related("initiative")
    for one in _between(rows, "at", ask, since):
        stage = Stage(one.stage).label.lower()
        over = " over its limit" if one.override else ""
        yield Change(one.at, f"{one.initiative} went to {stage}{over}", _page(one.initiative), "stage")


def _decisions(ask: Ask, since: datetime) -> Iterable[Change]:
    rows = of_streams(decisions_for(ask.user), ask.of_streams if ask.streams or ask.is_whole else [])
    news = Q(raised_at__gt=since, raised_at__lte=ask.at) | Q(decided_at__gt=since, decided_at__lte=ask.at)
    for one in rows.filter(news).order_by("-pk")[:MOST]:
        address = link("decision", one.pk)
        if since < one.raised_at <= ask.at:
            yield Change(one.raised_at, f"Raised: {one.question}", address, "decision")
        if one.decided_at and since < one.decided_at <= ask.at:
            yield Change(one.decided_at, _decided(one), address, "decision")


def _decided(one: Decision) -> str:
    if one.state == DecisionState.DISMISSED:
        return f"Dismissed: {one.question}"
    chosen = next((option["label"].split(":")[0] for option in one.options if option.get("key") == one.choice), "")
    return f"Decided: {one.question}{f' → {chosen}' if chosen else ''}"


def _rich(ask: Ask) -> list[ValueStream]:
    return [stream for stream in ask.streams if can(ask.user, "see_money", stream)]


def _budgets(ask: Ask, since: datetime) -> Iterable[Change]:
    rows = Amendment.objects.filter(stream__in=[one.pk for one in _rich(ask)]).select_related("stream")
    for one in _between(rows, "at", ask, since):
        quarter = Quarter.of(one.quarter).name
        text = f"Budget of {one.stream} for {quarter}: {money_text(one.amount)}"
        yield Change(one.at, text, link("funding-stream", one.stream.slug), "budget")


def _approvals(ask: Ask, since: datetime) -> Iterable[Change]:
    decided = Approval.objects.filter(initiative__in=_initiatives(ask).values("pk")).select_related(
        "initiative__stream"
    )
    rows = decided.filter(state__in=[ApprovalState.APPROVED, ApprovalState.REFUSED])
    for one in _between(rows, "decided_at", ask, since):
        # Amounts are for those who may see the money of its stream.
        amount = f": {money_text(one.amount)}" if can(ask.user, "see_money", one.initiative.stream) else ""
        word = "approved" if one.state == ApprovalState.APPROVED else "refused"
        yield Change(
            one.decided_at, f"Spending on {one.initiative} was {word}{amount}", _page(one.initiative), "approval"
        )


def _goals(ask: Ask) -> "QuerySet[Objective]":
    seen = Objective.objects.for_user(ask.user).order_by()
    if ask.is_whole or not ask.streams:
        return seen
    ids = [one.pk for one in ask.streams]
    return seen.filter(Q(stream__in=ids) | Q(team__stream__in=ids))


def _closed(ask: Ask, since: datetime) -> Iterable[Change]:
    for one in _between(_goals(ask), "closed_at", ask, since):
        score = "" if one.closed_score is None else f" with {one.closed_score:.2f}"
        yield Change(one.closed_at, f"{one} was closed{score}", link("objective", one.pk), "objective")


def _check_ins(ask: Ask, since: datetime) -> Iterable[Change]:
    """One line for all check-ins of people, and one for each that says what blocks it."""
    goals = _goals(ask).values("pk")
    made = CheckIn.objects.filter(key_result__objective__in=goals, is_automatic=False, at__gt=since, at__lte=ask.at)
    for one in made.exclude(blocker="").select_related("key_result").order_by("-at", "-pk")[:MOST]:
        text = f"{one.key_result} is blocked: {one.blocker}"
        yield Change(one.at, text, link("objective", one.key_result.objective_id), "check-in")
    whole = made.aggregate(n=Count("key_result", distinct=True), last=Max("at"))
    if whole["n"]:
        verb = "was" if whole["n"] == 1 else "were"
        text = f"{count(whole['n'], 'key result')} {verb} checked in"
        yield Change(whole["last"], text, link("objectives"), "check-in")


def tile(ask: Ask) -> Tile:
    """What changed since the last visit; nothing is said to be good or bad here."""
    since = since_of(ask)
    found = changes(ask, since)
    return Tile(
        key="changes",
        question="What changed since your last visit?" if ask.as_of is None else "What changed in the week before?",
        answer=_answer(ask, found, since),
        head=[Head("When"), Head("What")],
        rows=[[Cell(_when(one.at, ask.at), value=one.at), Cell(one.text, one.address)] for one in found],
        shown=SHOWN,
        noun="change",
        size="w8",
        why=WHY,
    )


def _when(at: datetime, now: datetime) -> str:
    local = timezone.localtime(at)
    if local.date() == timezone.localdate(now):
        return date_format(local, "H:i")
    return date_format(local, "j M" if local.year == timezone.localdate(now).year else "j M Y")


def _answer(ask: Ask, found: Sequence[Change], since: datetime) -> str:
    first = date_format(timezone.localtime(since), "j M, H:i")
    is_week = ask.as_of is not None or ask.since is None
    when = "in the seven days before" if is_week else f"since {first}"
    return f"{count(len(found), 'change')} {when}." if found else f"Nothing changed {when}."
