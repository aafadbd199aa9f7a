"""Looking back at an increment: the plan against its end, what came late, whether chances and votes were right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from django.utils import timezone

from metrics.formulas.forecast.calibration import Calibration, calibrate
from metrics.models import Outcome
from planning.baselines import Since, since
from planning.commitments import kept_for
from planning.delivered import delivered
from planning.models import Baseline, Card, Dependency, Increment, Objective
from planning.queries.late import by_items, due_by
from planning.queries.strings import lane_of, provider_of
from planning.queries.trains import Predicted, percent, predicted

HEAD = ("What", "Kind", "Became", "Detail", "Last changed by", "Last changed at")


@dataclass(frozen=True, slots=True)
class Late:
    """A dependency that was due, with the day it was delivered on; None: it was not."""

    row: Dependency
    due: date
    done: date | None

    @property
    def what(self) -> str:
        provider = provider_of(self.row)
        return self.row.what or (provider.title if provider else "Something")

    @property
    def provider(self) -> str:
        return lane_of(self.row).name

    @property
    def days(self) -> int | None:
        """How many days after it was due; None while it is not delivered."""
        return (self.done - self.due).days if self.done else None


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows. `landed` of `due` committed cards were delivered in the iteration they were committed to."""

    since: Since | None
    due: int
    landed: int
    late: Sequence[Late]
    in_time: int
    calibration: Calibration
    objectives: Sequence[Objective]
    predicted: Predicted


def page(increment: Increment, baseline: Baseline | None, now: datetime) -> Page:
    """Up to `now`, or to its closing. The number of queries does not grow with the plan."""
    at = increment.closed_at or now
    late, in_time = _late(increment, timezone.localdate(at))
    outcomes = _outcomes(baseline, at, is_closed=increment.closed_at is not None) if baseline else {}
    objectives = increment.objectives.filter(removed_at=None).select_related("lane").order_by("lane__position", "pk")
    return Page(
        since(baseline) if baseline else None,
        len(outcomes),
        sum(outcomes.values()),
        late,
        in_time,
        _calibration(increment),
        list(objectives),
        predicted([increment])[increment.pk],
    )


def _late(increment: Increment, on: date) -> tuple[list[Late], int]:
    """Those that came late, the latest first, and how many came in time: as the late risk counts them."""
    rows = due_by(on).filter(increment=increment, due__isnull=False)
    loaded = rows.select_related("provider_lane", "provider__lane", "consumer__lane")
    told = {row.pk: done for row, done in by_items(rows, on)}
    found = [Late(row, row.due, told.get(row.pk, row.done)) for row in loaded]
    late = [one for one in found if one.done is None or one.done > one.due]
    late.sort(key=lambda one: (one.done is not None, -(one.days or 0)))
    return late, len(found) - len(late)


def _outcomes(baseline: Baseline, at: datetime, *, is_closed: bool) -> dict[int, bool]:
    """Of the cards committed to in an iteration that is over: whether each was delivered by its end.

    By what the baseline says: a card that was moved, or taken off the board, is judged by where it was committed. Once
    the increment is closed none of its iterations goes on, whatever their days.
    """
    today = timezone.localdate(at)
    ends = {int(pk): date.fromisoformat(row["last_on"]) for pk, row in baseline.plan.get("iteration", {}).items()}
    due = {
        int(pk): ends[row["iteration_id"]]
        for pk, row in baseline.plan.get("card", {}).items()
        if row["removed_at"] is None and row["iteration_id"] and (is_closed or ends[row["iteration_id"]] < today)
    }
    done = delivered(Card.objects.filter(pk__in=due), at)
    return {pk: pk in done and done[pk] <= day for pk, day in due.items()}


def _calibration(increment: Increment) -> Calibration:
    """Forecasts kept at its commitments whose outcome is known, with the votes of the teams, against what came."""
    scored = [row for row in kept_for(increment) if row.outcome in (Outcome.KEPT, Outcome.MISSED)]
    return calibrate(
        np.array([row.chance for row in scored], dtype=np.float64),
        np.array([row.outcome == Outcome.KEPT for row in scored], dtype=np.bool_),
        np.array([np.nan if row.votes is None else row.votes for row in scored], dtype=np.float64),
    )


def changes_finding(increment: Increment, found: Since | None) -> str:
    """The heading of the changes since the commitment."""
    if found is None:
        return f"{increment} has not been committed to yet"
    moves = found.moves
    if not moves.committed:
        return "No card was committed to an iteration"
    if found.is_untouched:
        return "The plan stands as it was committed to"
    parts = (f"{len(moves.moved)} moved", f"{len(moves.added)} added", f"{len(moves.removed)} removed")
    return f"Since the commitment: {', '.join(parts)}; {percent(moves.stability or 0)} of the plan is untouched"


def finding(increment: Increment, found: Page) -> str:
    """The heading of looking back."""
    if found.since is None:
        return f"{increment} has nothing to look back at: it has not been committed to"
    if not found.due:
        return f"No iteration of {increment} is over yet"
    cards = "card" if found.due == 1 else "cards"
    late = f", {len(found.late)} {'dependency' if len(found.late) == 1 else 'dependencies'} came late"
    told = "" if not found.late else late
    return f"{found.landed} of {found.due} {cards} landed in the iteration they were committed to{told}"


def lines_of(found: Since) -> Iterator[Sequence[Any]]:
    """The changes as a file has them."""
    parts = (("moved", found.moved), ("added", found.added), ("removed", found.removed), ("changed", found.others))
    for became, rows in parts:
        for row in rows:
            last = row.last
            who, at = (last.who or "The portal", last.at.isoformat()) if last else ("", "")
            yield (row.what, row.kind, became, row.text, who, at)
