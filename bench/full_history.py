"""What the teams of the full-size board finished in the twelve weeks before: so that its cards have chances to land.

Invented and the same every time; loaded as a tool would deliver it. bench/board.py measures with it.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from metrics.rows import Row, StatusRow, TransitionRow, WorkItemRow

WEEKS, FEATURES = 12, 8
STATUSES = (StatusRow("todo", "To do", "backlog", 0), StatusRow("done", "Done", "done", 1))


def make(increment: Any, on: date) -> None:
    """A source for each team of the increment, with items of eight features finished up to the day before `on`."""
    from django.db import transaction
    from django.utils import timezone

    from metrics import load
    from metrics.actions import refresh
    from metrics.models import EpicLink, Source
    from portfolio.models import Feature

    dice = Random(11)
    for lane in increment.lanes.exclude(team=None).select_related("team").order_by("position"):
        names = [f"{lane.team.name} {n}" for n in range(1, FEATURES + 1)]
        rows = [*STATUSES, *_items(names, on, dice)]
        with transaction.atomic():
            now = timezone.now()
            source, is_new = Source.objects.get_or_create(
                slug=f"{lane.team.slug}-board",
                defaults={"name": f"{lane.team.name} board", "tool": "csv", "team": lane.team, "synced_at": now}
                | {"schedule_minutes": 0, "data_version": 1},
            )
            if not is_new:
                continue
            load.upsert(source, rows)
            for name in names:
                feature = Feature.objects.create(team=lane.team, name=name, ended_on=on - timedelta(days=1))
                EpicLink.objects.create(feature=feature, source=source, parent=name)
            refresh(source, None)


def _items(names: list[str], on: date, dice: Random) -> Iterator[Row]:
    """About an item a working day, each of one of the features in turn."""
    days = [on - timedelta(days=back) for back in range(7 * WEEKS, 0, -1)]
    often = [0, 1, 1, 1, 2] if dice.random() < 0.5 else [0, 0, 1, 2, 3]
    at = [datetime.combine(day, time(9), tzinfo=UTC) for day in days if day.isoweekday() < 6]
    finishes = [moment for moment in at for _ in range(dice.choice(often))]
    for n, moment in enumerate(finishes):
        key = f"{names[0].split()[0].upper()}-{n + 1}"
        parent = names[n * len(names) // len(finishes)]
        yield WorkItemRow(key, key, status="done", created_at=moment - timedelta(days=9), parent=parent)
        yield TransitionRow(f"{key}-done", key, moment, "todo", "done")
