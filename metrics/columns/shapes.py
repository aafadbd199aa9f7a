"""What the flow formulas read: histories of items as stays, in NumPy arrays. No database, no clock."""

from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

# No such instant (never started, never finished), and the end of what has not ended. Both in µs, and in days.
NEVER = np.iinfo(np.int64).min
OPEN = np.iinfo(np.int64).max

UNKNOWN_STATUS = "(before the first record)"


class StatusInfo(NamedTuple):
    """A status: its name, its state's code (states.CODES), its place in the workflow's order, and whose workflow."""

    id: int
    name: str
    state: int
    position: int
    source: int = 0


class TeamInfo(NamedTuple):
    """A team that held an item: whether it is in the scope, and the local day it has at `as_of`."""

    id: int
    zone: ZoneInfo
    in_scope: bool
    as_of_day: int
    name: str = ""
    # What it plans in, and its iterations: how long, and the day number on which one of them begins.
    planning_unit: str = "items"
    iteration_days: int = 14
    iteration_from: int = 0


class ExpectationInfo(NamedTuple):
    """What may be expected of a team's items (models.Expectation): `team` is its primary key, `kind` an index into
    states.KIND_NAMES or -1 for those without one of their own, `valid_from` a day number.
    """

    team: int
    kind: int
    percent: int
    days: int
    valid_from: int


@dataclass(frozen=True, slots=True)
class FlowColumns:
    """The items that are or ever were in a scope's teams, as at `as_of` (µs).

    Items: `ids`, `kinds` (index into states.KIND_NAMES), `points` (NaN: none), `created` (µs), `created_day` (its day
    number in the zone of the team at the finish), `last` (index of the last stay).
    Stays, ordered by item and time, one per creation, move and change of team: `item` (index of the item), `at` and
    `until` (µs; OPEN: still there), `status` (index into `statuses`, the last of which is the unknown one), `state`
    (code), `team` (index into `teams`), `day` and `until_day` (day numbers of both in the zone of that team; OPEN).
    `began` and `ended` (µs or NEVER): when the item counts as started and finished, as known in this stay;
    `began_day` is that day in the zone of the stay's team. `finishing`: index of the stay in which the finish lies.
    Blocks: `blocked_item`, `blocked_from`, `blocked_until` (µs; OPEN), `blocked_reason` (index into `reasons`),
    `blocked_ids` (primary keys of the stays).
    `expectations` are those of the scope's teams, by team, kind and day.
    `next_event` is the first event after as_of (µs; OPEN: none). Until `same_until` (µs, exclusive) everything is the
    same for a later as_of, if no new facts come.
    `day_at` is the scope's local day at `as_of`, `whole_day` the last day that is over by then. `gap` says why nothing
    can be measured at all (no source), or is empty.
    """

    scope_kind: str
    as_of: int
    next_event: int
    same_until: int
    day_at: int
    whole_day: int
    gap: str
    statuses: tuple[StatusInfo, ...]
    teams: tuple[TeamInfo, ...]
    ids: Ints
    kinds: Codes
    points: Floats
    created: Ints
    created_day: Ints
    last: Ints
    item: Ints
    at: Ints
    until: Ints
    status: Ints
    state: Codes
    team: Ints
    day: Ints
    until_day: Ints
    began: Ints
    began_day: Ints
    ended: Ints
    finishing: Ints
    blocked_item: Ints
    blocked_from: Ints
    blocked_until: Ints
    blocked_reason: Ints
    blocked_ids: Ints
    reasons: tuple[str, ...] = ()
    expectations: tuple[ExpectationInfo, ...] = ()

    def of_teams(self, name: str) -> Ints:
        """A field of `teams`, per stay."""
        values = np.array([getattr(team, name) for team in self.teams], dtype=np.int64)
        return values[self.team] if len(self.teams) else np.zeros(0, dtype=np.int64)

    @property
    def in_scope(self) -> Flags:
        """Per stay: whether a team of the scope holds the item in it."""
        return self.of_teams("in_scope").astype(np.bool_)
