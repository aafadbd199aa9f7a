"""Work and money for the tests: items of Falcon with their features, ledger lines, a budget.

In Q1 2025 the days of 1 January to 14 February are half of the quarter: 45 of 90.
"""

from datetime import UTC, date, datetime
from decimal import Decimal

from funding.models import Amendment, LedgerEntry
from metrics.actions import refresh
from metrics.models import EpicLink, Source, Status, Transition, WorkItem
from portfolio.models import Initiative, Stage, StageEntry, Team, TeamCost, ValueStream
from portfolio.quarters import Quarter

Q1 = Quarter(date(2025, 1, 1))
HALF = datetime(2025, 2, 14, 23, 59, tzinfo=UTC)


def at(text: str) -> datetime:
    """`2025-01-06 10:00`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def no_teams(*teams: Team) -> None:
    """Teams that cost nothing anybody knows of, so that only ledgers count."""
    Team.objects.filter(pk__in=[team.pk for team in teams]).update(cost_per_day=None)


def initiative(stream: ValueStream, name: str, stage: str = Stage.IMPLEMENTING, **fields: object) -> Initiative:
    """An initiative that is in its stage since 2024."""
    made = Initiative.objects.create(
        slug=name.lower().replace(" ", "-"), name=name, stream=stream, stage=stage, **fields
    )
    StageEntry.objects.create(initiative=made, stage=stage, at=at("2024-12-01"))
    return made


def feature_of(one: Initiative, team: Team, parent: str) -> EpicLink:
    """A feature of the initiative, whose items have `parent` in the team's board."""
    feature = one.features.create(team=team, name=f"{one.name} {parent}", rank=1)
    return EpicLink.objects.create(feature=feature, source=board(team), parent=parent)


def board(team: Team) -> Source:
    made, _ = Source.objects.get_or_create(
        slug=f"{team.slug}-board",
        defaults={
            "name": f"{team.name} board",
            "team": team,
            "tool": "csv",
            "type_mapping": {"feature": "feature", "defect": "defect"},
        },
    )
    return made


def item(team: Team, key: str, began: str, ended: str = "", parent: str = "", kind: str = "feature") -> WorkItem:
    """An item in progress from `began` to `ended` (nothing: still); derive it by `derived`."""
    source = board(team)
    states = {name: Status.objects.get_or_create(source=source, external_id=name, name=name, state=name)[0]
              for name in ("backlog", "active", "done")}  # fmt: skip
    made = WorkItem.objects.create(
        source=source, external_id=key, key=key, title=key, team=team, parent=parent, created_at=at("2025-01-02"),
        status=states["done" if ended else "active"], kind=kind, tool_type=kind,
    )  # fmt: skip
    moves = [("backlog", "active", began), *([("active", "done", ended)] if ended else [])]
    for before, after, when in moves:
        Transition.objects.create(
            source=source, external_id=f"{key} {when}", item=made, at=at(when), from_status=states[before],
            to_status=states[after],
        )  # fmt: skip
    return made


def derived(team: Team) -> None:
    refresh(board(team))


def cost(team: Team, *rates: tuple[date, str]) -> None:
    """What the team costs from which day on."""
    team.costs.all().delete()
    for since, amount in rates:
        TeamCost.objects.create(team=team, valid_from=since, cost_per_day=Decimal(amount))


def line(stream: ValueStream, key: str, on: date, amount: str, **fields: object) -> LedgerEntry:
    return LedgerEntry.objects.create(stream=stream, key=key, posted_on=on, amount=Decimal(amount), **fields)


def budget(stream: ValueStream, amount: str, when: str = "2024-12-15", quarter: Quarter = Q1) -> Amendment:
    return Amendment.objects.create(
        stream=stream, quarter=quarter.first, amount=Decimal(amount), at=at(when), reason="Agreed"
    )
