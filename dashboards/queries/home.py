"""The overview: every stream (or the teams of one) on a line, what got worse, and how fresh the data are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from accounts.models import User
from connectors.queries import sources as visible_sources
from dashboards.queries import stuck
from dashboards.queries.base import Figures, figures, per_cent
from metrics.forms import Asked
from metrics.measurement import Measurement, Number
from metrics.models import Source
from metrics.queries import data_stamp
from metrics.registry import METRICS
from metrics.rules import Freshness, freshness, sources_of
from metrics.templatetags.measures import value_text
from portfolio.models import Team
from portfolio.queries import Scope, scopes_for, team_scope

# What the tables show: the measure, its column's head, and the percentile where it is not the value.
FLOW: tuple[tuple[str, str, int], ...] = (
    ("throughput", "Throughput", 0),
    ("cycle_time", "Cycle time, 85\u00a0%", 85),
    ("flow_efficiency", "Flow efficiency", 0),
    ("wip", "In progress", 0),
    ("work_item_age", "Age, 85\u00a0%", 85),
)
DELIVERY: tuple[tuple[str, str, int], ...] = (
    ("deployment_frequency", "Deployments", 0),
    ("change_lead_time", "Change lead time", 0),
    ("change_fail_rate", "Change fail rate", 0),
    ("failed_deployment_recovery_time", "Recovery time", 0),
    ("deployment_rework_rate", "Rework", 0),
)
COLUMNS = (*FLOW, *DELIVERY)
# What a notable change for the worse is called; the percentage is the change of the measure itself.
SAID = {
    "throughput": "{name} finishes {by} fewer items",
    "cycle_time": "Items at {name} take {by} longer",
    "flow_efficiency": "The flow efficiency of {name} fell by {by}",
    "wip": "{name} has {by} more items in progress",
    "work_item_age": "Work in progress at {name} is {by} older",
    "deployment_frequency": "{name} deploys {by} less often",
    "change_lead_time": "Changes at {name} take {by} longer to reach production",
    "change_fail_rate": "Deployments of {name} fail {by} more often",
    "failed_deployment_recovery_time": "{name} takes {by} longer to recover from a failed deployment",
    "deployment_rework_rate": "{name}: the share of deployments that repair rose by {by}",
}
# Worse by more than this share of what it was is worth a look; by more than twice of it, first of all.
NOTABLE = 0.25
# Fewer rows than this behind a figure, now or before, say nothing about a change.
FEWEST = 20
# Counts and shares must have moved by more than this many standard errors: a change within them is chance.
ERRORS = 2
WORST_SHOWN = 5
MOST_CONCERNS = 6


@dataclass(frozen=True, slots=True)
class Cell:
    """A measure of one line: the value in words, and how it moved against the period before."""

    key: str
    label: str
    value: float | None
    text: str
    reason: str
    change: str
    tone: Literal["", "warn", "bad", "good"]
    worse: float
    before: str
    address: str


@dataclass(frozen=True, slots=True)
class Line:
    """A stream or a team with its cells."""

    scope: Scope
    cells: Sequence[Cell]
    address: str
    flow: str
    delivery: str
    # The constraint in words.
    held: str = ""

    @property
    def flow_cells(self) -> Sequence[Cell]:
        return self.cells[: len(FLOW)]

    @property
    def delivery_cells(self) -> Sequence[Cell]:
        return self.cells[len(FLOW) :]


@dataclass(frozen=True, slots=True)
class Concern:
    """Something to look at: what, and where."""

    text: str
    detail: str
    address: str
    tone: str


@dataclass(frozen=True, slots=True)
class Overview:
    finding: str
    lines: Sequence[Line]
    concerns: Sequence[Concern]
    sources: Sequence[tuple[Source, Freshness]]
    kind: str
    is_past: bool = False

    @property
    def late(self) -> Sequence[tuple[Source, Freshness]]:
        """The sources that somebody should look at: stale, stopped, never synced."""
        return [(source, fresh) for source, fresh in self.sources if fresh.tone or source.synced_at is None]

    @property
    def freshness(self) -> str:
        """How fresh the sources are, in a sentence."""
        what = f"of {len(self.sources)} sources" if len(self.sources) > 1 else "source"
        if self.is_past and not self.late:
            who = "every source" if len(self.sources) > 1 else "the source"
            return f"Complete: {who} has synced since then."
        if self.is_past:
            return f"{len(self.late)} {what} {'has' if len(self.late) == 1 else 'have'} not synced since then."
        if self.late:
            return f"{len(self.late)} {what} {'has' if len(self.late) == 1 else 'have'} no fresh data."
        oldest = min((source.synced_at, fresh.text) for source, fresh in self.sources if source.synced_at)[1]
        return f"Nothing is stale: the oldest {what} was {oldest}." if len(self.sources) > 1 else f"It was {oldest}."


def overview(asked: Asked, at: datetime, now: datetime, user: User | AnonymousUser) -> Overview:
    """The lines of the parts of a scope: streams of the portfolio, teams of a stream."""
    parts = _parts(asked.scope, user)
    data = data_stamp()
    lines = [_line(part, asked, at, data) for part in parts]
    sources = _sources(asked, now, user)
    teams = lines if not parts or parts[0].kind == "team" else _team_lines(asked, at, data, user)
    concerns = [*_stale(sources), *_worst(teams, asked.window.days), *_waiting(teams)][:MOST_CONCERNS]
    return Overview(
        _finding(asked.scope.name, concerns, bool(lines), asked.window.days),
        lines,
        concerns,
        sources,
        "Value stream" if parts and parts[0].kind == "stream" else "Team",
        is_past=asked.as_of is not None,
    )


def _parts(scope: Scope, user: User | AnonymousUser) -> list[Scope]:
    if scope.kind == "stream":
        return _teams(scope, user)
    seen = scopes_for(user)
    streams = [part for part in seen if part.kind == "stream"]
    return streams or [part for part in seen if part.kind == "team"]


def _line(scope: Scope, asked: Asked, at: datetime, data: str) -> Line:
    own = Asked(scope, asked.window, asked.as_of, facets=asked.facets)
    found = figures(own, at, [*(key for key, _, _ in COLUMNS), stuck.KEY], data=data)
    cells = [_cell(key, head, rank, found.now[key], found.before[key], own) for key, head, rank in COLUMNS]
    flow, delivery = (f"{reverse(page)}?{own.query}" for page in ("flow", "delivery"))
    address = f"{reverse('home')}?{own.query}" if scope.kind == "stream" else flow
    return Line(scope, cells, address, flow, delivery, _held(found))


def _held(found: Figures) -> str:
    """Where the work of a line stands and since when: the constraint in words, or nothing."""
    detail = found.now[stuck.KEY].detail
    if not detail:
        return ""
    return f"{stuck.place_of(detail)} holds the work up {stuck.since_text(detail)}: {stuck.stands_text(detail)}"


def _team_lines(asked: Asked, at: datetime, data: str, user: User | AnonymousUser) -> list[Line]:
    """A line per team below the scope: a concern names the team it is about."""
    return [_line(team, asked, at, data) for team in _teams(asked.scope, user)]


def _teams(scope: Scope, user: User | AnonymousUser) -> list[Scope]:
    """The teams of a scope that the reader may see."""
    return [team_scope(team) for team in Team.objects.for_user(user).filter(pk__in=scope.teams)]


def _waiting(lines: Sequence[Line]) -> list[Concern]:
    """Teams whose work waits longer than it is worked on, the longest wait first."""
    found = []
    for line in lines:
        cell = next(cell for cell in line.cells if cell.key == "flow_efficiency")
        if cell.value is not None and cell.value < 0.5:
            text = f"Work at {line.scope.name} waits {per_cent(1 - cell.value)} of its time in progress"
            found.append(
                (cell.value, Concern(text, line.held or "it waits longer than it is worked on", line.flow, "warn"))
            )
    return [concern for _, concern in sorted(found, key=lambda pair: pair[0])]


def _of(measured: Measurement, rank: int) -> Number | None:
    return measured.percentiles.get(rank) if rank else measured.value


def _is_more_than_chance(now: Measurement, before: Measurement) -> bool:
    """Whether two figures rest on enough rows, and differ by more than counts and shares do by themselves."""
    if min(now.n, before.n) < FEWEST or now.value is None or before.value is None:
        return False
    if now.unit in {"items", "per day"}:
        return abs(now.n - before.n) > ERRORS * math.sqrt(now.n + before.n)
    if now.unit == "ratio":
        both = (now.value * now.n + before.value * before.n) / (now.n + before.n)
        error = math.sqrt(max(0.0, both * (1 - both)) * (1 / now.n + 1 / before.n))
        return abs(now.value - before.value) > ERRORS * error
    return True


def _cell(key: str, head: str, rank: int, now: Measurement, before: Measurement, asked: Asked) -> Cell:
    value, past = _of(now, rank), _of(before, rank)
    moved = 0.0
    if value is not None and past and _is_more_than_chance(now, before):
        moved = float(value) / float(past) - 1
    better = METRICS[key].better
    worse = {"more": -moved, "less": moved}.get(better or "", 0.0)
    notable = abs(worse) > NOTABLE
    tone: Literal["", "warn", "bad", "good"] = ""
    if notable:
        tone = "good" if worse < 0 else "bad" if worse > 2 * NOTABLE else "warn"
    word = "better" if worse < 0 else "worse"
    return Cell(
        key,
        head,
        None if value is None else float(value),
        value_text(value, now.unit),
        now.reason,
        f"{per_cent(abs(moved))} {word}" if notable else "",
        tone,
        worse if notable else 0.0,
        value_text(past, before.unit),
        f"{reverse('explain', args=[key])}?{asked.query}",
    )


def _worst(lines: Sequence[Line], days: int) -> list[Concern]:
    """The changes for the worse that stand out most."""
    found = [(cell.worse, line, cell) for line in lines for cell in line.cells if cell.worse > 0]
    found.sort(key=lambda entry: -entry[0])
    return [
        Concern(
            SAID[cell.key].format(name=line.scope.name, by=per_cent(cell.worse)),
            f"{cell.text}, {cell.before} in the {days} days before",
            cell.address,
            cell.tone,
        )
        for _, line, cell in found[:WORST_SHOWN]
    ]


def _sources(asked: Asked, now: datetime, user: User | AnonymousUser) -> list[tuple[Source, Freshness]]:
    """The scope's sources that the reader may open: another team's may have delivered an item or two to it."""
    seen = set(visible_sources(user).values_list("pk", flat=True))
    fed = sources_of(asked.scope.teams)
    return [(source, freshness(source, now, asked.as_of)) for source in fed if source.pk in seen]


def _stale(sources: Sequence[tuple[Source, Freshness]]) -> list[Concern]:
    return [
        Concern(f"{source.name} is {fresh.text}", source.error, reverse("source", args=[source.slug]), fresh.tone)
        for source, fresh in sources
        if fresh.is_stale
    ]


def _finding(name: str, concerns: Sequence[Concern], has_lines: bool, days: int) -> str:
    if not has_lines:
        return "Nothing to see yet"
    if not concerns:
        return f"{name}: nothing got notably worse in {days} days"
    more = len(concerns) - 1
    return concerns[0].text + (f", and {more} more to look at" if more else "")
