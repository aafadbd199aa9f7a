"""As-of truth: what the portal says of an instant is what a portal says that holds only the events up to it.

Histories of items, blocks, changes of team, pull requests, commits, deployments and incidents are loaded twice: whole,
and cut at T. Figures are asked as of T both times; lists of the whole one as of T, of the cut one as of now.
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from metrics import actions, forms, lists
from metrics.delivery import derive_changes
from metrics.history import history
from metrics.load import upsert
from metrics.measurement import Facets, Window
from metrics.models import Source, WorkItem
from metrics.queries import items as listed
from metrics.queries import report
from metrics.rows import CommitRow, DeploymentRow, IncidentRow, PullRequestRow, Row, WorkItemRow
from portfolio.models import Service, Team
from portfolio.queries import find_scope
from tests.metrics import naive
from tests.metrics.test_flow_naive import (  # noqa: F401 (board is a fixture)
    ONCE,
    SCOPES,
    SPRING,
    Undone,
    board,
    instants,
    logs,
    rows_of,
    until,
    windows,
)

pytestmark = pytest.mark.django_db

CHOICES = [Facets(), Facets(("defect",)), Facets(labels=("odd",)), Facets(classes=("Expedite",), labels=("even",))]
HOUR = timedelta(hours=1)


def delivered(seed: int) -> list[Row]:
    """A trunk with pull requests, deployments (now and then of an older commit) and incidents, over some 40 days."""
    rng = random.Random(seed)
    at, rows, shas, runs = SPRING, list[Row](), list[str](), list[DeploymentRow]()
    for n in range(rng.randrange(12)):
        at += HOUR * rng.randrange(1, 90)
        sha, pull = f"c{n}", f"p{n}" if rng.random() < 0.7 else None
        rows.append(CommitRow(sha, at - HOUR, at, tuple(shas[-1:]), pull))
        shas.append(sha)
        if pull:
            rows.append(_pull(pull, at, sha, rng))
        if rng.random() < 0.7:
            at += HOUR * rng.randrange(1, 40)
            runs.append(_run(f"d{n}", rng.choice(shas[-2:]), at, rng))
        if runs and rng.random() < 0.4:
            rows.append(_incident(f"i{n}", at + HOUR, runs, rng))
    return [*rows, *runs]


def _pull(name: str, merged: datetime, sha: str, rng: random.Random) -> PullRequestRow:
    """One merged as `sha`; or closed, or left open, as if its commit had come by another way."""
    opened = merged - HOUR * rng.randrange(1, 200)
    reviewed = rng.choice([None, opened + HOUR])
    end = {"merged": (merged, merged), "closed": (None, merged + HOUR), "open": (None, None)}
    fate = rng.choice(["merged", "merged", "closed", "open"])
    known = rng.choice([opened, opened, None])
    is_merged = fate == "merged"
    return PullRequestRow(
        name, name, f"Change {name}", "", known, opened - HOUR, reviewed, *end[fate],
        sha if is_merged else "", "squash" if is_merged else "",
    )  # fmt: skip


def _run(name: str, sha: str, at: datetime, rng: random.Random) -> DeploymentRow:
    status: Any = rng.choice(["success", "success", "success", "failure", "cancelled", "running"])
    finished = None if status == "running" else at
    return DeploymentRow(name, sha, name, "production", True, status, at - HOUR / 2, finished)


def _incident(name: str, at: datetime, runs: list[DeploymentRow], rng: random.Random) -> IncidentRow:
    resolved = rng.choice([None, at + HOUR * rng.randrange(1, 300)])
    return IncidentRow(name, name, "", at, resolved, rng.choice([None, runs[-1].external_id]))


def by(at: datetime | None, as_of: datetime) -> datetime | None:
    return at if at is not None and at <= as_of else None


def cut(rows: list[Row], as_of: datetime) -> list[Row]:
    """What the tools would have delivered by then."""
    return [kept for row in rows if (kept := _cut(row, as_of))]


def _cut(row: Any, as_of: datetime) -> Row | None:
    match row:
        case CommitRow():
            return row if row.committed_at <= as_of else None
        case DeploymentRow():
            return row if (row.finished_at or row.started_at or as_of) <= as_of else None
        case IncidentRow():
            return row._replace(resolved_at=by(row.resolved_at, as_of)) if row.started_at <= as_of else None
    assert isinstance(row, PullRequestRow)
    first = row.opened_at or min(filter(None, (row.first_review_at, row.merged_at, row.closed_at)), default=None)
    if first is None or first > as_of:
        return None
    times = ("first_review_at", "merged_at", "closed_at")
    ends: dict[str, Any] = {name: by(getattr(row, name), as_of) for name in times}
    return row._replace(**ends, merge_sha=row.merge_sha if ends["merged_at"] else "")


def called(rows: list[Row]) -> list[Row]:
    """Items with labels and classes of service, by their numbers."""

    def named(row: Row) -> Row:
        if not isinstance(row, WorkItemRow):
            return row
        number = int(row.key.split("-")[1])
        label, service = ("odd", "even")[number % 2], ("Expedite", "Standard")[number % 3 > 0]
        return row._replace(labels=(label,), class_of_service=service, title=f"Item {number}")

    return [named(row) for row in rows]


def load(into: Source, log: naive.Log, delivery: list[Row]) -> None:
    """Load and derive, as a sync does."""
    things, events = rows_of(log)
    service, _ = Service.objects.get_or_create(slug="shop", name="Shop", team=into.team)
    Source.objects.filter(pk=into.pk).update(service=service)
    into.refresh_from_db()
    result = upsert(into, [*called(things), *events, *delivery])
    assert result.rejected == []
    actions.refresh(into)
    derive_changes(result.services)
    cache.clear()


def address(scope: str, facets: Facets, as_of: datetime | None) -> QueryDict:
    query = QueryDict(mutable=True)
    query["scope"] = scope
    for name, values in zip(forms.FACETS, facets, strict=True):
        query.setlist(name, list(values))
    if as_of is not None:
        query["as_of"] = as_of.isoformat()
    return query


NOW = datetime(2026, 1, 1, tzinfo=UTC)


def rows_listed(scope: str, facets: Facets, as_of: datetime | None, **said: str) -> dict[str, list[Any]]:
    """The rows of the three lists as their CSVs hold them, in order."""
    found = forms.Asked(find_scope(scope, None), Window(NOW.date(), NOW.date()), as_of, facets=facets)
    params = address(scope, facets, as_of)
    params.update(said)
    filters = forms.ItemFilter(params, queryset=lists.items(found))
    items = lists.items_then(found, as_of, filters) if as_of else filters.qs
    pulls = forms.PullRequestFilter(params, queryset=lists.pull_requests(found, NOW)).qs
    runs = forms.DeploymentFilter(params, queryset=lists.deployments(found, NOW)).qs
    return {
        "items": [lists.ITEMS.row(row) for row in items],
        "pull requests": [lists.PULL_REQUESTS.row(row) for row in pulls],
        "deployments": [lists.DEPLOYMENTS.row(row) for row in runs],
    }


def pages(as_of: datetime) -> dict[str, Any]:
    """Every item's own history."""
    found = {item.key: history(item, as_of) for item in WorkItem.objects.all()}
    return {
        key: (one.stays, one.blocks, one.state, one.started, one.finished, one.cycle_days, one.age_days, one.answer)
        for key, one in found.items()
        if one
    }


@ONCE
@given(
    log=logs(), seed=st.integers(0, 10**6), window=windows, as_of=instants,
    scope=st.sampled_from(list(SCOPES)), facets=st.sampled_from(CHOICES),
)  # fmt: skip
def test_everything_as_of_t_is_that_of_a_portal_with_only_the_events_up_to_t(
    board: Source,  # noqa: F811
    log: naive.Log,
    seed: int,
    window: Window,
    as_of: datetime,
    scope: str,
    facets: Facets,
) -> None:
    delivery = delivered(seed)
    said: list[dict[str, Any]] = []
    asked = find_scope(scope, None)
    for is_cut in (False, True):
        with Undone():
            load(board, until(log, as_of) if is_cut else log, cut(delivery, as_of) if is_cut else delivery)
            said.append(
                {
                    "figures": report(asked, window, as_of, facets=facets, ranks=(10, 50, 85)),
                    "items": listed(asked, as_of, facets=facets),
                    "lists": rows_listed(scope, facets, None if is_cut else as_of),
                    "pages": pages(as_of),
                }
            )
    whole, part = said
    for key, figure in whole["figures"]["metrics"].items():
        assert figure == part["figures"]["metrics"][key], key
    for name in whole:
        assert whole[name] == part[name], name


SORTS = ["key", "-title", "type", "-team", "state", "created", "-started", "finished", "cycle", "-cycle", "-lead"]


@ONCE
@given(
    log=logs(), as_of=instants, scope=st.sampled_from(list(SCOPES)), sort=st.sampled_from(SORTS),
    state=st.sampled_from(["", "backlog", "active", "done"]), kind=st.sampled_from(["", "", "defect", "other"]),
    q=st.sampled_from(["", "", "a-1", "item"]),
)  # fmt: skip
def test_the_past_list_sorts_filters_and_finds_as_the_present_one(
    board: Source,  # noqa: F811
    log: naive.Log,
    as_of: datetime,
    scope: str,
    sort: str,
    state: str,
    kind: str,
    q: str,
) -> None:
    said, params = [], {"sort": sort, "state": state, "kind": kind, "q": q}
    for is_cut in (False, True):
        with Undone():
            load(board, until(log, as_of) if is_cut else log, [])
            said.append(rows_listed(scope, Facets(), None if is_cut else as_of, **params)["items"])
    assert said[0] == said[1]


def test_histories_hold_what_they_should() -> None:
    """The random histories try what they are meant to: every kind of fact, before and after a cut."""
    rows = [row for seed in range(40) for row in delivered(seed)]
    kinds = {type(row).__name__ for row in rows}
    assert kinds == {"CommitRow", "PullRequestRow", "DeploymentRow", "IncidentRow"}
    as_of = SPRING + timedelta(days=12)
    kept = [row for seed in range(40) for row in cut(delivered(seed), as_of)]
    assert 0.2 < len(kept) / len(rows) < 0.9
    assert any(isinstance(row, PullRequestRow) and row.merged_at is None and row.first_review_at for row in kept)
    assert Team.objects.count() == 0
