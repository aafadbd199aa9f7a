"""How old work usually is where it stands: pace bands per status, and each item's chance to beat its expectation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from metrics.columns.shapes import FlowColumns
from metrics.formulas import expectations, flow, frame, stats, stocks
from metrics.formulas.frame import Finishes, Flags, Floats, Ints
from metrics.measurement import Number, Window
from metrics.rows import STATES

# Fewer finished items than this that were as old say nothing about a chance.
FEWEST = 5
# Why an item has no chance worth naming, or one that needs none.
KNOWN, UNEXPECTED, TOO_FEW, MISSED = range(4)
WHY = ("", "nothing is expected of it", "too few items ever were as old", "missed")


@dataclass(frozen=True, slots=True)
class Band:
    """A status (streams and portfolio: a state) in progress; `ages` in days by rank, of the `n` items that left it."""

    name: str
    state: str
    n: int
    ages: Mapping[int, Number]


@dataclass(frozen=True, slots=True)
class Pace:
    """Bands in the workflow's order, of `n` finished items; without any, `reason` says why."""

    bands: tuple[Band, ...]
    n: int
    reason: str = ""


def _leaving(columns: FlowColumns, ends: Finishes, chosen: Flags, band: Ints) -> tuple[Ints, Ints]:
    """Per chosen item and band in progress that it stood in: the band, and the item's age in days when it last left it.

    A stay with a team of the scope counts, from the item's start to its finish. The age is counted in the zone of that
    team; a status passed within an instant was not stood in.
    """
    stays = flow.before_finish(columns, ends, chosen) & frame.in_wip(columns)
    stays &= (columns.at >= columns.began[ends.stay][columns.item]) & (columns.at < columns.until)
    item, place = columns.item[stays], band[stays]
    age = columns.until_day[stays] - columns.began_day[stays] + 1
    # Stays are in order of time: of one item and band the last one is written last.
    key = item * (int(band.max(initial=0)) + 1) + place
    last = len(key) - 1 - np.unique(key[::-1], return_index=True)[1]
    return place[last], age[last]


def pace(columns: FlowColumns, window: Window, *, percentiles: Iterable[int] = stats.DRAWN) -> Pace:
    """Percentiles of the age at which the items finished in the window (by the scope's teams) last left each status.

    Bands need not rise along the workflow: not every item passes every status. A status that none of them stood in has
    none; statuses outside progress are left out. Raises ValueError for a rank outside 1…99.
    """
    days = frame.days_of(columns, window)
    if reason := frame.gap(columns, days):
        return Pace((), 0, reason)
    ends = frame.finishes(columns)
    chosen = frame.finish_rule(columns, ends, days) == 0
    names, band = frame.groups(columns)
    place, age = _leaving(columns, ends, chosen, band)
    wip = frame.in_wip(columns)
    state = np.zeros(len(names), dtype=np.int64)
    state[band[wip]] = columns.state[wip]
    ranks = sorted(percentiles)
    bands = tuple(
        Band(names[at], STATES[state[at]], int((place == at).sum()), stats.percentiles(age[place == at], ranks))
        for at in np.unique(band[wip]).tolist()
    )
    n = int(chosen.sum())
    return Pace(bands, n, "" if n else "no item finished in this window")


@dataclass(frozen=True, slots=True)
class Chances:
    """Aligned arrays over the items in progress at the window's end, oldest first.

    `ids`: primary keys; `team`: index into columns.teams; `age` in days; `days` and `percent` of what is expected (0:
    nothing); `chance` 0…1 (NaN: not known); `sample`: finished items that were as old; `why`: index into WHY.
    """

    ids: Ints
    team: Ints
    age: Ints
    days: Ints
    percent: Ints
    chance: Floats
    sample: Ints
    why: Ints


def chances(columns: FlowColumns, window: Window) -> Chances:
    """Per item in progress the chance to beat its expectation, by its own team's items finished in the window.

    Of those that took at least as long as it is old now, the share that took no longer than what is expected: of the
    same kind where the expectation is for a kind. Fewer than FEWEST such: not known. Older than expected: missed, 0.
    """
    days = frame.days_of(columns, window)
    stays, age = stocks.ages(columns, days)
    order = np.lexsort((columns.ids[columns.item[stays]], -age))
    stays, age = stays[order], age[order]
    item, team = columns.item[stays], columns.team[stays]
    kind = columns.kinds[item].astype(np.int64)
    held = expectations.valid(columns, team, kind, np.minimum(columns.of_teams("as_of_day")[stays], days.last))
    expected = expectations.days_of(columns.expectations, held)
    own_kind = np.array([*(one.kind for one in columns.expectations), -1], dtype=np.int64)[held]
    as_old, in_time = _counts(columns, window, (team, own_kind), age, expected)
    why = np.select([held == expectations.NONE, age > expected, as_old < FEWEST], [UNEXPECTED, MISSED, TOO_FEW], KNOWN)
    chance = np.where(why == KNOWN, in_time / np.maximum(as_old, 1), np.where(why == MISSED, 0.0, np.nan))
    percent = np.array([*(one.percent for one in columns.expectations), 0], dtype=np.int64)[held]
    return Chances(columns.ids[item], team, age, expected, percent, chance, as_old, why)


def _counts(
    columns: FlowColumns, window: Window, alike: tuple[Ints, Ints], age: Ints, expected: Ints
) -> tuple[Ints, Ints]:
    """Per item: how many that the same team (and kind, where not -1) finished took at least `age`, and of these how
    many no more than `expected` days.
    """
    ends = frame.finishes(columns)
    chosen = frame.finish_rule(columns, ends, frame.days_of(columns, window)) == 0
    team, kind, cycle = columns.team[ends.stay][chosen], columns.kinds[chosen], ends.cycle[chosen]
    as_old, in_time = np.zeros((2, len(age)), dtype=np.int64)
    for of_team, of_kind in np.unique(np.stack(alike, axis=1), axis=0).tolist():
        rows = (alike[0] == of_team) & (alike[1] == of_kind)
        times = np.sort(cycle[(team == of_team) & ((kind == of_kind) | (of_kind < 0))])
        younger = np.searchsorted(times, age[rows])
        as_old[rows] = len(times) - younger
        in_time[rows] = np.maximum(np.searchsorted(times, expected[rows], side="right") - younger, 0)
    return as_old, in_time
