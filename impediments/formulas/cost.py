"""What blocked items take from a team's working days, split equally over what blocks them; no Django, no clock."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
# Amounts are counted in ten-thousandths of the currency's unit. A rate or an amount nobody knows:
UNIT = 10_000
UNKNOWN = -1


class Spans(NamedTuple):
    """Aligned arrays: an impediment blocks an item that is in progress with a team, at the ends of the days from
    `first` to before `until`. Impediments and items are numbers, `team` is an index, days count from 0.
    """

    impediment: Ints
    item: Ints
    team: Ints
    first: Ints
    until: Ints


class Blocked(NamedTuple):
    """Aligned arrays, by team, day and impediment: its `items` of that day (one blocked by k counts 1/k), those
    `in_progress`, and the `amount` in ten-thousandths (UNKNOWN: nobody knows what the day costs).
    """

    impediment: Ints
    team: Ints
    day: Ints
    items: Floats
    in_progress: Ints
    amount: Ints


def spread(spans: Spans, works: Flags, in_progress: Ints, rate: Ints) -> Blocked:
    """Cost of a team's working day × blocked items ÷ items in progress, for each impediment.

    `works`[t, d]: whether the team works on the day; `in_progress`[t, d]: items in progress at its end, at least those
    that are blocked; `rate`[t, d]: what the day costs in ten-thousandths, or UNKNOWN. Spans lie within these days.
    Of a team's day the amounts add up to its rate × all blocked items ÷ items in progress, to a ten-thousandth.
    """
    impediment, item, team, day = _days(spans, works)
    # However often it is blocked by the same on a day, it is once.
    kept, _ = _groups(impediment, item, team, day)
    impediment, item, team, day = impediment[kept], item[kept], team[kept], day[kept]
    _, of_item = _groups(item, team, day)
    share = 1 / np.bincount(of_item)[of_item] if len(of_item) else np.zeros(0)
    first, group = _groups(team, day, impediment)
    items: Floats = np.bincount(group, share, len(first)).astype(np.float64)
    impediment, team, day = impediment[first], team[first], day[first]
    whole = in_progress[team, day]
    return Blocked(impediment, team, day, items, whole, _amounts(team, day, items, whole, rate[team, day]))


def _days(spans: Spans, works: Flags) -> tuple[Ints, Ints, Ints, Ints]:
    """Each span as its working days: impediment, item, team, day."""
    length = np.maximum(spans.until - spans.first, 0)
    row = np.repeat(np.arange(len(length)), length)
    day = np.arange(len(row)) - np.repeat(length.cumsum() - length, length) + spans.first[row]
    kept = works[spans.team[row], day] if len(row) else np.zeros(0, dtype=np.bool_)
    row, day = row[kept], day[kept]
    return spans.impediment[row], spans.item[row], spans.team[row], day


def _groups(*keys: Ints) -> tuple[Ints, Ints]:
    """The place of a row of each group of equal keys, groups in the order of the keys; and the group of each row."""
    order = np.lexsort(keys[::-1])
    if not len(order):
        return order, order
    differs = np.zeros(len(order), dtype=np.bool_)
    differs[0] = True
    for key in keys:
        differs[1:] |= key[order][1:] != key[order][:-1]
    group = np.empty(len(order), dtype=np.int64)
    group[order] = differs.cumsum() - 1
    return order[differs], group


def _amounts(team: Ints, day: Ints, items: Floats, in_progress: Ints, rate: Ints) -> Ints:
    """Rows are by team and day: what is rounded off one is added to the next, so that a day's sum is right."""
    if not len(team):
        return team
    begins = np.concatenate([[True], (team[1:] != team[:-1]) | (day[1:] != day[:-1])])
    start = np.maximum.accumulate(np.where(begins, np.arange(len(team)), 0))
    running = items.cumsum()
    before = running - items
    upto, since = running - before[start], before - before[start]
    cost = np.rint(rate * upto / in_progress) - np.rint(rate * since / in_progress)
    return np.where(rate == UNKNOWN, UNKNOWN, cost).astype(np.int64)
