"""Features from synced items: parents of a source's items that a query finds, as the rows of a file to check."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from accounts.models import User
from metrics.models import Source, WorkItem
from planning.models import Increment, LaneKind
from planning.rules import reach
from portfolio.models import Team

# More than this are no longer read by people: the query is to be narrower.
MOST = 300


@dataclass(frozen=True, slots=True)
class Query:
    """Which items: all that is given must hold; `label`, `kind` as the tool says them, `parent` a part of its key."""

    source: Source | None = None
    team: Team | None = None
    kind: str = ""
    label: str = ""
    parent: str = ""
    with_done: bool = False


class Candidate(NamedTuple):
    """A parent of items, with the team that holds most of them. `size` is what is open, in the team's unit; `feature`
    the one that it is linked to, `on_board` whether a card stands for it or has its key."""

    source: str
    key: str
    title: str
    team: str
    items: int
    open: int
    size: Decimal | None
    unit: str
    feature: str
    on_board: bool

    @property
    def name(self) -> str:
        """Names it in a form."""
        return f"{self.source} {self.key}"


_FOUND = """
WITH held AS (
  SELECT item.source_id, item.parent, item.team_id, item.points, flow.state
  FROM metrics_workitem item JOIN metrics_itemflow flow ON flow.item_id = item.id
  WHERE item.deleted_at IS NULL AND item.parent <> '' AND flow.state <> 'removed'
    AND (item.source_id, item.parent) IN (
      SELECT one.source_id, one.parent FROM metrics_workitem one
      WHERE one.deleted_at IS NULL AND one.parent <> '' AND one.team_id = ANY(%(teams)s)
        AND (%(source)s::bigint IS NULL OR one.source_id = %(source)s)
        AND (%(kind)s = '' OR one.kind = %(kind)s OR lower(one.tool_type) = lower(%(kind)s))
        AND (%(label)s = '' OR %(label)s = ANY(one.labels))
        AND (%(parent)s = '' OR position(lower(%(parent)s) IN lower(one.parent)) > 0))
), grouped AS (
  SELECT source_id, parent, mode() WITHIN GROUP (ORDER BY team_id) AS team_id, count(*) AS items,
         count(*) FILTER (WHERE state <> 'done') AS open, sum(points) FILTER (WHERE state <> 'done') AS points
  FROM held GROUP BY source_id, parent
)
SELECT source.name, grouped.parent, named.title, team.name, grouped.items, grouped.open, grouped.points,
       team.planning_unit, feature.name,
       EXISTS (SELECT FROM planning_card card WHERE card.increment_id = %(increment)s AND card.removed_at IS NULL
               AND (card.feature_id = feature.id OR card.key = grouped.parent)) AS on_board
FROM grouped
JOIN metrics_source source ON source.id = grouped.source_id
JOIN portfolio_team team ON team.id = grouped.team_id
LEFT JOIN metrics_epiclink link ON link.source_id = grouped.source_id AND link.parent = grouped.parent
LEFT JOIN portfolio_feature feature ON feature.id = link.feature_id
LEFT JOIN LATERAL (
  SELECT one.title FROM metrics_workitem one
  WHERE one.source_id = grouped.source_id AND one.key = grouped.parent AND one.deleted_at IS NULL LIMIT 1
) named ON true
WHERE grouped.team_id = ANY(%(teams)s)
  AND (%(with_done)s OR grouped.open > 0 AND feature.ended_on IS NULL)
ORDER BY on_board, team.name, grouped.open DESC, grouped.parent
LIMIT %(most)s
"""


def sources_of(teams: Sequence[Team]) -> list[Source]:
    """The sources that hold items of these teams."""
    held = WorkItem.objects.filter(team__in=teams, deleted_at=None).order_by().values("source").distinct()
    return list(Source.objects.filter(pk__in=held).order_by("name"))


def teams_for(increment: Increment, user: User) -> list[Team]:
    """The teams into whose rows `user` may put something."""
    mine = reach(user, increment)
    rows = increment.lanes.filter(kind=LaneKind.TEAM, left_on=None).select_related("team")
    return [lane.team for lane in rows if lane.team and mine.may(lane.pk)]


def found(increment: Increment, query: Query, teams: Sequence[Team]) -> list[Candidate]:
    """The parents of the items of `teams` that the query finds: at most MOST, those not on the board first, by team."""
    given = {
        "teams": [team.pk for team in teams if query.team is None or team == query.team],
        "source": query.source.pk if query.source else None,
        "kind": query.kind,
        "label": query.label,
        "parent": query.parent,
        "with_done": query.with_done,
        "increment": increment.pk,
        "most": MOST,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, given)
        rows = cursor.fetchall()
    return [_candidate(*row) for row in rows]


def _candidate(
    source: str,
    key: str,
    title: str | None,
    team: str,
    items: int,
    still_open: int,
    points: float | None,
    unit: str,
    feature: str | None,
    on_board: bool,
) -> Candidate:
    told = f"{points or 0:.1f}".removesuffix(".0")
    size = Decimal(still_open) if unit == "items" else None if points is None else Decimal(told)
    name = feature or title or key
    return Candidate(source, key, name, team, items, still_open, size, unit, feature or "", on_board)


def file_of(candidates: Sequence[Candidate]) -> io.BytesIO:
    """The candidates as a file that CardImporter checks; where a card stands is left as it is."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["key", "title", "row", "size", "unit", "source"])
    for one in candidates:
        size = "" if one.size is None else one.size
        writer.writerow([one.key[:40], one.title[:200], one.team, size, one.unit, one.source])
    return io.BytesIO(text.getvalue().encode())
