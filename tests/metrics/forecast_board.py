"""Teams whose forecasts can be told by hand.

Today is Monday, 2 June 2025, noon UTC. The 84 days before it are the 12 weeks from 10 March to 1 June: 60 working days.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from metrics import forecasts
from metrics.forecasts import Answer, Question
from metrics.load import upsert
from metrics.models import EpicLink, Source
from metrics.rows import Row, StatusRow, TransitionRow, WorkItemRow
from portfolio.models import Feature, Team
from portfolio.queries import find_scope
from tests.metrics.cast import at, source

NOON = datetime(2025, 6, 2, 12, tzinfo=UTC)
TODAY = date(2025, 6, 2)
FIRST = date(2025, 3, 10)
STATUSES: list[Row] = [
    StatusRow("todo", "To do", "backlog", 0),
    StatusRow("dev", "Doing", "active", 1),
    StatusRow("done", "Done", "done", 2),
    StatusRow("gone", "Dropped", "removed", 3),
]


def worked(every: int = 1) -> list[str]:
    """Every n-th working day of the sample."""
    days = [FIRST + timedelta(days=n) for n in range(84)]
    return [day.isoformat() for day in days if day.isoweekday() < 6][::every]


def item(key: str, *moves: str, created: str = "2025-02-03", **fields: Any) -> Iterator[Row]:
    """An item made in To do, and its moves such as "2025-03-10 done"."""
    yield WorkItemRow(key, key, status=moves[-1].split()[-1] if moves else "todo", created_at=at(created), **fields)
    before = "todo"
    for n, (day, to) in enumerate(move.rsplit(" ", 1) for move in moves):
        yield TransitionRow(f"{key}-{n}", key, at(day) + timedelta(hours=9), before, to)
        before = to


def done_on(prefix: str, days: Iterable[str], **fields: Any) -> list[Row]:
    return [row for n, day in enumerate(days) for row in item(f"{prefix}{n}", f"{day} done", **fields)]


def board(owner: Team, rows: Iterable[Row] = (), every: int = 1) -> Source:
    """A source of the team; one item was finished on every so many of the sample's working days (0: none)."""
    made = source(owner, f"{owner.slug}-board", synced_at=at("2025-01-01"))
    usual = done_on(f"{owner.slug}-", worked(every)) if every else []
    upsert(made, [*STATUSES, *usual, *rows])
    return made


def feature(made: Source, name: str, rank: int, *children: Iterator[Row], **fields: Any) -> Feature:
    found = Feature.objects.create(team=made.team, name=name, rank=rank, **fields)
    EpicLink.objects.create(feature=found, source=made, parent=name)
    upsert(made, [row for child in children for row in child])
    return found


def open_items(name: str, n: int) -> list[Iterator[Row]]:
    return [item(f"{name}-{number}", parent=name) for number in range(n)]


def ask(question: Question = Question(items=3), scope: str = "team:falcon", as_of: datetime = NOON) -> Answer:  # noqa: B008
    return forecasts.ask_items(find_scope(scope, None), question, as_of).base


def when(answer: Answer, id: str, rank: int = 85) -> date | None:
    found = answer.find(id)
    assert found is not None
    return found.when[rank]


def plan(question: Question = Question(), scope: str = "team:falcon", as_of: datetime = NOON) -> Answer:  # noqa: B008
    return forecasts.ask_plan(find_scope(scope, None), question, as_of).base
