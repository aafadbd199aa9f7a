"""Which types, classes of service and labels occur among the items of a scope: what one can choose among them by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from metrics.measurement import Facets
from metrics.models import ItemKind
from portfolio.queries import Scope

# So many labels are offered, the most frequent ones; others are found by typing them.
MOST = 200
# The items that a team of the scope held by then: at first (before its first move between teams), or since a move.
OCCURRING = """
    WITH mine AS (
        SELECT kind, class_of_service, labels
        FROM metrics_itemflow f JOIN metrics_workitem i ON i.id = f.item_id
        WHERE f.teams && %(teams)s::bigint[] AND f.created_at <= %(as_of)s AND i.deleted_at IS NULL AND (
            coalesce(
                (SELECT m.from_team_id FROM metrics_teammove m WHERE m.item_id = i.id ORDER BY m.at, m.id LIMIT 1),
                i.team_id
            ) = ANY(%(teams)s)
            OR EXISTS (
                SELECT FROM metrics_teammove m
                WHERE m.item_id = i.id AND m.at <= %(as_of)s AND m.to_team_id = ANY(%(teams)s)
            )
        )
    )
    SELECT 'type', kind, count(*) FROM mine GROUP BY kind
    UNION ALL SELECT 'class', class_of_service, count(*) FROM mine WHERE class_of_service <> '' GROUP BY 2
    UNION ALL (
        SELECT 'label', label, count(*) FROM mine, unnest(labels) AS label GROUP BY 2 ORDER BY 3 DESC, 2 LIMIT %(most)s
    )
"""


@dataclass(frozen=True, slots=True)
class Option:
    """A value that items of the scope have, how many do, and whether it is chosen."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The values of one facet; `name` is how the address calls it."""

    name: str
    label: str
    options: Sequence[Option]

    @property
    def is_long(self) -> bool:
        """Whether finding one takes a search."""
        return len(self.options) > 12


def _occurring(scope: Scope, as_of: datetime) -> dict[str, dict[str, int]]:
    """Per facet its values and how many items have them."""
    found: dict[str, dict[str, int]] = {"type": {}, "class": {}, "label": {}}
    with connection.cursor() as cursor:
        cursor.execute(OCCURRING, {"teams": list(scope.teams), "as_of": as_of, "most": MOST})
        for name, value, count in cursor.fetchall():
            found[name][value] = count
    return found


def groups(scope: Scope, as_of: datetime, facets: Facets) -> list[Group]:
    """What can be chosen among the items of a scope; what is chosen is offered even where no item has it."""
    found = _occurring(scope, as_of)
    kinds = dict(ItemKind.choices)
    made = []
    for name, label, chosen in zip(found, ("Type", "Class of service", "Label"), facets, strict=True):
        counts = dict.fromkeys(chosen, 0) | found[name]
        order = sorted(counts, key=ItemKind.values.index) if name == "type" else sorted(counts, key=str.casefold)
        options = [Option(value, kinds.get(value, value), counts[value], value in chosen) for value in order]
        if options:
            made.append(Group(name, label, options))
    return made


def said(facets: Facets) -> str:
    """The choice in a few words: "all", "Defect", "Defect, expedite and 2 more"."""
    kinds = dict(ItemKind.choices)
    chosen = [str(kinds.get(kind, kind)) for kind in facets.kinds] + [*facets.classes, *facets.labels]
    if len(chosen) <= 3:
        return ", ".join(chosen) or "all"
    return f"{', '.join(chosen[:2])} and {len(chosen) - 2} more"
