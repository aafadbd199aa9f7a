"""When data counts as fresh: each figure says when its source last synced, and stale beats green."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Exists, OuterRef, Q

from metrics.models import Deployment, Source, SourceState, WorkItem


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old what we know of a source is. `tone` is a tag's; stale: late by more than twice its schedule."""

    text: str
    tone: Literal["", "good", "warn", "bad"]
    is_stale: bool


def ago(at: datetime, now: datetime) -> str:
    """How long before `now`, in the largest fitting unit: "3 min ago"."""
    seconds = max(0, (now - at).total_seconds())
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size * (2 if unit == "days" else 1):
            return f"{int(seconds // size)} {unit} ago"
    return "just now"


def freshness(source: Source, now: datetime, as_of: datetime | None = None) -> Freshness:
    """What a person should know about the age of a source's data; of what had happened by a past `as_of`, whether all
    of it is there.
    """
    if source.synced_at is None:
        text = "first sync not finished" if source.attempted_at and not source.error else "never synced"
        return Freshness(text, "warn" if source.state == SourceState.STOPPED else "", False)
    if as_of is not None:
        return _completeness(source.synced_at, as_of)
    text = f"synced {ago(source.synced_at, now)}"
    if source.state == SourceState.STOPPED:
        return Freshness(f"stale: {text}, then stopped", "bad", True)
    if source.state == SourceState.PAUSED or not source.schedule_minutes:
        return Freshness(text, "", False)
    if now - source.synced_at > 2 * timedelta(minutes=source.schedule_minutes):
        return Freshness(f"stale: {text}", "warn", True)
    # Colour means that something needs a person: fresh is neutral.
    return Freshness(text, "", False)


def _completeness(synced_at: datetime, as_of: datetime) -> Freshness:
    """Whether a source has synced since a past instant, so that everything up to then is known."""
    if synced_at >= as_of:
        return Freshness("everything up to then is known", "", False)
    long = ago(synced_at, as_of).removesuffix("ago").replace("just now", "just ")
    return Freshness(f"stale: last synced {long}before", "warn", True)


def of_sources(sources: Sequence[Source], now: datetime, as_of: datetime | None = None) -> Freshness:
    """The freshness of a figure that several sources feed: that of the oldest; a stale one is named."""
    if not sources:
        return Freshness("no source yet", "", False)
    known = [(freshness(source, now, as_of), source) for source in sources]
    stale = [(fresh, source) for fresh, source in known if fresh.is_stale]
    if stale:
        fresh, source = min(stale, key=lambda pair: pair[1].synced_at or now)
        more = f" and {len(stale) - 1} more" if len(stale) > 1 else ""
        return Freshness(f"{fresh.text} ({source.name}{more})", fresh.tone, True)
    never = [fresh for fresh, source in known if source.synced_at is None]
    if never:
        return never[0]
    return min(known, key=lambda pair: pair[1].synced_at or now)[0]


def sources_of(team_ids: Collection[int]) -> list[Source]:
    """The sources that feed teams: their own, and those that have delivered items or deployments of theirs."""
    teams = list(team_ids)
    items = WorkItem.objects.filter(source=OuterRef("pk"), team__in=teams)
    deployments = Deployment.objects.filter(source=OuterRef("pk"), service__team__in=teams)
    return list(Source.objects.filter(Q(team__in=teams) | Exists(items) | Exists(deployments)).order_by("name"))
