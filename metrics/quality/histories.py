"""Checks of histories: arrays of all items and moves of a source, no loop over either."""

from dataclasses import replace

import numpy as np

from metrics import states
from metrics.columns import NEVER, OPEN, Moves
from metrics.columns.facts import native, since_1970
from metrics.formulas import flow, frame
from metrics.quality.shapes import Flags, Found, Ints, NotChecked, Stored, found

# So many items must have finished before "most of them" means something.
ENOUGH_FINISHED = 10
# What most finished items visit: more than half of them.
MOST = 0.5


def _per_item(item: Ints, n: int, values: Ints, otherwise: int) -> Ints:
    """Per item the first of its values; items come in their order."""
    result = np.full(n, otherwise, dtype=np.int64)
    first, place = np.unique(item, return_index=True)
    result[first] = values[place]
    return result


def skipping(stored: Stored) -> Found:
    """Finished items that were never in a status in progress which most finished items visit.

    `a` is the first such status in the workflow's order, `b` how many there are.
    """
    columns = stored.flow
    done = columns.ended[columns.last] != NEVER
    if done.sum() < ENOUGH_FINISHED:
        raise NotChecked(f"fewer than {ENOUGH_FINISHED} items have finished")
    working = states.in_progress(columns.state)
    visits = np.unique(np.stack([columns.item[working], columns.status[working]]), axis=1)
    visited = np.zeros((len(done), len(columns.statuses)), dtype=np.bool_)
    visited[visits[0], visits[1]] = True
    order = sorted(range(len(columns.statuses)), key=lambda n: (columns.statuses[n].position, columns.statuses[n].name))
    usual = [n for n in order if visited[done, n].sum() > MOST * done.sum()]
    if not usual:
        raise NotChecked("no status in progress is visited by most finished items")
    missed = ~visited[:, usual]
    at_fault = np.flatnonzero(done & missed.any(axis=1))
    first = np.array(usual)[missed[at_fault].argmax(axis=1)]
    at = columns.ended[columns.last][at_fault]
    return found(columns.ids[at_fault], at, stored.status_ids[first], missed[at_fault].sum(axis=1))


def finished_before_started(stored: Stored) -> Found:
    """Items that were done before they were ever in progress, and in progress later. `at`: first done."""
    columns = stored.flow
    n, place = len(columns.ids), np.arange(len(columns.item))
    first = []
    for stays in (columns.state == states.DONE, states.in_progress(columns.state)):
        first.append(_per_item(columns.item[stays], n, place[stays], OPEN))
    done, begun = first
    wrong = np.flatnonzero((done < begun) & (begun != OPEN))
    return found(columns.ids[wrong], columns.at[done[wrong]])


def _created(stored: Stored) -> Ints:
    """Per item of `flow`: when the tool says that it was created."""
    return stored.created[np.searchsorted(stored.moves.ids, stored.flow.ids)]


def finished_before_created(stored: Stored) -> Found:
    """Items whose finish lies before their creation, by the tool's own word. `a`: the creation (µs)."""
    columns = stored.flow
    ended, created = columns.ended[columns.last], _created(stored)
    wrong = (ended != NEVER) & (created != NEVER) & (ended < created)
    return found(columns.ids[wrong], ended[wrong], created[wrong])


def created_late(stored: Stored) -> Found:
    """Items with an event before their creation that did not finish before it too. `at`: the first event."""
    columns = stored.flow
    ended, created = columns.ended[columns.last], _created(stored)
    wrong = (created != NEVER) & (columns.created < created) & ((ended == NEVER) | (ended >= created))
    return found(columns.ids[wrong], columns.created[wrong], created[wrong])


def moved_between_teams(stored: Stored) -> Found:
    """Items that a tool moved from one team to another. `a` is the team left last, `b` how often it moved."""
    records = stored.facts.team_moves
    at, item = since_1970(native(records, "at")), native(records, "item")
    from_team = native(records, "a")
    real = from_team != native(records, "b")
    order = np.lexsort((-at[real], item[real]))
    ids, place, times = np.unique(item[real][order], return_index=True, return_counts=True)
    return found(ids, at[real][order][place], from_team[real][order][place], times)


def in_the_future(stored: Stored) -> Found:
    """Items with events later than the sync that could have brought them. `at`: the latest; `a`: how many."""
    facts = stored.facts
    parts = [facts.items, facts.moves, facts.team_moves, facts.blocks]
    item = np.concatenate([native(part, "item") for part in parts])
    at = np.concatenate([since_1970(native(part, "at")) for part in parts])
    late = at > stored.known_until
    order = np.lexsort((-at[late], item[late]))
    ids, place, times = np.unique(item[late][order], return_index=True, return_counts=True)
    return found(ids, at[late][order][place], times)


def _repeats(moves: Moves) -> Flags:
    """Per move: whether it is the one before it once more."""
    same = np.zeros(len(moves.item), dtype=np.bool_)
    parts = (moves.item, moves.at, moves.before, moves.after)
    same[1:] = np.logical_and.reduce([part[1:] == part[:-1] for part in parts]) & (moves.before != moves.after)[1:]
    return same


def repeated_moves(stored: Stored) -> Found:
    """Items with the same move at the same instant twice. `at`: the last one; `a`: how many are too many."""
    moves = stored.moves
    again = _repeats(moves)
    last, item = moves.at[again][::-1], moves.item[again][::-1]
    which, place, times = np.unique(item, return_index=True, return_counts=True)
    return found(moves.ids[which], last[place], times)


def _whole(moves: Moves) -> Moves:
    """The moves without repeats."""
    kept = ~_repeats(moves)
    return Moves(moves.ids, moves.item[kept], moves.at[kept], moves.before[kept], moves.after[kept])


def _breaks(moves: Moves) -> Ints:
    """The places of moves that do not go on from where the one before led."""
    known = (moves.item[1:] == moves.item[:-1]) & (moves.before[1:] != states.UNKNOWN)
    return np.flatnonzero(known & (moves.before[1:] != moves.after[:-1])) + 1


def _components(first: Ints, second: Ints, n: int) -> Ints:
    """Of n nodes joined by edges: the least node each is connected with."""
    label = np.arange(n)
    while True:
        lower = np.minimum(label[first], label[second])
        new = label.copy()
        np.minimum.at(new, first, lower)
        np.minimum.at(new, second, lower)
        new = new[new]
        if (new == label).all():
            return label
        label = new


def _can_be_ordered(moves: Moves, items: Ints) -> Flags:
    """Per item of `items`: whether its moves in some order are one chain (an Eulerian path of its statuses)."""
    chosen = np.isin(moves.item, items) & (moves.before != states.UNKNOWN)
    width = max(int(moves.after.max(initial=0)), int(moves.before.max(initial=0))) + 1
    item = np.searchsorted(items, moves.item[chosen])
    nodes, places = np.unique(
        np.concatenate([item * width + moves.before[chosen], item * width + moves.after[chosen]]), return_inverse=True
    )
    left, entered = np.split(places, 2)
    surplus = np.bincount(left, minlength=len(nodes)) - np.bincount(entered, minlength=len(nodes))
    # A chain leaves one status once more than it enters it, at most, and hangs together.
    starts = np.bincount(nodes // width, np.maximum(surplus, 0), len(items))
    roots = _components(left, entered, len(nodes)) == np.arange(len(nodes))
    parts = np.bincount(nodes // width, roots, len(items))
    is_one: Flags = (starts <= 1) & (parts == 1)
    return is_one


def _broken(stored: Stored, orderable: bool) -> Found:
    """Items whose moves do not go on from one another. `a` is the status held, `b` the one that was said to be left."""
    moves = _whole(stored.moves)
    breaks = _breaks(moves)
    items, place = np.unique(moves.item[breaks], return_index=True)
    chosen = _can_be_ordered(moves, items) == orderable
    at = breaks[place[chosen]]
    held, left = moves.after[at - 1], moves.before[at]
    return found(moves.ids[items[chosen]], moves.at[at], stored.status_ids[held], stored.status_ids[left])


def out_of_order(stored: Stored) -> Found:
    """Items whose moves make one chain, but not in the order of their times: a clock was wrong."""
    return _broken(stored, orderable=True)


def holes(stored: Stored) -> Found:
    """Items whose moves make no chain in any order: moves are missing between them."""
    return _broken(stored, orderable=False)


def status_differs(stored: Stored) -> Found:
    """Items that the tool shows in another status than the one their last move led to, with no break before it."""
    moves = _whole(stored.moves)
    shown = native(stored.facts.items, "a")
    last = np.concatenate([moves.item[1:] != moves.item[:-1], np.ones(min(1, len(moves.item)), dtype=np.bool_)])
    item, led = moves.item[last], stored.status_ids[moves.after[last]]
    broken = np.isin(item, moves.item[_breaks(moves)])
    wrong = (shown[item] > 0) & (shown[item] != led) & ~broken
    return found(moves.ids[item[wrong]], moves.at[last][wrong], led[wrong], shown[item[wrong]])


def blocked_for_good(stored: Stored) -> Found:
    """Finished items with a block that never ended. `at`: since when; `a`: how many such blocks."""
    columns = stored.flow
    done = columns.ended[columns.last] != NEVER
    open_ended = (columns.blocked_until == OPEN) & done[columns.blocked_item]
    order = np.lexsort((columns.blocked_from[open_ended], columns.blocked_item[open_ended]))
    item, since = columns.blocked_item[open_ended][order], columns.blocked_from[open_ended][order]
    which, place, times = np.unique(item, return_index=True, return_counts=True)
    return found(columns.ids[which], since[place], times)


def without_points(stored: Stored) -> Found:
    """Items in progress or done, without points, of teams that plan in points. `at`: when they began."""
    columns = stored.flow
    in_points = np.array([team.planning_unit == "points" for team in columns.teams], dtype=np.bool_)
    if not in_points.any():
        raise NotChecked("no team that holds these items plans in points")
    began = columns.began[columns.last]
    wrong = np.isnan(columns.points) & in_points[columns.team[columns.last]] & (began != NEVER)
    return found(columns.ids[wrong], began[wrong])


def unbalanced(stored: Stored) -> Found:
    """Days on which arrivals − departures (`a`) is not the change of work in progress (`b`), for any of the teams."""
    columns = stored.flow
    if not len(columns.item):
        raise NotChecked("there is no item")
    days = frame.Days(int(columns.day.min()), columns.day_at)
    wrong: list[tuple[Ints, Ints, Ints]] = []
    for one in columns.teams:
        teams = tuple(team._replace(in_scope=team.id == one.id) for team in columns.teams)
        alone = replace(columns, teams=teams)
        _, _, day, net = flow.changes(alone, days)
        moved = np.bincount(day - days.first, net, days.n).astype(np.int64)
        risen = np.diff(frame.standing(alone, frame.in_wip(alone), days), prepend=0).astype(np.int64)
        bad = np.flatnonzero(moved != risen)
        wrong.append((bad + days.first, moved[bad], risen[bad]))
    day, moved, risen = (np.concatenate(part) for part in zip(*wrong, strict=True))
    return found(day, None, moved, risen)
