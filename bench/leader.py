"""Server time and queries of the leader's page, on an organisation of 40 streams and on one of 4.

`python -m bench.leader` prints a table and stores it as bench/leader.md. The organisation is made with SQL: 300 teams
with two years of work, deployments and prepared costs, 400 initiatives, 1,200 key results with weekly check-ins,
budgets, open decisions.
Cold: nothing kept of any figure; warm: the best of some runs; queries: of a warm and of a cold run.
"""

import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

STORED = Path(__file__).with_suffix(".md")
TIMES = 5


class Size(NamedTuple):
    """How many of each; `items` are per team."""

    streams: int
    teams: int
    initiatives: int
    key_results: int
    items: int = 400


LARGE = Size(40, 300, 400, 1200)
SMALL = Size(4, 30, 40, 120)

# In their order; %(name)s are the numbers of Size, `today` the day up to which there is history.
ORGANISATION = """
INSERT INTO portfolio_valuestream (slug, name, description, position)
    SELECT 'stream-' || n, 'Stream ' || n, '', n FROM generate_series(1, %(streams)s) n;
INSERT INTO portfolio_team (slug, name, stream_id, timezone, calendar_id, cost_per_day, planning_unit)
    SELECT 'team-' || n, 'Team ' || n, s.id, 'UTC', %(calendar)s, 2000 + n %% 9 * 100, 'items'
    FROM generate_series(1, %(teams)s) n JOIN portfolio_valuestream s ON s.position = 1 + n %% %(streams)s;
INSERT INTO portfolio_service (slug, name, team_id) SELECT 'service-' || id, 'Service ' || id, id FROM portfolio_team;
INSERT INTO portfolio_initiative (slug, name, description, stream_id, value_type, position, stage, horizon,
        estimated_cost, cost_of_delay, business_value, time_criticality, risk_reduction, job_size)
    SELECT 'initiative-' || n, 'Initiative ' || n, '', s.id, 'feature', n,
        (ARRAY['funnel', 'analysing', 'backlog', 'implementing', 'implementing'])[1 + n %% 5],
        (ARRAY['h1', 'h1', 'h2', 'h3'])[1 + n %% 4], 50000 + n * 100, 1000 + n, 5, 8, 2, 3
    FROM generate_series(1, %(initiatives)s) n JOIN portfolio_valuestream s ON s.position = 1 + n %% %(streams)s;
INSERT INTO portfolio_stageentry (initiative_id, stage, at, override)
    SELECT id, stage, %(today)s::timestamptz - (id %% 90) * interval '1 day', '' FROM portfolio_initiative;
INSERT INTO metrics_source (slug, name, tool, team_id, settings, secrets, type_mapping, status_mapping, state, error,
        schedule_minutes, incident_window_hours, identity, needs_derive, data_version, synced_at, created_at)
    SELECT 'board-' || id, 'Board of ' || name, 'csv', id, '{}', '', '{}', '[]', 'active', '', 15, 24, '', false, 1,
        now(), now()
    FROM portfolio_team;
INSERT INTO metrics_status (source_id, external_id, name, state, is_chosen, position)
    SELECT s.id, v.name, v.name, v.state, false, v.place FROM metrics_source s, (VALUES
        ('To do', 'backlog', 0), ('Doing', 'active', 1), ('Waiting', 'waiting', 2), ('Done', 'done', 3)
    ) v (name, state, place);
INSERT INTO metrics_workitem (source_id, external_id, key, title, url, tool_type, kind, status_id, team_id, created_at,
        labels, parent, class_of_service)
    SELECT s.id, n::text, 'T' || s.team_id || '-' || n, 'Item ' || n, '', 'story', 'feature',
        t.id, s.team_id, %(today)s::timestamptz - ((%(items)s - n) * 540.0 / %(items)s + 20) * interval '1 day',
        '{}', '', ''
    FROM metrics_source s CROSS JOIN generate_series(1, %(items)s) n
    JOIN metrics_status t ON t.source_id = s.id AND t.name = CASE WHEN n > %(items)s - 12 THEN 'Doing' ELSE 'Done' END;
INSERT INTO metrics_transition (source_id, external_id, item_id, at, from_status_id, to_status_id)
    SELECT i.source_id, i.external_id || '-' || step, i.id,
        i.created_at + interval '1 hour' * (step * (24 + (i.id * 7 + step) %% 60)), a.id, b.id
    FROM metrics_workitem i CROSS JOIN (VALUES
        (1, 'To do', 'Doing'), (2, 'Doing', 'Waiting'), (3, 'Waiting', 'Doing'), (4, 'Doing', 'Done')
    ) v (step, before, after)
    JOIN metrics_status a ON a.source_id = i.source_id AND a.name = v.before
    JOIN metrics_status b ON b.source_id = i.source_id AND b.name = v.after
    WHERE step < 4 OR i.external_id::int <= %(items)s - 12;
INSERT INTO metrics_deployment (source_id, external_id, service_id, sha, ref, environment, is_production, status,
        finished_at, reached, is_unplanned, url)
    SELECT s.id, 'd' || n, v.id, md5(v.id || '-' || n), 'v' || n, 'production', true,
        CASE WHEN (v.id + n) %% 11 = 0 THEN 'failure' ELSE 'success' END,
        %(today)s::timestamptz - n * interval '2 days' + (v.id %% 7) * interval '1 hour', true, (v.id + n) %% 17 = 0, ''
    FROM portfolio_service v JOIN metrics_source s USING (team_id), generate_series(0, 120) n;
INSERT INTO metrics_commit (source_id, external_id, authored_at, committed_at, parents, is_bot)
    SELECT source_id, sha, finished_at - (20 + id %% 60) * interval '1 hour', finished_at - interval '2 hours', '{}',
        false FROM metrics_deployment WHERE status = 'success';
INSERT INTO metrics_change (deployment_id, commit_id, service_id, authored_at, deployed_at, is_bot)
    SELECT d.id, c.id, d.service_id, c.authored_at, d.finished_at, false
    FROM metrics_deployment d JOIN metrics_commit c ON c.source_id = d.source_id AND c.external_id = d.sha;
INSERT INTO funding_amendment (stream_id, quarter, amount, at, reason)
    SELECT s.id, q.first, 1100000 + s.position * 10000, q.first - interval '20 days', 'Set'
    FROM portfolio_valuestream s, (VALUES (date_trunc('quarter', %(today)s::date)::date),
        ((date_trunc('quarter', %(today)s::date) - interval '3 months')::date)) q (first);
INSERT INTO funding_daycost (team_id, "on", initiative_id, share, amount)
    SELECT t.id, d::date, i.id, 0.25, t.cost_per_day / 4
    FROM portfolio_team t
    CROSS JOIN generate_series(%(today)s::date - 180, %(today)s::date - 1, interval '1 day') d
    CROSS JOIN LATERAL (
        SELECT id FROM (SELECT id FROM portfolio_initiative x WHERE x.stream_id = t.stream_id ORDER BY id LIMIT 3) own
        UNION ALL SELECT NULL
    ) i (id)
    WHERE extract(isodow FROM d) < 6;
INSERT INTO funding_costmark (team_id, done_until, made_at, stamp) SELECT id, %(today)s::date, now(), ''
    FROM portfolio_team;
INSERT INTO okrs_cycle (slug, name, kind, starts_on, ends_on) SELECT 'now', 'This quarter', 'quarter',
    date_trunc('quarter', %(today)s::date)::date,
    (date_trunc('quarter', %(today)s::date) + interval '3 months - 1 day')::date;
INSERT INTO okrs_objective (cycle_id, level, stream_id, name, description, ambition, position, version, lessons)
    SELECT c.id, 'stream', s.id, 'Objective ' || n, '', 'committed', n, 1, ''
    FROM okrs_cycle c, generate_series(1, %(key_results)s / 4) n
    JOIN portfolio_valuestream s ON s.position = 1 + n %% %(streams)s;
INSERT INTO okrs_keyresult (objective_id, name, kind, unit, baseline, target, weight, every_days, position, version)
    SELECT o.id, 'Key result ' || o.position || '.' || n, 'increase', '%%', 0, 100, 1, 7, n, 1
    FROM okrs_objective o, generate_series(1, 4) n;
INSERT INTO okrs_checkin (key_result_id, "on", value, confidence, note, blocker, is_automatic, at)
    SELECT k.id, %(today)s::date - 7 * n - (k.id %% 6)::int, greatest(0, 60 - n * 5 + k.id %% 20),
        (k.id + n) %% 11, '', '', false, now()
    FROM okrs_keyresult k, generate_series(0, 11) n;
INSERT INTO okrs_contribution (key_result_id, initiative_id, lift, note)
    SELECT k.id, i.id, 5, '' FROM okrs_keyresult k JOIN okrs_objective o ON o.id = k.objective_id
    JOIN LATERAL (SELECT id FROM portfolio_initiative x WHERE x.stream_id = o.stream_id ORDER BY (x.id * 7 + k.id) %% 13
        LIMIT 1) i ON true;
INSERT INTO portfolio_decision (kind, question, why, initiative_id, options, cause, fingerprint, cost_kind,
        cost_per_week, raised_at, due_on, state, choice, reason, evidence)
    SELECT 'pivot', name || ': pivot or persevere', 'Two of three signs hold', id, '[{"key": "stop", "label": "Stop"}]',
        'pivot:' || id, '', 'delay', 1000 + id, %(today)s::timestamptz - (id %% 20) * interval '1 day',
        %(today)s::date - 3, 'open', '', '', '[]'
    FROM portfolio_initiative WHERE id %% 5 = 0;
"""


def make(size: Size) -> None:
    """Write an organisation of this size, up to today, and derive what is derived."""
    from django.db import connection
    from django.utils import timezone

    from metrics import rollups
    from metrics.actions.derive import _refresh
    from metrics.models import WorkItem
    from portfolio.models import Team, WorkingCalendar

    calendar = WorkingCalendar.objects.create(name="Weekdays")
    values = size._asdict() | {"calendar": calendar.pk, "today": timezone.localdate()}
    with connection.cursor() as cursor:
        cursor.execute(ORGANISATION, values)
    ids = list(WorkItem.objects.order_by("pk").values_list("pk", flat=True))
    for low in range(0, len(ids), 50_000):
        _refresh(ids[low : low + 50_000])
    rollups.rebuild(list(Team.objects.values_list("pk", flat=True)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


class Line(NamedTuple):
    """A page: milliseconds at first and again, of that Python, queries at first and again, kilobytes."""

    page: str
    size: str
    cold: float
    warm: float
    own: float
    cold_queries: int
    queries: int
    kilobytes: float


def measured(client: Any, page: str, name: str, address: str) -> Line:
    """Ask for a page with nothing kept, then some times again."""
    from django.core.cache import cache
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def ask() -> tuple[float, float, int]:
        begin, worked = time.perf_counter(), time.process_time()
        answer = client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        return (time.perf_counter() - begin) * 1000, (time.process_time() - worked) * 1000, len(answer.content)

    def counted() -> int:
        with CaptureQueriesContext(connection) as caught:
            ask()
        return len(caught)

    def forget() -> None:
        cache.clear()
        client.get("/organisation/")

    forget()
    cold = ask()[0]
    warm, own, size = min(ask() for _ in range(TIMES))
    queries = counted()
    forget()
    line = Line(page, name, cold, warm, own, counted(), queries, size / 1024)
    print(f"{page:<32}{name:<24}{cold:8.0f}{warm:8.0f}{own:8.0f} ms{line.cold_queries:5}{queries:5}", flush=True)
    return line


def pages() -> list[tuple[str, str]]:
    """What is measured: its name and address."""
    from datetime import timedelta

    from django.utils import timezone

    then = (timezone.localdate() - timedelta(days=30)).isoformat()
    return [
        ("portfolio", "/"),
        ("portfolio, 30 days ago", f"/?as_of={then}"),
        ("a stream", "/?scope=stream:stream-1"),
        ("portfolio as PDF", "/overview.pdf"),
    ]


def run(size: Size) -> list[Line]:
    """Make the organisation in the empty database and measure the pages as a leader."""
    from django.test import Client

    from accounts.models import User
    from portfolio.models import Grant, Role

    begin = time.perf_counter()
    make(size)
    print(f"made {size} in {time.perf_counter() - begin:.0f} s", flush=True)
    leader = User.objects.create_user("leader@example.org", "correct-horse-battery", name="Leo Brandt")
    Grant.objects.create(user=leader, role=Role.LEADER)
    client = Client()
    client.force_login(leader)
    client.get("/")
    return [measured(client, page, f"{size.streams} streams", address) for page, address in pages()]


def table(lines: list[Line]) -> str:
    head = (
        "| page | of | cold, ms | warm, ms | of that Python, ms | queries cold | queries warm | kB |\n"
        "|---|---|---:|---:|---:|---:|---:|---:|"
    )
    rows = [
        f"| {x.page} | {x.size} | {x.cold:.0f} | {x.warm:.0f} | {x.own:.0f} | {x.cold_queries} | {x.queries} "
        f"| {x.kilobytes:.0f} |"
        for x in lines
    ]
    return "\n".join([head, *rows]) + "\n"


def standalone() -> None:
    """Run on services of its own, which are gone afterwards: first the small organisation, then the large one."""
    with ExitStack() as stack:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vmo.settings")
        os.environ.setdefault("SECRET_KEY", "only-for-the-bench-" + "x" * 40)
        from tests import services

        services.run_services(stack)
        import django
        from django.core.management import call_command

        django.setup()
        from django.conf import settings

        settings.ALLOWED_HOSTS = ["*"]
        call_command("collectstatic", verbosity=0, interactive=False)
        lines = []
        for size in (SMALL, LARGE):
            call_command("migrate", verbosity=0)
            call_command("flush", verbosity=0, interactive=False)
            lines += run(size)
    STORED.write_text(
        "# Server time of the leader's page\n\nMade by `python -m bench.leader`: Django's test client, two cores;"
        f" {LARGE.streams} streams, {LARGE.teams} teams with {LARGE.teams * LARGE.items:,} items,"
        f" {LARGE.initiatives} initiatives and {LARGE.key_results:,} key results, beside a tenth of that. Cold: nothing"
        f" kept of any figure; warm: the best of {TIMES} runs.\n\n{table(lines)}"
    )


if __name__ == "__main__":
    standalone()
