"""Dependencies between teams outside an increment: items that wait for an item of another team, as tools link them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

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
