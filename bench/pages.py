"""Server time and queries of every page of figures and lists, on the demo organisation. `python -m bench.pages`.

Prints a table and stores it as bench/pages.md. `--here` measures the portal that the environment names instead of a
demo organisation of its own. Cold: nothing kept of any figure; warm: the best of some runs; queries: of a warm run.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

STORED = Path(__file__).with_suffix(".md")
# The name of a page's URL and what it takes; each is asked of every scope.
PAGES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("home", {}), ("flow", {}), ("flow-times", {}), ("flow-ageing", {}), ("flow-limits", {}), ("flow-blocked", {}),
    ("flow-mix", {}), ("flow-compare", {}), ("forecast", {}), ("calibration", {}), ("expectations", {}),
    ("delivery", {}), ("items", {}), ("pull-requests", {}), ("deployments", {}), ("explain", {"key": "cycle_time"}),
    ("explain", {"key": "change_lead_time"}), ("figure-csv", {"key": "cfd"}), ("api-report", {}), ("api-items", {}),
)  # fmt: skip
# Pages of no scope.
WHOLE = ("initiatives", "organisation", "sources")
TIMES = 2


class Line(NamedTuple):
    """A page of a scope: milliseconds at first and again, those of our own work, queries, kilobytes of the answer."""

    page: str
    scope: str
    cold: float
    warm: float
    own: float
    queries: int
    size: float


def _scopes() -> list[str]:
    from portfolio.models import Team

    team = Team.objects.filter(slug="heron").first() or Team.objects.first()
    assert team is not None
    return [f"team:{team.slug}", f"stream:{team.stream.slug}", "portfolio"]


def _addresses() -> Iterator[tuple[str, str, str]]:
    """Page, scope and address of everything measured; a page that is not there is left out."""
    from django.urls import NoReverseMatch, reverse
    from django.utils import timezone

    from metrics.models import Source

    then = (timezone.localdate() - timedelta(days=60)).isoformat()
    for name, args in PAGES:
        try:
            path = reverse(name, kwargs=args)
        except NoReverseMatch:
            continue
        for scope in _scopes():
            label = f"{name} {args.get('key', '')}".strip()
            # The overview of a team is its Flow page, and one team has nobody to stand beside.
            if not (name in {"home", "flow-compare"} and scope.startswith("team:")):
                yield label, scope, f"{path}?scope={scope}"
            if name in {"flow", "items"}:
                yield f"{label}, 60 days ago", scope, f"{path}?scope={scope}&as_of={then}"
            if name == "flow":
                yield f"{label}, defects", scope, f"{path}?scope={scope}&type=defect"
    for name in WHOLE:
        yield name, "", reverse(name)
    yield "item", "", _item()
    if source := Source.objects.order_by("pk").first():
        yield "source-quality", "", reverse("source-quality", args=[source.slug])


def _item() -> str:
    from django.db.models import Count
    from django.urls import reverse

    from metrics.models import WorkItem

    busiest = WorkItem.objects.annotate(moves=Count("transitions")).order_by("-moves").values_list("pk", flat=True)
    return reverse("item", args=[busiest[0]])


def _measured(client: Any, page: str, scope: str, address: str) -> Line:
    from django.core.cache import cache
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def ask() -> tuple[float, float, int]:
        begin, worked = time.perf_counter(), time.process_time()
        answer = client.get(address)
        size = len(b"".join(answer.streaming_content) if answer.streaming else answer.content)
        assert answer.status_code == 200, (address, answer.status_code)
        return (time.perf_counter() - begin) * 1000, (time.process_time() - worked) * 1000, size

    cache.clear()
    cold, _, _ = ask()
    runs = [ask() for _ in range(TIMES)]
    with CaptureQueriesContext(connection) as caught:
        ask()
    warm, own, _ = min(runs)
    line = Line(page, scope, cold, warm, own, len(caught), runs[0][2] / 1024)
    print(f"{page:<32}{scope:<20}{cold:8.0f}{warm:8.0f}{own:8.0f} ms{line.queries:5}", flush=True)
    return line


def table(lines: list[Line]) -> str:
    rows = [
        f"| {x.page} | {x.scope} | {x.cold:.0f} | {x.warm:.0f} | {x.own:.0f} | {x.queries} | {x.size:.0f} |"
        for x in lines
    ]
    head = "| page | of | cold, ms | warm, ms | of that Python, ms | queries | kB |\n|---|---|---:|---:|---:|---:|---:|"
    return "\n".join([head, *rows]) + "\n"


def main() -> None:
    from django.conf import settings
    from django.test import Client

    from accounts.models import User
    from metrics.models import ItemFlow, Transition

    settings.ALLOWED_HOSTS = ["*"]
    client = Client()
    client.force_login(User.objects.filter(grants__role="leader", grants__stream=None, grants__team=None)[0])
    found = list(_addresses())
    client.get(found[0][2])
    lines = [_measured(client, *one) for one in found]
    told = table(lines)
    n = f"{ItemFlow.objects.count():,} items with {Transition.objects.count():,} moves"
    STORED.write_text(
        "# Server time of pages\n\nMade by `python -m bench.pages`: Django's test client, two cores, the demo"
        f" organisation ({n}). Cold: nothing kept of any figure; warm: the best of {TIMES} runs; queries: of a warm"
        f" run.\n\n{told}"
    )


def demo() -> None:
    """Load the demo organisation and sync it here, as a worker would."""
    from django.utils import timezone

    from connectors import sync
    from connectors.demo import actions
    from connectors.models import SyncRun
    from core import jobs

    actions.load(today=timezone.localdate())
    for run in actions.request_syncs(enqueue=False):
        claimed = jobs.claim(SyncRun.objects.select_related("source"), run.pk)
        assert claimed is not None
        sync.execute(claimed)


def standalone() -> None:
    """Run on services of its own, which are gone afterwards, or here."""
    is_here = "--here" in sys.argv
    with ExitStack() as stack:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vmo.settings")
        if not is_here:
            from tests import services

            os.environ.setdefault("SECRET_KEY", "only-for-the-bench-" + "x" * 40)
            services.run_services(stack)
        import django
        from django.core.management import call_command

        django.setup()
        if not is_here:
            call_command("migrate", verbosity=0)
            call_command("collectstatic", verbosity=0, interactive=False)
            demo()
        main()


if __name__ == "__main__":
    standalone()
