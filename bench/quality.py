"""How the checks of data quality scale: seconds per check of one large source. `python -m bench.quality [items]`."""

import os
import sys
import time
from contextlib import ExitStack, suppress
from datetime import timedelta


def main(items: int) -> None:
    from django.core.cache import cache
    from django.db import connection
    from django.urls import reverse

    from bench.flow import AS_OF, fill
    from metrics import quality

    (board,) = fill(1, items, "Europe/Berlin")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    board.synced_at = AS_OF - timedelta(minutes=1)
    stored = quality.Stored(board, AS_OF)
    spent: dict[str, float] = {}
    for check in quality.CHECKS:
        begin = time.perf_counter()
        with suppress(quality.NotChecked):
            check.find(stored)
        spent[check.key] = time.perf_counter() - begin
    print(f"{items:,} items, {5 * items:,} moves: {sum(spent.values()):.2f} s (the first of a kind reads the facts)")
    for key, seconds in sorted(spent.items(), key=lambda pair: -pair[1])[:8]:
        print(f"  {key:<26}{seconds * 1000:8.0f} ms")
    cache.clear()
    quality.inspect(board, AS_OF)
    begin = time.perf_counter()
    report = quality.inspect(board, AS_OF)
    kept = time.perf_counter() - begin
    longest = max(report.results, key=lambda result: result.lines)
    # The first address ever made reads all of them.
    reverse("home")
    begin = time.perf_counter()
    quality.lines(board, longest, 0, 50)
    listed = time.perf_counter() - begin
    print(f"  kept: {kept * 1000:.0f} ms; 50 of {longest.lines:,} lines: {listed * 1000:.0f} ms")
    print(f"  {report.sentence}")


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
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 40_000)


if __name__ == "__main__":
    sys.exit(standalone())
