"""How the costs of impediments scale: preparing them, and the costs page. `python -m bench.impediments [items]`.

Prints Markdown: bench/impediments.md is made of it. A tenth of the items is blocked by an impediment of ten items each.
"""

import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta

TEAMS = 30
EACH = 10


def main(items: int) -> None:
    from django.core.cache import cache
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from bench.flow import AS_OF, fill
    from impediments import costs, rollups
    from impediments.models import BlockedDay, Impediment
    from metrics.actions import refresh
    from portfolio.models import Team
    from portfolio.queries import find_scope

    for board in fill(TEAMS, items // TEAMS, "Europe/Berlin"):
        refresh(board)
    _hinder()
    print(
        f"{items:,} items of {TEAMS} teams, {Impediment.objects.count():,} impediments that block {EACH} items each.\n"
    )
    print("| what | ms | queries |\n|---|---:|---:|")

    def told(name: str, work: Callable[[], object]) -> None:
        cache.clear()
        with CaptureQueriesContext(connection) as asked:
            begin = time.perf_counter()
            work()
            spent = time.perf_counter() - begin
        print(f"| {name} | {spent * 1000:.0f} | {len(asked)} |")

    ids = list(Impediment.objects.values_list("pk", flat=True))
    portfolio = find_scope("portfolio", None)
    one = find_scope(f"team:{Team.objects.order_by('pk')[0].slug}", None)
    told("prepare all teams for the first time", lambda: rollups.prepare(AS_OF))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    told("ask what is behind: nothing", lambda: rollups.prepare(AS_OF))
    told("prepare one team again", lambda: rollups.prepare(AS_OF, list(one.teams), anew=True))
    told(f"capacity cost of all {len(ids):,}", lambda: costs.capacity(ids, as_of=AS_OF))
    told("capacity cost of one", lambda: costs.capacity(ids[:1], as_of=AS_OF))
    told(f"delay cost of all {len(ids):,}", lambda: costs.delay(ids, AS_OF))
    told("formula of one, written out", lambda: costs.explain(Impediment.objects.get(pk=ids[0]), AS_OF))
    until = AS_OF.date() + timedelta(28)
    told(f"all {len(ids):,} ahead for four weeks", lambda: costs.project(ids, until, AS_OF))
    told("top three of the portfolio", lambda: costs.top(portfolio.teams, AS_OF))
    lines = costs.top(one.teams, AS_OF)
    told("what removing the top three gives back to a team", lambda: costs.gives_back(one, lines, AS_OF))
    lines = costs.top(portfolio.teams, AS_OF)
    told("the same of the portfolio", lambda: costs.gives_back(portfolio, lines, AS_OF))
    print(f"\n{BlockedDay.objects.count():,} prepared days.")


def _hinder() -> None:
    """Impediments over the items of each team, each open for some weeks before the items were done."""
    from bench.flow import AS_OF
    from impediments.models import Block, Category, Impediment, Period
    from metrics.models import BlockedStay, ItemFlow

    flows = ItemFlow.objects.exclude(started_at=None).order_by("team", "started_at").select_related("item")
    found = list(flows)[::10]
    groups = [found[low : low + EACH] for low in range(0, len(found), EACH)]
    made = Impediment.objects.bulk_create(
        Impediment(
            what=f"Reason {n}",
            category=Category.values[n % len(Category.values)],
            team_id=group[0].team_id,
            since_at=(since := min(one.started_at or AS_OF for one in group)),
            logged_at=since,
        )
        for n, group in enumerate(groups)
    )
    Period.objects.bulk_create(Period(impediment=one, from_at=one.since_at) for one in made)
    pairs = [(one, flow) for one, group in zip(made, groups, strict=True) for flow in group]
    stays = BlockedStay.objects.bulk_create(
        BlockedStay(item=flow.item, external_id=str(n), from_at=flow.started_at or AS_OF, reason=one.what)
        for n, (one, flow) in enumerate(pairs)
    )
    Block.objects.bulk_create(
        Block(impediment=one, item=flow.item, stay=stay, key=flow.item.key, from_at=stay.from_at)
        for (one, flow), stay in zip(pairs, stays, strict=True)
    )


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
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 60_000)


if __name__ == "__main__":
    sys.exit(standalone())
