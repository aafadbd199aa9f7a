"""When an item counts as started and finished, in which order its moves happened, and of what kind it is.

This is the only place that knows. Arrays in, arrays out: no database, no clock.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from metrics.rows import STATES

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]

BACKLOG, ACTIVE, WAITING, DONE, REMOVED = range(5)
CODES: Mapping[str, int] = {state: code for code, state in enumerate(STATES)}
# A status that nobody has mapped.
UNMAPPED = ACTIVE
NEVER = np.iinfo(np.int64).min
# A move whose from is not known; it continues whatever went before.
UNKNOWN = -1
# Groups of moves of one instant that do not form one chain are put in the best order up to this size.
SMALL = 6

KIND_NAMES = ("feature", "enabler", "defect", "debt", "risk", "other")

# What tools commonly call their types, where a source's own mapping does not say.
KINDS: Mapping[str, str] = {
    "story": "feature",
    "user story": "feature",
    "feature": "feature",
    "new feature": "feature",
    "improvement": "feature",
    "enhancement": "feature",
    "epic": "feature",
    "enabler": "enabler",
    "spike": "enabler",
    "research": "enabler",
    "bug": "defect",
    "defect": "defect",
    "incident": "defect",
    "fault": "defect",
    "problem": "defect",
    "debt": "debt",
    "technical debt": "debt",
    "tech debt": "debt",
    "refactoring": "debt",
    "chore": "debt",
    "maintenance": "debt",
    "risk": "risk",
    "security": "risk",
    "vulnerability": "risk",
    "compliance": "risk",
}


def kind_of(tool_type: str, mapping: Mapping[str, str]) -> str:
    """The kind of an item: by the source's mapping (keys in lower case), else by the default, else "other"."""
    name = tool_type.strip().lower()
    return mapping.get(name) or KINDS.get(name) or "other"


class Milestones(NamedTuple):
    """Per stay, as known in it: when the item started and finished (µs, NEVER), and the stay in which it finished."""

    began: Ints
    ended: Ints
    finishing: Ints


def _last_true(flags: Flags) -> Ints:
    """Per place, the index of the last true flag up to it (0 before the first)."""
    return np.maximum.accumulate(np.where(flags, np.arange(len(flags)), 0))


def in_progress(state: Codes) -> Flags:
    """Whether states count as work in progress."""
    flags: Flags = (state == ACTIVE) | (state == WAITING)
    return flags


def milestones(first: Flags, at: Ints, state: Codes) -> Milestones:
    """When items count as started and finished, in each of their stays.

    Stays are ordered by item and time; `first` marks an item's first one, `at` is when a stay begins (µs), `state` its
    state. Started: the instant the item last left backlog or removed, or was created outside them; NEVER while it is
    in them. So going back to backlog is a false start, and a reopening is none. Finished: the latest entry into done
    from outside done; NEVER while the item is not done.
    """
    if not len(at):
        return Milestones(at, at, at)
    out = (state != BACKLOG) & (state != REMOVED)
    before = np.concatenate([state[:1], state[:-1]])
    starts = out & (first | (before == BACKLOG) | (before == REMOVED))
    finishes = (state == DONE) & (first | (before != DONE))
    finishing = _last_true(finishes)
    began = np.where(out, at[_last_true(starts)], NEVER)
    ended = np.where(state == DONE, at[finishing], NEVER)
    return Milestones(began, ended, finishing)


Move = tuple[int, int]


def _breaks(before: int, move: Move) -> bool:
    """Whether `move` does not go on from the status `before`."""
    return UNKNOWN not in (before, move[0]) and before != move[0]


def _path(moves: Sequence[Move], start: int) -> list[int] | None:
    """The least order in which every move goes on from the one before (an Eulerian path), or None."""
    waiting: dict[int, list[int]] = {}
    degree: dict[int, int] = {}
    for place in reversed(range(len(moves))):
        before, after = moves[place]
        waiting.setdefault(before, []).append(place)
        degree[before] = degree.get(before, 0) + 1
        degree[after] = degree.get(after, 0) - 1
    if start == UNKNOWN:
        start = next((status for status in sorted(degree) if degree[status] > 0), min(waiting))
    path: list[int] = []
    stack: list[tuple[int, int]] = [(start, UNKNOWN)]
    while stack:
        status, place = stack[-1]
        if waiting.get(status):
            nearest = waiting[status].pop()
            stack.append((moves[nearest][1], nearest))
        else:
            stack.pop()
            path.append(place)
    order = path[-2::-1]
    held = [moves[place] for place in order]
    is_whole = len(order) == len(moves) and all(one[1] == other[0] for one, other in pairwise(held))
    return order if is_whole else None


def _fewest_breaks(moves: Sequence[Move], start: int) -> list[int]:
    """The order with the fewest moves that do not go on from the one before; of those the least."""
    best: tuple[int, list[int]] = (len(moves) + 1, [])

    def search(order: list[int], held: int, broken: int) -> None:
        nonlocal best
        if broken >= best[0]:
            return
        if len(order) == len(moves):
            best = (broken, list(order))
            return
        for place, move in enumerate(moves):
            if place not in order:
                search([*order, place], move[1], broken + _breaks(held, move))

    search([], start, 0)
    return best[1]


def _greedy(moves: Sequence[Move], start: int) -> list[int]:
    """Go on from where we are as long as possible, with the least move first; then jump to the least one left."""
    waiting: dict[int, list[int]] = {}
    for place in reversed(range(len(moves))):
        waiting.setdefault(moves[place][0], []).append(place)
    used: set[int] = set()
    order: list[int] = []
    held, least = start, 0
    while len(order) < len(moves):
        if waiting.get(held):
            place = waiting[held].pop()
        else:
            while least in used:
                least += 1
            place = least
            waiting[moves[place][0]].remove(place)
        used.add(place)
        order.append(place)
        held = moves[place][1]
    return order


def chain(moves: Sequence[Move], start: int = UNKNOWN) -> list[int]:
    """The order of moves (from, to) of one instant, of an item that held status `start` before.

    `moves` are sorted; the answer is a permutation of their places. It is the order in which the fewest moves do not
    go on from the one before, and of those the first in the sense of lists of (from, to); a from that is UNKNOWN goes
    on from anything. Groups above SMALL moves that are no single chain are ordered greedily.
    """
    if all(before != UNKNOWN for before, _ in moves):
        path = _path(moves, start)
        if path is not None:
            return path
    return _fewest_breaks(moves, start) if len(moves) <= SMALL else _greedy(moves, start)


def ordered(item: Ints, at: Ints, before: Ints, after: Ints) -> Ints:
    """The places of moves in their order: by item, by time, and within an instant by their chain.

    `before` and `after` are numbers whose order does not depend on the order of arrival (UNKNOWN: not known).
    """
    order = np.lexsort((at, item))
    same = (item[order][1:] == item[order][:-1]) & (at[order][1:] == at[order][:-1])
    if not same.any():
        return order
    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
    for low, high in edges.reshape(-1, 2).tolist():
        places = order[low : high + 1]
        places = places[np.lexsort((after[places], before[places]))]
        has_past = low > 0 and item[order[low - 1]] == item[places[0]]
        start = int(after[order[low - 1]]) if has_past else UNKNOWN
        moves = list(zip(before[places].tolist(), after[places].tolist(), strict=True))
        order[low : high + 1] = places[chain(moves, start)]
    return order
