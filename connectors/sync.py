"""The loop that runs a connector: batches in, facts and cursor stored together, deletions found, figures derived.

Each batch is one transaction that also checks that the run is still ours (core/jobs.py), so it can be killed anywhere:
the next worker goes on at the stored cursor. `Source.needs_derive` says that facts were stored from which nothing was
derived yet; a run that finds it set at its start derives everything of its source at its end.
"""

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from connectors.models import Rejection, SyncRun
from connectors.opening import connector_of
from connectors.protocol import Batch, Check, Connector, ConnectorError, Rejected
from connectors.registry import CONNECTORS
from core import jobs, live
from core.models import JobState
from metrics import load, news
from metrics.actions import refresh
from metrics.delivery import derive_changes
from metrics.load import removal
from metrics.load.upsert import services_of
from metrics.models import Source, SourceState, WorkItem
from metrics.rows import WorkItemRow

log = logging.getLogger(__name__)

REJECTIONS_KEPT = 1000
ATTEMPTS = 10
SWEEP_EVERY = timedelta(days=1)
LONGEST_BACKOFF = timedelta(hours=6)
# At most this often, in seconds, a running sync says how far it is.
PUBLISH_EVERY = 0.4

# What a run tells about itself.
COUNTS = ("phase", "done", "total", "read", "written", "unchanged", "rejected", "deleted", "state", "error")

Report = Callable[[SyncRun], None]


@dataclass(slots=True)
class Tally:
    """What a run has touched so far, and what must be derived at its end."""

    items: set[int] = field(default_factory=set)
    services: set[int] = field(default_factory=set)
    everything: bool = False
    # Which data_version the source has if nobody else changes it.
    version: int = 0
    rejected: int = 0
    published_at: float = 0.0
    warnings: list[str] = field(default_factory=list)

    @property
    def has_news(self) -> bool:
        """Whether anything may differ from before."""
        return bool(self.everything or self.items or self.services)


@dataclass(frozen=True, slots=True)
class Outcome:
    state: JobState = JobState.SUCCEEDED
    error: str = ""
    is_permanent: bool = False
    # The tool asked us to stay away until then.
    retry_at: datetime | None = None


def execute(run: SyncRun, report: Report | None = None) -> None:
    """Do a claimed run to its end; `report` is told of every step of progress. Returns when it is over or not ours."""
    tally = Tally()
    say = _reporter(tally, report)
    try:
        with jobs.keep_alive(run):
            outcome = _guarded(run, lambda: _synchronise(run, tally, say))
            derived = _guarded(run, lambda: _derive(run, tally))
            _end(run, derived if outcome.state == JobState.SUCCEEDED else outcome, tally)
            if tally.has_news:
                news.tell()
    except jobs.LeaseLost:
        log.warning("Sync run %s is in other hands now; stopped without writing.", run.pk)
        return
    run.refresh_from_db()
    _publish(run)
    if report:
        report(run)


def _guarded(run: SyncRun, step: Callable[[], None]) -> Outcome:
    """Do `step`; whatever goes wrong in one source ends its run, and no other's."""
    try:
        step()
    except jobs.LeaseLost:
        raise
    except jobs.Cancelled:
        return Outcome(JobState.CANCELLED)
    except ConnectorError as error:
        log.warning("Sync of %s failed: %s", run.source, error.message)
        return Outcome(JobState.FAILED, error.message, error.permanent, error.retry_at)
    except Exception as error:
        log.exception("Sync of %s failed unexpectedly", run.source)
        name = type(error).__name__
        return Outcome(JobState.FAILED, f"Something went wrong inside the portal ({name}); its log says more.")
    return Outcome()


def _synchronise(run: SyncRun, tally: Tally, say: Report) -> None:
    if run.attempts > ATTEMPTS:
        raise ConnectorError(f"This sync was begun {ATTEMPTS} times and its worker died each time.")
    source = _begin(run, tally)
    connector = connector_of(source)
    check = connector.check()
    is_known = _meet(source, check, tally)
    is_first = source.cursor is None and not source.items.exists()
    with closing(_pull(connector, source)) as batches:
        for batch in batches:
            _store(run, source, batch, tally)
            say(run)
    if is_known and not is_first and _is_sweep_due(run, source, connector):
        _sweep_deletions(run, source, connector, tally)
    elif is_first:
        Source.objects.filter(pk=source.pk).update(swept_at=timezone.now())


def _pull(connector: Connector, source: Source) -> Any:
    return (batch for batch in connector.pull(source.cursor))


def _begin(run: SyncRun, tally: Tally) -> Source:
    """The source as it is now. A full run forgets the cursor once, at its very start, not when it is resumed."""
    with transaction.atomic():
        is_new = not run.phase
        jobs.renew(run, phase="Connecting")
        source = Source.objects.select_for_update(of=("self",)).select_related("team", "service").get(pk=run.source_id)
        if is_new and run.is_full:
            source.cursor = _restarted(source)
            source.rejections.all().delete()
        source.attempted_at = timezone.now()
        source.save(update_fields=["cursor", "attempted_at"])
    tally.everything = source.needs_derive
    tally.version = source.data_version
    tally.rejected = run.rejected
    return source


def _restarted(source: Source) -> Any:
    """What a full sync keeps of the cursor: nothing, but for tools that must know what they once told (`restart`)."""
    restart = getattr(CONNECTORS.get(source.tool), "restart", None)
    return restart(source.cursor) if restart and source.cursor else None


def _meet(source: Source, check: Check, tally: Tally) -> bool:
    """Whether the tool takes us for the same as before; if not, what was missing so far says nothing."""
    tally.warnings += check.warnings
    if check.identity == source.identity:
        return True
    if source.identity:
        tally.warnings.append(
            f"The tool now knows us as “{check.identity}”, before as “{source.identity}”: "
            "deletions are not looked for in this sync."
        )
    WorkItem.objects.filter(source=source, deleted_at=None).exclude(missing_at=None).update(missing_at=None)
    Source.objects.filter(pk=source.pk).update(identity=check.identity[:300])
    return not source.identity


def _store(run: SyncRun, source: Source, batch: Batch, tally: Tally) -> None:
    """One batch: rows, rejections, cursor and counts, or nothing of it."""
    with transaction.atomic():
        jobs.renew(run)
        result = load.upsert(source, batch.rows, batch.whole)
        gone = load.forget(source, batch.gone)
        items = result.items | removal.mark_found(source, _delivered(batch))
        services = result.services | gone.services
        rejected = [*batch.rejected, *(Rejected(*reject) for reject in result.rejected)]
        _keep(run, rejected, tally)
        changed = bool(result.written or gone.written or items)
        _advance(source, batch, changed)
        jobs.renew(
            run,
            read=F("read") + result.read + len(batch.rejected),
            written=F("written") + result.written,
            unchanged=F("unchanged") + result.unchanged,
            rejected=F("rejected") + len(rejected),
            deleted=F("deleted") + gone.written,
            phase=batch.phase[:60] or "Reading",
            done=batch.done,
            total=batch.total,
        )
    tally.items |= items
    tally.services |= services
    tally.everything |= result.remapped
    tally.version += changed


def _delivered(batch: Batch) -> list[str]:
    return [row.external_id for row in batch.rows if isinstance(row, WorkItemRow)]


def _advance(source: Source, batch: Batch, changed: bool) -> None:
    fields: dict[str, Any] = {"cursor": batch.cursor}
    if changed:
        fields |= {"data_version": F("data_version") + 1, "needs_derive": True}
    Source.objects.filter(pk=source.pk).update(**fields)


def _keep(run: SyncRun, rejected: Iterable[Rejected], tally: Tally) -> None:
    """Keep the first rejections of a run; all are counted."""
    rejected = list(rejected)
    room = max(0, REJECTIONS_KEPT - tally.rejected)
    Rejection.objects.bulk_create(
        Rejection(source_id=run.source_id, run=run, place=r.place[:200], reason=r.reason, record=r.record[:2000])
        for r in rejected[:room]
    )
    tally.rejected += len(rejected)


def _is_sweep_due(run: SyncRun, source: Source, connector: Connector) -> bool:
    """Listing everything costs requests: in full syncs, once a day, while something is missing, or where it is free."""
    if run.is_full or source.swept_at is None or getattr(connector, "sweep_is_cheap", False):
        return True
    if timezone.now() - source.swept_at >= SWEEP_EVERY:
        return True
    return source.items.filter(deleted_at=None).exclude(missing_at=None).exists()


def _listing(run: SyncRun, connector: Connector) -> set[str] | None:
    parts = connector.sweep()
    if parts is None:
        return None
    seen: set[str] = set()
    for part in parts:
        jobs.renew(run, phase="Looking for deleted items")
        seen.update(part)
    return seen


def _sweep_deletions(run: SyncRun, source: Source, connector: Connector, tally: Tally) -> None:
    """Find items that the tool has no more; nothing is concluded from one listing, nor from one run."""
    seen = _listing(run, connector)
    if seen is None:
        return
    alive = set(source.items.filter(deleted_at=None).values_list("external_id", flat=True))
    missing = alive - seen
    if missing:
        missing -= _listing(run, connector) or alive
    if len(missing) * 2 > len(alive):
        tally.warnings.append(
            f"{len(missing)} of {len(alive)} items were not listed by the tool. That looks like lost access, "
            "so none of them counts as deleted."
        )
        missing = set()
    with transaction.atomic():
        jobs.renew(run)
        deleted = removal.mark_missing(source, missing, timezone.now())
        returned = removal.mark_found(source, seen)
        tally.items |= deleted | returned
        if deleted or returned:
            Source.objects.filter(pk=source.pk).update(data_version=F("data_version") + 1, needs_derive=True)
        Source.objects.filter(pk=source.pk).update(swept_at=timezone.now())
        jobs.renew(run, deleted=F("deleted") + len(deleted))
    tally.version += bool(deleted or returned)


def _derive(run: SyncRun, tally: Tally) -> None:
    """Bring what is derived up to the stored facts, whatever way the run ended; a no-op when nothing changed."""
    if not tally.has_news:
        return
    jobs.renew(run, even_cancelled=True, phase="Deriving figures")
    with transaction.atomic():
        # No fence is needed here: whoever derives under this lock derives from the facts as they are.
        source = Source.objects.select_for_update().get(pk=run.source_id)
        if tally.everything or source.data_version != tally.version:
            # Undone work was found at the start, or somebody (a new mapping) changed things while we read.
            _bring_up(source, None, tally.services | services_of(source))
        else:
            _bring_up(source, tally.items, tally.services)


def _bring_up(source: Source, items: Iterable[int] | None, services: Iterable[int]) -> None:
    """Derive anew what depends on these items (None: all of the source) and services."""
    refresh(source, None if items is None else sorted(items))
    derive_changes(sorted(services))
    Source.objects.filter(pk=source.pk).update(needs_derive=False, data_version=F("data_version") + 1)


def underived() -> list[int]:
    """Ids of sources whose facts wait to be derived from, while no sync is at them that will do it."""
    waiting = Source.objects.filter(needs_derive=True)
    return list(waiting.exclude(runs__state__in=[JobState.QUEUED, JobState.RUNNING]).values_list("pk", flat=True))


def derive_all(source_id: int) -> None:
    """Derive everything of a source anew, if that is needed and nobody else is at it."""
    with transaction.atomic():
        source = Source.objects.select_for_update(skip_locked=True).filter(pk=source_id, needs_derive=True).first()
        if source is not None:
            _bring_up(source, None, services_of(source))
            news.tell()


def _failures(run: SyncRun) -> int:
    """How many runs in a row have failed, this one included."""
    states = SyncRun.objects.filter(source_id=run.source_id).exclude(pk=run.pk).values_list("state", flat=True)[:20]
    count = 1
    for state in states:
        if state != JobState.FAILED:
            break
        count += 1
    return count


def _pause_before_next(run: SyncRun, source: Source, outcome: Outcome) -> timedelta:
    """The schedule, doubled with every failure in a row, up to six hours (or the schedule, if that is longer)."""
    schedule = timedelta(minutes=source.schedule_minutes)
    if outcome.state != JobState.FAILED:
        return schedule
    doublings = min(_failures(run) - 1, 10)
    return max(schedule, min(schedule * (1 << doublings), LONGEST_BACKOFF))


def _next_sync_at(run: SyncRun, source: Source, outcome: Outcome, now: datetime) -> datetime | None:
    if not source.schedule_minutes:
        return None
    if outcome.retry_at:
        # A limit is no failure: when it is over, the sync goes on where it was.
        return max(outcome.retry_at, now + timedelta(minutes=1))
    return now + _pause_before_next(run, source, outcome)


def _end(run: SyncRun, outcome: Outcome, tally: Tally) -> None:
    with transaction.atomic():
        jobs.finish(
            run,
            outcome.state,
            error=outcome.error,
            is_permanent=outcome.is_permanent,
            warning="\n".join(tally.warnings),
        )
        source = Source.objects.select_for_update().get(pk=run.source_id)
        now = timezone.now()
        source.next_sync_at = _next_sync_at(run, source, outcome, now)
        if outcome.state == JobState.SUCCEEDED:
            source.synced_at, source.error = now, ""
            if source.state == SourceState.STOPPED:
                source.state = SourceState.ACTIVE
        elif outcome.state == JobState.FAILED:
            source.error = outcome.error
        if outcome.is_permanent:
            source.next_sync_at = None
            source.state = SourceState.STOPPED
        source.save(update_fields=["next_sync_at", "synced_at", "error", "state"])


def progress(run: SyncRun) -> dict[str, Any]:
    """What the live stream tells about a run; numbers are records, `done` of `total` what the tool counts."""
    return {"run": run.pk, "source": run.source.slug} | {name: getattr(run, name) for name in COUNTS}


def _publish(run: SyncRun) -> None:
    live.publish(f"sync:{run.pk}", "over" if run.is_over else "progress", progress(run))


def _reporter(tally: Tally, report: Report | None) -> Report:
    """Tell of progress, at most a few times a second."""

    def say(run: SyncRun) -> None:
        if time.monotonic() - tally.published_at < PUBLISH_EVERY:
            return
        tally.published_at = time.monotonic()
        # Not the fence: reading that anew would make another worker's lease ours.
        run.refresh_from_db(fields=COUNTS)
        _publish(run)
        if report:
            report(run)

    return say
