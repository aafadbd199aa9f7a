"""Columns of a scope seen as those of one of its parts: many small scopes for one read of the database."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from metrics.columns.shapes import FlowColumns
from metrics.columns.zones import local_days
from portfolio.queries import Scope

# What there is of each item, stay and block beside places in other columns.
ITEMS = ("ids", "kinds", "points", "created", "created_day")
STAYS = ("at", "until", "status", "state", "team", "day", "until_day", "began", "began_day", "ended")
BLOCKS = ("blocked_from", "blocked_until", "blocked_reason", "blocked_ids")


def of_team(columns: FlowColumns, team: int) -> FlowColumns:
    """The columns as those of the team with this primary key: its days, its items only count.

    Raises KeyError for a team that never held an item of the scope: there is nothing to see.
    """
    infos = {info.id: info for info in columns.teams}
    at = np.array([columns.as_of, columns.as_of + 1], dtype=np.int64)
    day, after = local_days(at, infos[team].zone).tolist()
    return replace(_only(columns, {team}), scope_kind="team", day_at=day, whole_day=after - 1)


def of_stream(columns: FlowColumns, teams: Collection[int]) -> FlowColumns:
    """The columns as those of a stream with these teams; its days are those of the wider scope."""
    return replace(_only(columns, set(teams)), scope_kind="stream")


def of_scope(columns: FlowColumns, scope: Scope, gap: str = "") -> FlowColumns:
    """The columns as those of a part of their scope, as `load` gives them for it; `gap` if it never held an item."""
    at = np.array([columns.as_of, columns.as_of + 1], dtype=np.int64)
    day, after = local_days(at, scope.zone).tolist()
    part = _only(columns, set(scope.teams))
    return replace(
        part,
        scope_kind=scope.kind,
        day_at=day,
        whole_day=after - 1,
        gap="" if part.in_scope.any() else gap,
        expectations=tuple(one for one in columns.expectations if one.team in scope.teams),
    )


def _only(columns: FlowColumns, teams: set[int]) -> FlowColumns:
    """The items that these teams hold or ever held, with only these teams in the scope."""
    infos = tuple(info._replace(in_scope=info.id in teams) for info in columns.teams)
    places = [place for place, info in enumerate(infos) if info.in_scope]
    kept = np.zeros(len(columns.ids), dtype=np.bool_)
    kept[columns.item[np.isin(columns.team, places)]] = True
    stays, blocks = kept[columns.item], kept[columns.blocked_item]
    # Where each kept item and stay has come to be.
    item, stay = kept.cumsum() - 1, stays.cumsum() - 1
    of_items = {name: getattr(columns, name)[kept] for name in ITEMS}
    of_stays = {name: getattr(columns, name)[stays] for name in STAYS}
    of_blocks = {name: getattr(columns, name)[blocks] for name in BLOCKS}
    return replace(
        columns,
        teams=infos,
        last=stay[columns.last[kept]],
        item=item[columns.item[stays]],
        finishing=stay[columns.finishing[stays]],
        blocked_item=item[columns.blocked_item[blocks]],
        **of_items,
        **of_stays,
        **of_blocks,
    )
