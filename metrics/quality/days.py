"""Checks of days: working days without an event where there usually is one, and how long nothing has come."""

import numpy as np
import numpy.typing as npt

from metrics.columns import NEVER
from metrics.quality.shapes import Flags, Found, Ints, NotChecked, Stored, found

# Around a day, so many working days before it and as many after say what is usual there.
AROUND = 30
# The least share of them with an event for a day without one to be missed.
USUAL = 0.8
# The pauses of so many working days before the last event are what a new one is compared with.
LOOK_BACK = 120
SHORTEST_SILENCE = 3


def _eventful(stored: Stored) -> tuple[Ints, Flags]:
    """The working days up to the last event, and whether each has one."""
    if not len(stored.flow.day):
        raise NotChecked("there is no event yet")
    days = np.unique(stored.flow.day)
    working = stored.working[stored.working <= days[-1]]
    return working, np.isin(working, days)


def _shares(has_event: Flags) -> npt.NDArray[np.float64]:
    """Per working day the share of the days around it (itself left out) that have an event."""
    n = len(has_event)
    sums = np.concatenate([[0], np.cumsum(has_event)])
    place = np.arange(n)
    low, high = np.maximum(place - AROUND, 0), np.minimum(place + AROUND + 1, n)
    others: npt.NDArray[np.float64] = (sums[high] - sums[low] - has_event) / np.maximum(high - low - 1, 1)
    return others


def silent(stored: Stored) -> Found:
    """Runs of working days without an event where at least USUAL of the days around have one.

    `ids` is a run's first day, `a` how many working days it has, `b` its last day.
    """
    working, has_event = _eventful(stored)
    expected = _shares(has_event) >= USUAL
    if len(working) < 2 * AROUND or not expected.any():
        raise NotChecked("events come on too few working days for a day without one to be missed")
    missed = (~has_event & expected).astype(np.int8)
    edges = np.diff(np.concatenate([[0], missed, [0]]))
    first, last = np.flatnonzero(edges == 1)[::-1], (np.flatnonzero(edges == -1) - 1)[::-1]
    return Found(working[first], np.full(len(first), NEVER), last - first + 1, working[last])


def _longest_pause(has_event: Flags) -> int:
    """The most working days in a row without an event."""
    places = np.flatnonzero(np.concatenate([[True], has_event, [True]]))
    return int(np.diff(places).max()) - 1


def quiet_since(stored: Stored) -> Found:
    """One finding when nothing has come for longer than in any pause before it.

    `ids` is the day of the last event, `a` how many working days are since, `b` the longest pause before.
    """
    working, has_event = _eventful(stored)
    if len(working) < AROUND:
        raise NotChecked("the history is too short to say how long its pauses usually are")
    last = int(stored.flow.day.max())
    since = stored.working[stored.working > last]
    usual = _longest_pause(has_event[-LOOK_BACK:])
    if len(since) < SHORTEST_SILENCE or len(since) <= usual:
        return found(np.zeros(0, dtype=np.int64))
    return found(np.array([last]), None, np.array([len(since)]), np.array([usual]))
