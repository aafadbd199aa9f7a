"""Marks that tools put on blocked items: they begin and end with the tool, and what they say may be logged by itself.

A block follows the stay that its tool shows: it ends with it, with its item, and with the item's deletion. Where a
team's channel says so, a mark that belongs to no impediment logs one; marks of the same reason share it.
"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from impediments.actions.blocking import OVER, block_items, end_blocks
from impediments.actions.held import hold, keep, publish, values_of
from impediments.actions.logging import log_impediment
from impediments.actions.moving import close
from impediments.actions.telling import tell_resolved
from impediments.formulas.triggers import most_alike
from impediments.formulas.words import category_of
from impediments.models import Block, Channel, Impediment, RootCause, State, Via
from metrics.actions import blocks as facts
from metrics.formulas.blocked import grouped, words_of
from metrics.models import BlockedStay, FlowState
from portfolio.models import Team

# What tools say where nobody gave a reason: their own word for the mark.
NO_REASON = re.compile(
    r"\W*(is |status: ?)?(blocked|blocker|impediment|impeded|flag|flagged|on hold|waiting)?\W*", re.I
)
LONGEST = 200


def unlogged(teams: Collection[int | Team]) -> "QuerySet[BlockedStay]":
    """Marks of tools on items of these teams in progress that belong to no impediment, oldest first."""
    rows = BlockedStay.objects.filter(to_at=None, item__team__in=teams, item__deleted_at=None).exclude(source=None)
    rows = rows.filter(item__flow__state__in=[FlowState.ACTIVE, FlowState.WAITING])
    logged = Block.objects.filter(stay=OuterRef("pk"))
    return rows.filter(~Exists(logged)).select_related("item", "source").order_by("from_at", "pk")


def following(now: datetime) -> list[int]:
    """The teams whose marks log impediments by themselves, that have not ended and have marks to log."""
    teams = [channel.team for channel in Channel.objects.filter(logs_marks=True).select_related("team")]
    wanted = [team.pk for team in teams if team.ended_on is None or team.ended_on >= now.astimezone(team.zone).date()]
    return sorted(set(unlogged(wanted).order_by().values_list("item__team", flat=True))) if wanted else []


def log_marks(*, team_id: int, now: datetime) -> int:
    """Log what marks of a team say, or let them join what is open; how many marks that were. Twice does no harm."""
    channel = Channel.objects.filter(team=team_id, logs_marks=True).first()
    if channel is None:
        return 0
    since = channel.marks_since or now
    stays = list(unlogged([team_id]).filter(from_at__gte=since, from_at__lte=now))
    return sum(_log_group(channel, label, [stay.pk for stay in group], now) for label, group in _groups(stays))


def _log_group(channel: Channel, label: str, marks: Sequence[int], now: datetime) -> int:
    """A transaction for each: whoever has told of one impediment must not wait for another (core/live.py)."""
    with transaction.atomic():
        # One worker at a time for a team: two would log the same.
        held = Channel.objects.select_for_update(of=("self",)).filter(pk=channel.pk, logs_marks=True).first()
        stays = list(unlogged([channel.team_id]).filter(pk__in=marks)) if held else []
        if stays:
            _log(channel.team, label, stays, now)
    return len(stays)


def _groups(stays: Sequence[BlockedStay]) -> list[tuple[str, list[BlockedStay]]]:
    """Marks by what they say: the same in other words is one; without a reason each item is for itself."""
    found = [(_alone(stay), [stay]) for stay in stays if not _says(stay)]
    telling = [stay for stay in stays if _says(stay)]
    reasons = sorted({stay.reason.strip() for stay in telling})
    counts = [sum(stay.reason.strip() == reason for stay in telling) for reason in reasons]
    leader = grouped(reasons, counts)
    for place in sorted(set(leader)):
        own = {reason for reason, of in zip(reasons, leader, strict=True) if of == place}
        found.append((reasons[place], [stay for stay in telling if stay.reason.strip() in own]))
    return found


def _says(stay: BlockedStay) -> bool:
    return NO_REASON.fullmatch(stay.reason) is None


def _alone(stay: BlockedStay) -> str:
    return f"{stay.item.key} is blocked: {stay.item.title}".removesuffix(": ")


def _log(team: Team, label: str, stays: Sequence[BlockedStay], now: datetime) -> None:
    label, items = label[:LONGEST], [stay.item for stay in stays]
    since = min(stay.from_at for stay in stays)
    there = _alike(team, label, is_alone=not _says(stays[0]))
    if there is not None:
        _join(there, stays, since, now)
        return
    log_impediment(
        actor=None,
        what=label,
        category=category_of(label),
        team=team,
        items=items,
        since=since,
        via=Via.TOOL,
        at=now,
    )


def _join(there: Impediment, stays: Sequence[BlockedStay], since: datetime, now: datetime) -> None:
    """Marks of what is open already. All flow is derived before anybody is told (core/live.py)."""
    row = hold(there.pk) or there
    is_followed = _follow_too(row, stays)
    row = block_items(actor=None, impediment=row, items=[stay.item for stay in stays], since=since, at=now)
    if is_followed:
        publish(row, "blocked")


def _follow_too(row: Impediment, stays: Sequence[BlockedStay]) -> bool:
    """Items that it blocks already, by somebody's word: that ends where the mark begins, where another follows it."""
    marks = {stay.item_id: stay for stay in reversed(stays)}
    with facts.changing(list(marks)):
        known = list(row.blocks.filter(item__in=marks, to_at=None, stay__source=None).exclude(stay=None))
        for block in known:
            stay = marks[block.item_id or 0]
            end_blocks([block], stay.from_at)
            Block.objects.create(
                impediment=row, item=stay.item, stay=stay, from_at=max(block.from_at, stay.from_at),
                key=block.key, title=block.title,
            )  # fmt: skip
    return bool(known)


def _alike(team: Team, label: str, *, is_alone: bool) -> Impediment | None:
    """The open impediment of a team that says the same."""
    rows = list(Impediment.objects.filter(team=team).exclude(state=State.RESOLVED).order_by("pk"))
    if is_alone:
        return next((row for row in rows if row.what == label), None)
    key = most_alike(words_of(label), {str(row.pk): words_of(row.what) for row in rows})
    return next((row for row in rows if str(row.pk) == key), None)


def _ended(now: datetime) -> "QuerySet[Block]":
    """Blocks that go on although what they rest on has ended: the mark, the item's work, or the item."""
    gone = Q(stay=None) | Q(item=None) | Q(item__deleted_at__lte=now)
    over = Q(stay__to_at__lte=now) | Q(item__flow__state__in=OVER)
    return Block.objects.filter(gone | over, to_at=None)


def ended(now: datetime) -> list[int]:
    """The impediments with such blocks."""
    return sorted(set(_ended(now).order_by().values_list("impediment", flat=True)))


def end_ended(*, impediment_id: int, now: datetime) -> int:
    """End the blocks of an impediment that have ended in their tool; how many. Twice does no harm.

    One that a tool's mark had logged is resolved with the last of them.
    """
    with transaction.atomic():
        row = hold(impediment_id)
        if row is None:
            return 0
        with facts.changing(list(row.blocks.filter(to_at=None).exclude(item=None).values_list("item", flat=True))):
            blocks = list(_ended(now).filter(impediment=row).select_related("stay__source", "item__flow"))
            for block in blocks:
                end_blocks([block], _when(block, now))
        if blocks:
            before = values_of(row)
            keep(None, "unblocked", row, before, items=sorted(block.key for block in blocks))
            is_last = row.is_open and row.via == Via.TOOL and not row.blocks.filter(to_at=None).exists()
            if is_last:
                _resolve(row, blocks, now)
            publish(row, "resolved" if is_last else "unblocked")
    return len(blocks)


def _when(block: Block, now: datetime) -> datetime:
    """When a block ended: what is known of it, the earliest."""
    stay, item = block.stay, block.item
    known = [stay.to_at if stay else None, item.deleted_at if item else None]
    if item is not None and getattr(item, "flow", None) is not None and item.flow.state in OVER:
        known.append(item.flow.finished_at)
    return min((at for at in known if at is not None), default=now)


def _resolve(row: Impediment, blocks: Sequence[Block], now: datetime) -> None:
    tools = sorted({block.stay.source.name for block in blocks if block.stay and block.stay.source})
    place = f" in {' and '.join(tools)}" if tools else ""
    keys = ", ".join(sorted({block.key for block in blocks}))
    said = {"resolution": f"No longer marked as blocked{place}: {keys}.", "root_cause": RootCause.UNKNOWN}
    close(None, "resolved", row, said, max(_when(block, now) for block in blocks))
    tell_resolved(row, None)
