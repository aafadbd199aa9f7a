"""Which items are those of a feature, how many are open, and which parents of items belong to no feature yet."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Case, Q, When

from accounts.models import User
from metrics import states
from metrics.columns import derive, micros, read_items
from metrics.models import EpicLink, Source, WorkItem
from portfolio.models import Feature, Team
from portfolio.panels import Mark

# Parents offered for linking; those with the most open items come first.
MOST_EPICS = 200


@dataclass(frozen=True, slots=True)
class Size:
    """The items of a feature (or of several): those removed do not count; `epics` are its linked parents."""

    items: int = 0
    open: int = 0
    epics: int = 0

    def __add__(self, other: "Size") -> "Size":
        """Of both together."""
        return Size(self.items + other.items, self.open + other.open, self.epics + other.epics)


_ITEMS_OF_FEATURES = """
SELECT link.feature_id, item.id
FROM metrics_epiclink link
JOIN metrics_workitem item ON item.source_id = link.source_id AND item.parent = link.parent
WHERE link.feature_id = ANY(%s) AND item.deleted_at IS NULL AND item.parent <> ''
"""


def _states(item_ids: Sequence[int], as_of: datetime) -> dict[int, int]:
    """The state of each item as at `as_of`; items that were not there yet are left out."""
    found = derive(read_items(item_ids), micros(as_of), frozenset())
    return dict(zip(found.ids.tolist(), found.state[found.last].tolist(), strict=True))


def sizes(feature_ids: Collection[int], as_of: datetime) -> dict[int, Size]:
    """The size of each feature as at `as_of`, by today's links. Of items moved between teams all count."""
    with connection.cursor() as cursor:
        cursor.execute(_ITEMS_OF_FEATURES, [list(feature_ids)])
        pairs = cursor.fetchall()
    known = _states(sorted({item for _, item in pairs}), as_of) if pairs else {}
    found = {pk: Size() for pk in feature_ids}
    for feature, item in pairs:
        state = known.get(item, states.REMOVED)
        if state != states.REMOVED:
            found[feature] += Size(1, int(state != states.DONE))
    for feature in EpicLink.objects.filter(feature__in=feature_ids).order_by().values_list("feature", flat=True):
        found[feature] += Size(epics=1)
    return found


def size_of_epics(links: Sequence[EpicLink], as_of: datetime) -> list[Size]:
    """The size of each linked parent as at `as_of`, in their order."""
    wanted = Q(pk=None)
    for link in links:
        wanted |= Q(source=link.source_id, parent=link.parent)
    rows = list(WorkItem.objects.filter(wanted, deleted_at=None).order_by().values_list("source", "parent", "pk"))
    known = _states(sorted(pk for _, _, pk in rows), as_of) if rows else {}
    counted: dict[tuple[int, str], Size] = {}
    for source, parent, pk in rows:
        state = known.get(pk, states.REMOVED)
        if state != states.REMOVED:
            counted[source, parent] = counted.get((source, parent), Size()) + Size(1, int(state != states.DONE))
    return [counted.get((link.source_id, link.parent), Size()) for link in links]


def feature_marks(ids: Collection[int], user: User, as_of: datetime) -> dict[int, list[Mark]]:
    """How far each feature is; of those that have no items, by what they count until then."""
    guesses = dict(Feature.objects.filter(pk__in=ids).order_by().values_list("pk", "guessed_items"))
    return {pk: _feature_marks(size, guesses.get(pk)) for pk, size in sizes(ids, as_of).items()}


def _feature_marks(size: Size, guess: int | None) -> list[Mark]:
    if size.items:
        done = size.items - size.open
        return [Mark(f"{done} of {items_text(size.items)} finished", share=done / size.items)]
    word = Mark("no items yet" if size.epics else "not broken down", is_tag=True)
    return [word, Mark(f"about {items_text(guess)}, by guess" if guess else "counts with the usual size")]


def items_text(n: int) -> str:
    """For instance “12 items”."""
    return "1 item" if n == 1 else f"{n:,} items"


def initiative_marks(ids: Collection[int], user: User, as_of: datetime) -> dict[int, list[Mark]]:
    """How far the features of each initiative are that `user` may see, closed ones too."""
    seen = Feature.objects.for_user(user).filter(initiative__in=ids)
    features = dict(seen.order_by().values_list("pk", "initiative"))
    found = sizes(features, as_of) if features else {}
    total: dict[int, Size] = {}
    for pk, size in found.items():
        total[features[pk]] = total.get(features[pk], Size()) + size
    return {pk: _feature_marks(size, None) for pk, size in total.items() if size.items}


class Epic(NamedTuple):
    """A parent of items that belongs to no feature. `title` is its own, where it is an item too, else nothing.

    `example` is the title of one of its items; counts are of now and leave out what was removed.
    """

    source: Source
    parent: str
    title: str
    url: str
    example: str
    items: int
    open: int

    @property
    def key(self) -> str:
        """Names it in a form."""
        return f"{self.source.pk}:{self.parent}"


_UNLINKED = """
SELECT item.source_id, item.parent, min(item.title) FILTER (WHERE item.team_id = %(team)s),
       count(*) FILTER (WHERE flow.state <> 'removed') AS items,
       count(*) FILTER (WHERE flow.state NOT IN ('removed', 'done')) AS open
FROM metrics_workitem item
JOIN metrics_itemflow flow ON flow.item_id = item.id
WHERE item.deleted_at IS NULL AND item.parent <> '' AND item.source_id = ANY(%(sources)s)
  AND (item.source_id, item.parent) IN (
    SELECT held.source_id, held.parent FROM metrics_workitem held
    WHERE held.team_id = %(team)s AND held.deleted_at IS NULL AND held.parent <> '')
  AND NOT EXISTS (
    SELECT FROM metrics_epiclink link WHERE link.source_id = item.source_id AND link.parent = item.parent)
GROUP BY item.source_id, item.parent
-- Of a parent with items of several teams the team that holds the most makes the feature.
HAVING mode() WITHIN GROUP (ORDER BY item.team_id) = %(team)s
ORDER BY open DESC, items DESC, item.source_id, item.parent
LIMIT %(most)s
"""


def unlinked(team_id: int, user: User) -> list[Epic]:
    """Parents of which a team holds the most items that belong to no feature, those with the most open items first.

    A title is told where `user` may see the item that it is of.
    """
    sources = {source.pk: source for source in sources_for(team_id)}
    with connection.cursor() as cursor:
        cursor.execute(_UNLINKED, {"sources": list(sources), "team": team_id, "most": MOST_EPICS})
        rows = cursor.fetchall()
    titles = _titles(sources, [row[1] for row in rows], user)
    found = []
    for source, parent, example, items, still_open in rows:
        title, url = titles.get((source, parent), ("", ""))
        found.append(Epic(sources[source], parent, title, url, example or "", items, still_open))
    return found


def sources_for(team_id: int) -> list[Source]:
    """The sources that deliver items of a team, its own first."""
    held = WorkItem.objects.filter(team=team_id, deleted_at=None).order_by().values("source").distinct()
    is_own = Case(When(team=team_id, then=0), default=1)
    return list(Source.objects.filter(Q(team=team_id) | Q(pk__in=held)).order_by(is_own, "name"))


def _titles(sources: Collection[int], parents: Sequence[str], user: User) -> dict[tuple[int, str], tuple[str, str]]:
    """The title and address of the items that are these parents, by source and by key or the tool's id."""
    named = Q(key__in=parents) | Q(external_id__in=parents)
    teams = Team.objects.for_user(user).order_by()
    rows = WorkItem.objects.filter(named, source__in=sources, team__in=teams, deleted_at=None).order_by("pk")
    found: dict[tuple[int, str], tuple[str, str]] = {}
    for source, key, external_id, title, url in rows.values_list("source", "key", "external_id", "title", "url"):
        found.setdefault((source, external_id), (title, url))
        found[source, key] = (title, url)
    return found


_FIRST_DEPLOYED = r"""
WITH named AS (
  SELECT pull.id, upper(key[1]) AS key
  FROM metrics_pullrequest pull, regexp_matches(pull.title, '\m[A-Za-z][A-Za-z0-9_]*-[0-9]+\M', 'g') AS key
)
SELECT feature.initiative_id, min(change.deployed_at)
FROM portfolio_feature feature
JOIN metrics_epiclink link ON link.feature_id = feature.id
JOIN metrics_workitem item ON item.source_id = link.source_id AND item.parent = link.parent
JOIN named ON named.key = upper(item.key)
JOIN metrics_change change ON change.pull_request_id = named.id
WHERE feature.initiative_id = ANY(%s) AND item.deleted_at IS NULL AND item.parent <> '' AND change.deployed_at <= %s
GROUP BY feature.initiative_id
"""


def first_deployed(initiative_ids: Collection[int], as_of: datetime) -> dict[int, datetime]:
    """When the first change linked to an item of each initiative reached production, by `as_of`.

    A change is linked to an item whose key (“FAL-12”) the title of its pull request names. One without is left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_DEPLOYED, [list(initiative_ids), as_of])
        return dict(cursor.fetchall())
