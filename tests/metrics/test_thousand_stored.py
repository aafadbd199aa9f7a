"""Histories of test_thousand.py in one database: it gives the same columns of any facets; rollups the same sums."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from metrics import actions, rollups
from metrics.columns import FlowColumns, load
from metrics.load import upsert
from metrics.measurement import Facets, Window
from metrics.models import Expectation, Source
from metrics.rows import BlockRow, Row, StatusRow, TeamMoveRow, TransitionRow, WorkItemRow
from portfolio.models import Team, ValueStream, WorkingCalendar
from portfolio.queries import Scope
from tests.metrics import histories, naive
from tests.metrics.cast import source
from tests.metrics.test_flow_naive import STATUSES, plain
from tests.metrics.test_thousand import Case, N, figures

pytestmark = pytest.mark.django_db
# The database takes longer than all else: a part of them.
STORED = N // 10


def rows_of(log: naive.Log, number: int) -> list[Row]:
    """What a connector would deliver of the history of that number, whose teams are its own."""
    found: list[Row] = []
    for item in log["items"]:
        key = item["key"]
        about: dict[str, Any] = {
            "tool_type": item["kind"],
            "class_of_service": item["class"],
            "labels": tuple(item["labels"]),
        }
        place: dict[str, Any] = {"status": item["status"] or "", "team": f"{item['team']}-{number}"}
        found.append(WorkItemRow(key, key, created_at=item["created"], points=item["points"], **about, **place))
        for n, (at, before, after) in enumerate(item["moves"]):
            found.append(TransitionRow(f"{key}-{n}", key, at, before, after))
        for n, (at, before, after) in enumerate(item["team_moves"]):
            found.append(TeamMoveRow(f"{key}-{n}", key, at, f"{before}-{number}", f"{after}-{number}"))
        for n, (low, high, reason) in enumerate(item["blocks"]):
            found.append(BlockRow(f"{key}-{n}", key, low, high, reason))
    return found


def store(cases: list[Case]) -> dict[str, Team]:
    """All histories in one database, loaded at once; the teams by slug."""
    calendar = WorkingCalendar.objects.create(name="Weekdays")
    stream = ValueStream.objects.create(slug="all", name="All")
    teams = [
        Team(
            slug=f"{team.slug}-{number}", name=f"{team.name} {number}", stream=stream, calendar=calendar,
            timezone=team.timezone, planning_unit=team.planning_unit, iteration_days=team.iteration_days,
            iteration_starts_on=team.iteration_starts_on,
        )
        for number, case in enumerate(cases)
        for team in histories.teams_of(case.log)
    ]  # fmt: skip
    stored = {team.slug: team for team in Team.objects.bulk_create(teams)}
    board = source(stored["falcon-0"], synced_at=datetime(2025, 1, 1, tzinfo=UTC))
    statuses: list[Row] = [StatusRow(name, name, state, n) for n, (name, state) in enumerate(STATUSES.items())]  # type: ignore[arg-type]
    events = [row for number, case in enumerate(cases) for row in rows_of(case.log, number)]
    assert upsert(board, [*statuses, *events]).rejected == []
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    Expectation.objects.bulk_create(
        Expectation(team=stored[f"{slug}-{number}"], kind=kind, percent=percent, days=days, valid_from=since)
        for number, case in enumerate(cases)
        for slug, kind, percent, days, since in case.log["expected"]
    )
    return stored


def said(columns: FlowColumns) -> dict[str, Any]:
    """The columns without the numbers that a database gives."""
    alike = (
        "scope_kind", "as_of", "next_event", "day_at", "whole_day", "kinds", "created", "created_day", "last",
        "item", "at", "until", "state", "day", "until_day", "began", "began_day", "ended", "finishing",
    )  # fmt: skip
    found = {name: getattr(columns, name) for name in alike}
    found = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in found.items()}
    blocks = zip(columns.blocked_item, columns.blocked_from, columns.blocked_until, columns.blocked_reason, strict=True)
    teams = [columns.teams[team] for team in columns.team.tolist()]
    return found | {
        "points": [str(points) for points in columns.points.tolist()],
        "blocks": sorted((item, low, high, columns.reasons[reason]) for item, low, high, reason in blocks),
        "status": [columns.statuses[status].name for status in columns.status.tolist()],
        "team": [(team.name.split()[0], team.in_scope, team[3], *team[5:]) for team in teams],
        "expectations": sorted(one[1:] for one in columns.expectations),
    }


def facets_of(number: int) -> Facets:
    """Of three in four histories only some items."""
    some = (Facets(kinds=("feature", "other")), Facets(classes=("expedite",)), Facets(labels=("blue", "none")))
    return (Facets(), *some)[number % 4]


def chosen(case: Case, facets: Facets) -> naive.Log:
    """The items of the facets that are or ever were in the scope."""

    def is_in(item: Any) -> bool:
        held = {item["team"], *(slug for move in item["team_moves"] for slug in move[1:])}
        return bool(
            held & set(case.teams)
            and (not facets.kinds or item["kind"] in facets.kinds)
            and (not facets.classes or item["class"] in facets.classes)
            and (not facets.labels or set(item["labels"]) & set(facets.labels))
        )

    return case.log | {"items": [item for item in case.log["items"] if is_in(item)]}


def scope_of(case: Case, number: int, teams: dict[str, Team]) -> Scope:
    ids = tuple(teams[f"{slug}-{number}"].pk for slug in case.teams)
    zone = teams[f"{case.teams[0]}-{number}"].zone if case.is_team else timezone.get_default_timezone()
    return Scope(case.kind, str(number), str(number), zone, ids)  # type: ignore[arg-type]


def test_the_database_gives_the_same_columns_of_any_facets() -> None:
    cases = [Case(number) for number in range(STORED)]
    teams = store(cases)
    for number, case in enumerate(cases):
        facets = facets_of(number)
        stored = load(scope_of(case, number, teams), case.as_of, facets)
        assert said(stored) == said(case.columns(chosen(case, facets))), number


def test_rollups_say_what_the_formulas_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollups, "SMALLEST", 0)
    cases = [Case(number) for number in range(STORED)]
    teams = store(cases)
    actions.refresh(Source.objects.get())
    rollups.rebuild([team.pk for team in teams.values()])
    now = timezone.now()
    for number, case in enumerate(cases):
        if case.is_team:
            continue
        case.as_of, asked = now, scope_of(case, number, teams)
        case.window = Window(case.window.first, now.date()) if number % 2 else case.window
        plainly = plain(figures(case.columns(chosen(case, Facets())), case))
        summed = plain(rollups.figures(list(plainly), asked, case.window, now))
        assert len(summed) > 10
        assert summed == {key: plainly[key] for key in summed}, number
