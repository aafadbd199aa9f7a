"""What the triggers see in a value stream as at an instant, in words and with the items it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from impediments.formulas import triggers
from impediments.formulas.triggers import Ageing, Queue, SameReason
from impediments.formulas.words import category_of
from impediments.models import Answer, Block, Category, Proposal, State, Trigger
from metrics.columns import FlowColumns, day_date, instant, load
from metrics.models import WorkItem
from portfolio.models import Team, ValueStream
from portfolio.queries import Scope, find_scope

# So many items are told one by one; all of them count.
TOLD = 50
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Found:
    """What a trigger says: as Proposal has it. `told` is why each item counts, as many as are told, in their order.

    `now` are the items of which it is still true, each with since when it is true of that item.
    """

    trigger: str
    cause: str
    team: int
    what: str
    why: str
    category: str
    items: Sequence[int]
    told: Sequence[str]
    since_at: datetime
    now: Mapping[int, datetime]
    evidence: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a stream beside its flow: which items and stays are logged, which causes were answered how."""

    logged_items: frozenset[int] = frozenset()
    logged_stays: frozenset[int] = frozenset()
    # Items that do not count any more, by cause.
    dismissed: Mapping[str, frozenset[int]] = field(default_factory=dict)
    # Causes that became an impediment which is still open.
    accepted: frozenset[str] = frozenset()
    reasons: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def left_out(self, cause: str) -> frozenset[int]:
        """The items that do not count for a cause."""
        return self.logged_items | self.dismissed.get(cause, frozenset())


def known_of(stream: ValueStream, at: datetime) -> Known:
    """What was logged and answered in a stream as at an instant; three queries."""
    blocks = Block.objects.filter(from_at__lte=at, item__team__stream=stream).order_by()
    still = blocks.filter(Q(to_at=None) | Q(to_at__gt=at))
    stays = blocks.exclude(stay=None).values_list("stay", flat=True)
    rows = list(Proposal.objects.filter(stream=stream).order_by("pk").select_related("impediment"))
    dismissed: dict[str, frozenset[int]] = {}
    for row in rows:
        if row.state == Answer.DISMISSED:
            dismissed[row.cause] = dismissed.get(row.cause, frozenset()) | frozenset(row.items)
    return Known(
        frozenset(still.exclude(item=None).values_list("item", flat=True)),
        frozenset(stays),
        dismissed,
        frozenset(row.cause for row in rows if row.impediment and row.impediment.state != State.RESOLVED),
        {row.cause: _words(row.cause) for row in rows if row.trigger == Trigger.REASON},
    )


def _words(cause: str) -> frozenset[str]:
    return frozenset(cause.split(":", 2)[-1].split("+"))


def find(stream: ValueStream, at: datetime) -> list[Found]:
    """What data say about a value stream as at an instant, without what was answered; the same in every run."""
    scope = find_scope(f"stream:{stream.slug}", None)
    columns, known = load(scope, at), known_of(stream, at)
    if columns.gap or not columns.in_scope.any():
        return []
    teams = _teams(scope, at)
    found = [*_reasons(columns, stream, known), *_queues(columns, teams, known), *_ageing(columns, teams, known)]
    return _told([one for one in found if one.cause not in known.accepted])


def _teams(scope: Scope, at: datetime) -> dict[int, Team]:
    """The teams of a stream that have not ended."""
    alive = Q(ended_on=None) | Q(ended_on__gte=timezone.localdate(at))
    return {team.pk: team for team in Team.objects.filter(alive, pk__in=scope.teams)}


def _reasons(columns: FlowColumns, stream: ValueStream, known: Known) -> list[Found]:
    """The same reason, in whatever words: a cause keeps its name while its words stay alike."""
    found: list[Found] = []
    free = dict(known.reasons)
    for one in triggers.same_reasons(columns, known.logged_stays):
        own = f"reason:{stream.slug}:{'+'.join(sorted(one.words))}"[:LONGEST]
        cause = own if own in free else triggers.most_alike(one.words, free) or own
        free.pop(cause, None)
        left = one.without(known.left_out(cause))
        if left.holds and cause not in {before.cause for before in found}:
            found.append(_reason(left, stream, cause))
    return found


def _reason(one: SameReason, stream: ValueStream, cause: str) -> Found:
    n, still = len(one.items), sum(one.is_open)
    teams = sorted(set(one.teams), key=lambda team: (-one.teams.count(team), team))
    among = f" in {len(teams)} teams" if len(teams) > 1 else ""
    some = f"{still or 'none'} of them still {'are' if still > 1 else 'is'}"
    open_now = "all of them still are" if still == n else some
    return Found(
        trigger=Trigger.REASON,
        cause=cause,
        team=teams[0],
        what=one.label[:LONGEST],
        why=f"{n} items of {stream.name}{among} were blocked for this reason in the last {triggers.REASON_DAYS} days; "
        f"{open_now}. No impediment says so.",
        category=category_of(one.label),
        items=one.items,
        told=[_since(*of) for of in zip(one.since[:TOLD], one.said, one.is_open, strict=False)],
        since_at=instant(min(one.since)),
        now={pk: instant(since) for pk, since, still in zip(one.items, one.since, one.is_open, strict=True) if still},
    )


def _since(since: int, said: str, is_open: bool) -> str:
    when = f"{instant(since):%-d %b %Y}"
    return f"blocked since {when}: “{said}”" if is_open else f"was blocked from {when} on: “{said}”"


def _queues(columns: FlowColumns, teams: Mapping[int, Team], known: Known) -> list[Found]:
    found = []
    for one in triggers.queues(columns):
        cause = f"queue:{one.team}:{one.status}"
        left = one.without(known.left_out(cause))
        # What grows only without the items that do not count did not grow.
        if one.team in teams and one.holds and left.holds:
            found.append(_queue(columns, left, teams[one.team], cause))
    return found


def _queue(columns: FlowColumns, one: Queue, team: Team, cause: str) -> Found:
    first, last = day_date(one.first), day_date(one.first + triggers.WEEKS * triggers.WEEK - 1)
    weeks = ", ".join(map(str, one.weeks[:-1])) + f" and {one.weeks[-1]}"
    return Found(
        trigger=Trigger.QUEUE,
        cause=cause,
        team=team.pk,
        what=f"Work of {team.name} waits in “{one.name}”"[:LONGEST],
        why=f"The waiting grew three weeks running: {weeks} item-days a week from {first:%-d %b} to {last:%-d %b %Y}. "
        f"That is {_per_cent(one.share)} of all waiting of the value stream in these four weeks.",
        category=category_of(one.name),
        items=one.items,
        told=[_waited(int(days.sum()), one.name) for days in one.days[:TOLD]],
        since_at=instant(triggers.start_of(columns, one.team, one.first)),
        now={pk: instant(entered) for pk, entered in one.now.items()},
    )


def _waited(days: int, name: str) -> str:
    return f"waited {days} {'day' if days == 1 else 'days'} in “{name}” in these four weeks"


def _ageing(columns: FlowColumns, teams: Mapping[int, Team], known: Known) -> list[Found]:
    found = []
    for pk in sorted(teams):
        cause, one = f"ageing:{pk}", triggers.ageing(columns, pk)
        left = one.without(known.left_out(cause)) if one else None
        if left is not None and left.holds:
            found.append(_old(columns, left, teams[pk], cause))
    return found


def _old(columns: FlowColumns, one: Ageing, team: Team, cause: str) -> Found:
    n = len(one.items)
    begins = [instant(triggers.start_of(columns, one.team, day)) for day in one.passed]
    return Found(
        trigger=Trigger.AGEING,
        cause=cause,
        team=team.pk,
        what=f"Work in progress of {team.name} is older than usual"[:LONGEST],
        why=f"{n} of {one.wip} items in progress ({_per_cent(one.share)}) are older than {one.limit} days: of the "
        f"{one.finished} items finished in the last {triggers.FINISHED_DAYS} days, 85 % took no longer than that.",
        category=Category.OTHER,
        items=one.items,
        told=[f"in progress for {age} days" for age in one.ages[:TOLD]],
        since_at=min(begins),
        now=dict(zip(one.items, begins, strict=True)),
    )


def _per_cent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _told(found: Sequence[Found]) -> list[Found]:
    """The same with evidence: what each item is called, where it is, whose it is; one query for them all."""
    wanted = {pk for one in found for pk in one.items[:TOLD]}
    rows = WorkItem.objects.filter(pk__in=wanted).values_list("pk", "key", "title", "team")
    names = {pk: (key, title, team) for pk, key, title, team in rows}
    return [replace(one, evidence=_evidence(one, names)) for one in found]


def _evidence(one: Found, names: Mapping[int, tuple[str, str, int]]) -> list[dict[str, Any]]:
    """As Proposal keeps it: `now` says that it is still true of the item, `from_at` since when."""
    lines = []
    for pk, text in zip(one.items, one.told, strict=False):
        if pk in names:
            key, title, team = names[pk]
            line = {"item": pk, "key": key, "title": title, "url": reverse("item", args=[pk]), "text": text}
            since = one.now.get(pk)
            lines.append(line | {"team": team, "now": since is not None, "from_at": since and since.isoformat()})
    return lines
