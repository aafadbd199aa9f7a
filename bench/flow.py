"""How flow scales: loading, columns, formulas and derived rows, in seconds and as ratios. `python -m bench.flow`."""

import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

STATUSES = (
    ("todo", "backlog"), ("ready", "backlog"), ("dev", "active"), ("review", "waiting"), ("test", "active"),
    ("done", "done"),
)  # fmt: skip
START = datetime(2024, 1, 1, tzinfo=UTC)
AS_OF = datetime(2025, 7, 1, 12, tzinfo=UTC)


def timed(work: Callable[[], Any], times: int = 3) -> float:
    """The best of some runs, in seconds."""
    best = float("inf")
    for _ in range(times):
        begin = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begin)
    return best


def histories(first: int, n: int) -> Iterator[Any]:
    """Items with five moves each, over a year and a half."""
    from metrics.rows import TransitionRow, WorkItemRow

    rng = random.Random(first)
    for number in range(first, first + n):
        at = START + timedelta(minutes=rng.randrange(540 * 1440))
        key = f"A-{number}"
        yield WorkItemRow(key, key, tool_type="Story", status="done", created_at=at)
        for place, (before, after) in enumerate(pairwise(STATUSES)):
            at += timedelta(minutes=rng.randrange(1, 6 * 1440))
            yield TransitionRow(f"{key}-{place}", key, at, before[0], after[0])


def fill(teams: int, items: int, zone: str) -> list[Any]:
    """Teams with a source and so many items each; the sources."""
    from django.db import transaction

    from metrics.load import upsert
    from metrics.rows import StatusRow
    from tests.metrics.cast import source, team

    made = []
    for number in range(teams):
        owner = team(f"{zone.lower().replace('/', '-')}-{items}-{number}", f"stream-{items}", zone)
        board = source(owner, f"board-{owner.slug}", synced_at=START)
        rows = [StatusRow(name, name, state, place) for place, (name, state) in enumerate(STATUSES)]
        with transaction.atomic():
            upsert(board, [*rows, *histories(number * items, items)])
        made.append(board)
    return made


def figures(scope: Any) -> dict[str, float]:
    """Seconds for the columns and for each formula of a scope over 90 days."""
    from metrics import columns
    from metrics.measurement import Window
    from metrics.registry import FLOW

    window = Window(date(2025, 4, 1), date(2025, 6, 30))
    result = {"columns": timed(lambda: columns.load(scope, AS_OF))}
    found = columns.load(scope, AS_OF)
    for key, metric in FLOW.items():
        result[key] = timed(lambda metric=metric: metric.formula(found, window, AS_OF.date()))
    return result


def report(name: str, seconds: dict[str, float]) -> float:
    total = sum(seconds.values())
    slowest = sorted(seconds.items(), key=lambda pair: -pair[1])[:4]
    print(f"{name:<42} {total * 1000:8.0f} ms: " + ", ".join(f"{key} {of * 1000:.1f}" for key, of in slowest))
    return total


def main() -> None:
    from django.db import connection, transaction

    from metrics import actions
    from metrics.load import upsert
    from portfolio.queries import find_scope

    fill(1, 1_250, "Europe/Berlin")
    team = report("a team, 1,250 items, all flow figures", figures(find_scope("stream:stream-1250", None)))
    boards = fill(12, 1_250, "America/New_York")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    whole = report("portfolio, 16,250 items", figures(find_scope("portfolio", None)))
    print(f"{'ratio of time to ratio of items':<42} {whole / team:8.1f} to {13:.1f}")
    rows = list(histories(0, 1_250))

    def load_again() -> None:
        with transaction.atomic():
            upsert(boards[0], rows)

    again = timed(load_again)
    print(f"{'loading 7,500 rows that are unchanged':<42} {again * 1000:8.0f} ms ({7500 / again:,.0f} rows a second)")
    print(f"{'deriving 1,250 items':<42} {timed(lambda: actions.refresh(boards[0])) * 1000:8.0f} ms")
    fill(1, 100_000, "Asia/Tokyo")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    large = report("a team of 100,000 items", figures(find_scope("stream:stream-100000", None)))
    print(f"{'ratio of time to ratio of items':<42} {large / team:8.1f} to {80:.1f}")


def standalone() -> None:
    """Run on services of its own, which are gone afterwards."""
    from tests import services

    with ExitStack() as stack:
        os.environ.setdefault("SECRET_KEY", "only-for-the-bench-" + "x" * 40)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vmo.settings")
        services.run_services(stack)
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        main()


if __name__ == "__main__":
    sys.exit(standalone())
