"""How long figures take to build, to be put into words as a table and to be written as JSON. `python -m bench.figures`.

Processor time, so that a busy machine does not tell another story. The aim is 5 ms to build.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

AIM = 5.0


def milliseconds(work: Callable[[], Any], times: int = 40) -> tuple[float, float]:
    """The least and the median."""
    found = []
    for _ in range(times):
        begin = time.process_time()
        work()
        found.append(1000 * (time.process_time() - begin))
    return min(found), statistics.median(found)


def main() -> int:
    from charts.figures import scatter
    from charts.templatetags.charts import table_of
    from tests.charts import examples

    fifty = examples.cloud(50_000)
    # Inputs are made outside what is measured: examples make theirs, so theirs is measured too.
    cases: dict[str, Callable[[], Any]] = {
        "scatter of 50,000": lambda: scatter(fifty, examples.LEVELS, name="Items", unit="days", link="/items/{}/"),
        **{f"{name} of {n:,}": lambda make=make, n=n: make(n) for name, (make, n) in examples.EXAMPLES.items()},
    }
    slow = 0
    print(f"{'milliseconds':<32}{'build':>8}{'median':>8}{'table':>8}{'JSON':>8}{'KB':>8}")
    for name, build in cases.items():
        spec = build()
        least, middle = milliseconds(build)
        table, _ = milliseconds(lambda spec=spec: table_of(spec), 10)
        written, _ = milliseconds(lambda spec=spec: json.dumps(spec), 10)
        size = len(json.dumps(spec)) / 1024
        print(f"{name:<32}{least:8.2f}{middle:8.2f}{table:8.2f}{written:8.2f}{size:8.0f}")
        slow += least > AIM
    print("all within 5 ms" if not slow else f"{slow} above 5 ms")
    return slow


if __name__ == "__main__":
    os.environ.setdefault("SECRET_KEY", "only-for-the-bench-" + "x" * 40)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vmo.settings")
    # Nothing is asked of either.
    os.environ.setdefault("DATABASE_URL", "postgres://nobody@localhost/none")
    os.environ.setdefault("REDIS_URL", "redis://localhost:1")
    import django

    django.setup()
    sys.exit(main())
