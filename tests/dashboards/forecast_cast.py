"""Teams whose forecasts can be told by hand: one finishes an item each working day, one every other.

Today is Monday, 2 June 2025, noon. The 84 days before it are 12 whole weeks: 60 working days from 10 March to 1 June.
The first day that work can still be finished is Tuesday, 3 June.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from metrics.load import upsert
from metrics.models import EpicLink, Source
from metrics.rows import Row, StatusRow, TransitionRow, WorkItemRow
from portfolio.models import Feature, Initiative, Team

TODAY = date(2025, 6, 2)
NOON = datetime(2025, 6, 2, 12, tzinfo=UTC)
FIRST = date(2025, 3, 10)
AS_OF = NOON.isoformat()
STATUSES: list[Row] = [StatusRow("todo", "To do", "backlog", 0), StatusRow("done", "Done", "done", 1)]


def working_days(every: int = 1) -> list[date]:
    """Every n-th working day of the sample."""
    days = [FIRST + timedelta(days=n) for n in range(84)]
    return [day for day in days if day.isoweekday() < 6][::every]


def finished(prefix: str, days: list[date], parent: str = "") -> Iterator[Row]:
    """An item a day, created in February and finished at ten on that day."""
    made = datetime(2025, 2, 3, 9, tzinfo=UTC)
    for n, day in enumerate(days):
        at = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
        yield WorkItemRow(f"{prefix}{n}", f"{prefix}{n}", status="done", created_at=made, parent=parent)
        yield TransitionRow(f"{prefix}{n}-done", f"{prefix}{n}", at, "todo", "done")


def waiting(prefix: str, n: int, parent: str = "") -> Iterator[Row]:
    """Items that nobody has started."""
    made = datetime(2025, 2, 3, 9, tzinfo=UTC)
    for number in range(n):
        yield WorkItemRow(f"{prefix}{number}", f"{prefix}{number}", status="todo", created_at=made, parent=parent)


def board(team: Team, every: int = 1) -> Source:
    """A source of `team` whose items were finished one every so many working days (0: none was)."""
    made = Source.objects.create(slug=f"{team.slug}-board", name=f"{team.name} board", team=team, tool="csv")
    upsert(made, [*STATUSES, *(finished(f"{team.slug}-", working_days(every)) if every else ())])
    return made


def feature(source: Source, name: str, n: int, rank: int, initiative: Initiative | None = None) -> Feature:
    """A feature of the source's team with `n` items that nobody has started."""
    made = Feature.objects.create(team=source.team, name=name, rank=rank, initiative=initiative)
    EpicLink.objects.create(feature=made, source=source, parent=name)
    upsert(source, waiting(f"{name}-", n, name))
    return made
