"""A team's day of work, split equally over the items in progress at its end: in whole numbers, so nothing is lost."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
# Amounts are counted in ten-thousandths of the currency's unit.
UNIT = 10_000
# What belongs to no initiative.
NONE = -1


class Split(NamedTuple):
    """Aligned arrays, by team, day and initiative: `share` of the team's day, `amount` in ten-thousandths."""

    team: Ints
    day: Ints
    initiative: Ints
    share: Floats
    amount: Ints


def split(team: Ints, initiative: Ints, items: Ints, works: Flags, rate: Ints) -> Split:
    """Split each team's working days over what was in progress.

    Rows k are pairs of a team (index 0…t-1) and an initiative (number, NONE for items of none), each pair once;
    `items`[k, d] is how many items of it were in progress at the end of day d. `works`[t, d]: whether the team works
    on the day; `rate`[t, d]: what the day costs, in ten-thousandths. A day without any item is a row of NONE.
    The shares of a team's day sum to 1 and its amounts to the rate, exactly.
    """
    teams, days = works.shape
    # Every team has a row of NONE, for its empty days.
    team = np.concatenate([team, np.arange(teams)])
    initiative = np.concatenate([initiative, np.full(teams, NONE)])
    items = np.concatenate([items, np.zeros((teams, days), dtype=np.int64)])
    order = np.lexsort((-initiative, team))
    team, initiative, items = team[order], initiative[order], items[order]
    team, initiative, items = _once(team, initiative, items)
    total = np.zeros((teams, days), dtype=np.int64)
    np.add.at(total, team, items)
    # NONE is the last row of its team: it takes the whole of an empty day.
    empty = (total == 0)[team] & (initiative == NONE)[:, None]
    items = np.where(empty, 1, items)
    whole = np.maximum(total, 1)[team]
    upto = _running(items, team)
    cost = rate[team]
    amount = cost * upto // whole - cost * (upto - items) // whole
    row, day = np.nonzero((items > 0) & works[team])
    share = items[row, day] / whole[row, day]
    return Split(team[row], day, initiative[row], share, amount[row, day])


def _once(team: Ints, initiative: Ints, items: Ints) -> tuple[Ints, Ints, Ints]:
    """Rows of the same team and initiative (neighbours) as one."""
    differs = np.concatenate([[True], (team[1:] != team[:-1]) | (initiative[1:] != initiative[:-1])])
    first = np.flatnonzero(differs)
    return team[first], initiative[first], np.add.reduceat(items, first, axis=0)


def _running(items: Ints, team: Ints) -> Ints:
    """The sum of items down to each row within its team (rows ordered by team)."""
    running = items.cumsum(axis=0)
    first = np.searchsorted(team, team)
    before: Ints = running[first] - items[first]
    return running - before


def rates(valid_from: Ints, amount: Ints, days: Ints) -> Ints:
    """What each day costs: the latest rate at or before it; before the first, the first. `valid_from` ascends."""
    place = np.maximum(np.searchsorted(valid_from, days, side="right") - 1, 0)
    return amount[place]


def workdays(days: Ints, weekdays: Ints, holidays: Ints) -> Flags:
    """Which days (numbers since 1970-01-01) a calendar works on; `weekdays` are ISO, Monday is 1."""
    iso = (days + 3) % 7 + 1
    return np.isin(iso, weekdays) & ~np.isin(days, holidays)
