"""Dependencies between teams outside an increment: items that wait for an item of another team, as tools link them."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from accounts.models import User
from metrics.models import ItemLink, Source, WorkItem
from portfolio.models import Team


@dataclass(frozen=True, slots=True)
class Link:
    """`item` waits for `other`, which another team holds; the titles of teams the reader may not see are left out."""

    item: WorkItem
    other: WorkItem
    sees_item: bool = True
    sees_other: bool = True

    @property
    def is_done(self) -> bool:
        """Whether what it waits for is finished."""
        return bool(self.other.flow.finished_at)

    @property
    def finished_on(self) -> date | None:
        """The day on which what it waits for was finished."""
        at = self.other.flow.finished_at
        return timezone.localdate(at) if at else None

    @property
    def provider(self) -> Team:
        """Who provides."""
        return self.other.team

    @property
    def consumer(self) -> Team:
        """Who needs."""
        return self.item.team

    @property
    def state(self) -> str:
        """Where what it waits for stands, in words."""
        return "finished" if self.is_done else str(self.other.flow.get_state_display()).lower()


def links(user: User, teams: Collection[int] | None = None) -> list[Link]:
    """The links between teams whose waiting item is not finished, those still to come first; three queries.

    Of those that the user may see a team of; with `teams` (primary keys) only those between two of them, to whoever
    may see their train.
    """
    mine = set(Team.objects.for_user(user).order_by().values_list("pk", flat=True))
    return _ordered(_between(mine, teams))


def _between(mine: set[int], teams: Collection[int] | None) -> Iterator[Link]:
    rows = ItemLink.objects.filter(item__deleted_at=None, item__flow__finished_at=None)
    if teams is not None:
        rows = rows.filter(item__team__in=teams)
    waiting = list(rows.select_related("item__flow", "item__team__stream", "item__source").order_by("pk"))
    others = _by_key({link.needs for link in waiting})
    for link in waiting:
        item, other = link.item, _nearest(others.get(link.needs, ()), link.source_id)
        if other is None or other.team_id == item.team_id:
            continue
        sees = item.team_id in mine, other.team_id in mine
        if other.team_id in teams if teams is not None else any(sees):
            yield Link(item, other, *sees)


def _by_key(keys: Collection[str]) -> dict[str, list[WorkItem]]:
    """The items of these keys; the sources are named so that the index by source and key serves."""
    if not keys:
        return {}
    sources = list(Source.objects.values_list("pk", flat=True))
    items = WorkItem.objects.filter(source__in=sources, key__in=keys, deleted_at=None, flow__isnull=False)
    found: dict[str, list[WorkItem]] = {}
    for item in items.select_related("flow", "team__stream", "source").order_by("pk"):
        found.setdefault(item.key, []).append(item)
    return found


def _nearest(items: Sequence[WorkItem], source: int) -> WorkItem | None:
    """The item of the link's own source, else of any: keys are the tool's own, and seldom two tools share one."""
    return next((one for one in items if one.source_id == source), items[0] if items else None)


def _ordered(found: Iterator[Link]) -> list[Link]:
    return sorted(found, key=lambda one: (one.is_done, one.other.team.name, one.item.team.name, one.item.key))


def narrowed(found: Sequence[Link], team: int | None, text: str = "", *, problems: bool = False) -> list[Link]:
    """What of them is of a team (on either side), has the text, is still to come."""
    kept = [one for one in found if team is None or team in (one.item.team_id, one.other.team_id)]
    if text:
        wanted = text.casefold()
        kept = [one for one in kept if wanted in _words(one).casefold()]
    return [one for one in kept if not (problems and one.is_done)]


def _words(one: Link) -> str:
    shown = [(one.item, one.sees_item), (one.other, one.sees_other)]
    return " ".join(f"{item.key} {item.title if sees else ''}" for item, sees in shown)


def finding(found: Sequence[Link]) -> str:
    """What the list says, in a sentence."""
    waiting = sum(not one.is_done for one in found)
    if not found:
        return "No item waits for another team"
    if not waiting:
        return "What items waited for is finished"
    return "1 item waits for another team" if waiting == 1 else f"{waiting} items wait for other teams"


@dataclass(frozen=True, slots=True)
class Square:
    """What items of one team wait for of another: how much is still to come, how much is finished."""

    provider: Team
    consumer: Team
    waiting: int = 0
    finished: int = 0

    @property
    def tone(self) -> str:
        return "warn" if self.waiting else "good"

    @property
    def words(self) -> str:
        """What stands below the count: never colour alone."""
        if not self.waiting:
            return "finished"
        return f"waiting, {self.finished} finished" if self.finished else "waiting"


@dataclass(frozen=True, slots=True)
class Matrix:
    """Teams in rows provide, teams in columns need; `rows` end with how much each row still has to provide."""

    consumers: Sequence[Team]
    rows: Sequence[tuple[Team, Sequence[Square | None], int]]

    @property
    def totals(self) -> list[int]:
        """How much each column still waits for."""
        return [
            sum(one.waiting for _, squares, _ in self.rows if (one := squares[at])) for at in range(len(self.consumers))
        ]


def matrix(found: Sequence[Link]) -> Matrix:
    """Teams against each other."""
    counts = Counter((one.provider.pk, one.consumer.pk, one.is_done) for one in found)
    teams = {team.pk: team for one in found for team in (one.provider, one.consumer)}
    pairs = {(gives, needs) for gives, needs, _ in counts}

    def named(keys: set[int]) -> list[Team]:
        return sorted((teams[key] for key in keys), key=lambda team: (team.name, team.pk))

    consumers = named({needs for _, needs in pairs})
    rows = []
    for team in named({gives for gives, _ in pairs}):
        squares = [
            Square(team, other, counts[team.pk, other.pk, False], counts[team.pk, other.pk, True])
            if (team.pk, other.pk) in pairs
            else None
            for other in consumers
        ]
        rows.append((team, squares, sum(one.waiting for one in squares if one)))
    return Matrix(consumers, rows)


HEAD = ["item", "title", "team", "needs", "needed_title", "provided_by", "state", "source"]


def lines_of_file(found: Sequence[Link]) -> Iterator[list[object]]:
    """The same rows as a file."""
    for one in found:
        yield [
            one.item.key,
            one.item.title if one.sees_item else "",
            one.item.team.name,
            one.other.key,
            one.other.title if one.sees_other else "",
            one.other.team.name,
            one.state,
            one.item.source.slug,
        ]
