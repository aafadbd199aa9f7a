"""Columns of a scope seen as those of one of its parts: many small scopes for one read of the database."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from metrics.columns.shapes import FlowColumns
from metrics.columns.zones import local_days


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


def _only(columns: FlowColumns, teams: set[int]) -> FlowColumns:
    return replace(columns, teams=tuple(info._replace(in_scope=info.id in teams) for info in columns.teams))
