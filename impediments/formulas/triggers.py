"""When data speak of an impediment that nobody logged (docs/users/impediment-analysis.md): three triggers.

Each finds the items it rests on; `without` leaves out those that do not count (dismissed, logged already), `holds` says
whether the rest is still enough. Columns are those of a value stream, as at an instant.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from metrics import states
from metrics.columns.parts import of_team
from metrics.columns.shapes import NEVER, OPEN, FlowColumns
from metrics.columns.zones import day_start
from metrics.formulas import frame, stats
from metrics.formulas.blocked import ALIKE, grouped, words_of
from metrics.formulas.frame import Days, Flags, Ints

DAY = 86_400_000_000
# The same reason on so many items of a stream, open or begun within so many days.
FEWEST_ITEMS, REASON_DAYS = 3, 14
# So many full weeks, each with more than the one before, and more than so many per cent of the stream's waiting.
WEEKS, WEEK, WAIT_PER_CENT = 4, 7, 30
# More than so many per cent of the work in progress above this percentile of the finished items of so many days.
OLD_PER_CENT, RANK, FINISHED_DAYS = 20, 85, 90
# Fewer finished items than this say nothing about what is usual.
FEWEST_FINISHED = 5


@dataclass(frozen=True, slots=True)
class SameReason:
    """Items that are, or lately were, blocked for the same reason: primary keys with since when (µs), in whose team
    (primary key), in which words, and whether still; `label` is what most of them say.
    """

    label: str
    items: tuple[int, ...]
    since: tuple[int, ...]
    teams: tuple[int, ...]
    said: tuple[str, ...]
    is_open: tuple[bool, ...]

    @property
    def words(self) -> frozenset[str]:
        return words_of(self.label)

    @property
    def holds(self) -> bool:
        return len(self.items) >= FEWEST_ITEMS

    def without(self, left_out: Collection[int]) -> "SameReason":
        kept = [place for place, pk in enumerate(self.items) if pk not in left_out]
        return SameReason(
            self.label,
            items=tuple(self.items[n] for n in kept),
            since=tuple(self.since[n] for n in kept),
            teams=tuple(self.teams[n] for n in kept),
            said=tuple(self.said[n] for n in kept),
            is_open=tuple(self.is_open[n] for n in kept),
        )


def same_reasons(columns: FlowColumns, logged: Collection[int] = ()) -> list[SameReason]:
    """Clusters of the reasons why items of the stream are blocked, or began to be within 14 days; most items first.

    An open stay counts while its item is in progress. `logged`: primary keys of stays that belong to an impediment
    already. Stays without a reason say nothing. Of an item its oldest stay of a cluster is told.
    """
    places = _counted(columns, logged)
    if not len(places):
        return []
    given, of_reason, counts = np.unique(columns.blocked_reason[places], return_inverse=True, return_counts=True)
    reasons = [columns.reasons[place] for place in given.tolist()]
    leader = np.array(grouped(reasons, counts.tolist()), dtype=np.int64)[of_reason]
    found = [_same(columns, places[leader == one], reasons[one]) for one in np.unique(leader).tolist()]
    return sorted(found, key=lambda one: (-len(one.items), one.label))


def _counted(columns: FlowColumns, logged: Collection[int]) -> Ints:
    """The places of the blocks that count, oldest first."""
    last = columns.last[columns.blocked_item]
    with_us = columns.in_scope[last]
    is_open = (columns.blocked_until == OPEN) & states.in_progress(columns.state[last])
    fresh = columns.blocked_from >= columns.as_of - REASON_DAYS * DAY
    says = np.array([bool(reason.strip()) for reason in columns.reasons], dtype=np.bool_)
    counts = with_us & (is_open | fresh) & (says[columns.blocked_reason] if len(says) else False)
    places = np.flatnonzero(counts)
    places = places[~np.isin(columns.blocked_ids[places], np.array(sorted(logged), dtype=np.int64))]
    # Of those that began together the one that was read first: the database gives them in no order of its own.
    return places[np.lexsort((columns.blocked_ids[places], columns.blocked_from[places]))]


def _same(columns: FlowColumns, places: Ints, label: str) -> SameReason:
    """One cluster: the oldest stay of each item, oldest first; open where any of its stays is."""
    items = columns.blocked_item[places]
    _, firsts = np.unique(items, return_index=True)
    first = places[np.sort(firsts)]
    own = columns.blocked_item[first]
    still = set(items[columns.blocked_until[places] == OPEN].tolist())
    return SameReason(
        label.strip(),
        items=tuple(columns.ids[own].tolist()),
        since=tuple(columns.blocked_from[first].tolist()),
        teams=tuple(columns.teams[team].id for team in columns.team[columns.last[own]].tolist()),
        said=tuple(columns.reasons[reason].strip() for reason in columns.blocked_reason[first].tolist()),
        is_open=tuple(item in still for item in own.tolist()),
    )


def most_alike(words: frozenset[str], known: Mapping[str, frozenset[str]]) -> str:
    """The key in `known` whose words these have most in common with, at least half of both; "" for none."""
    shares = {key: len(words & one) / (len(words | one) or 1) for key, one in known.items()}
    best = max(shares, key=lambda key: (shares[key], key), default="")
    return best if shares.get(best, 0.0) >= ALIKE else ""


@dataclass(frozen=True, slots=True)
class Queue:
    """A status of a team in which work waits: item-days per item (rows, primary keys `items`) and full week (columns).

    `first` is the Monday of the first week (day number), `total` all item-days of waiting of the stream in these weeks,
    `now` the items that still stand there, with since when (µs).
    """

    team: int
    status: int
    name: str
    items: tuple[int, ...]
    days: Ints
    first: int
    total: int
    now: Mapping[int, int] = field(default_factory=dict)

    @property
    def weeks(self) -> tuple[int, ...]:
        return tuple(self.days.sum(axis=0).tolist())

    @property
    def share(self) -> float:
        return sum(self.weeks) / self.total if self.total else 0.0

    @property
    def holds(self) -> bool:
        """It grew three weeks running, and holds more than 30 % of all waiting (in whole numbers: exact)."""
        grew = all(before < after for before, after in pairwise(self.weeks))
        return grew and 100 * sum(self.weeks) > WAIT_PER_CENT * self.total

    def without(self, left_out: Collection[int]) -> "Queue":
        """The same without some items; `total` stays."""
        kept = [place for place, pk in enumerate(self.items) if pk not in left_out]
        return replace(self, items=tuple(self.items[place] for place in kept), days=self.days[kept])


def queues(columns: FlowColumns) -> list[Queue]:
    """The queues of a stream over the last four full weeks, most item-days first.

    An item waits at the end of a day if it stands in a status of waiting, or is blocked in another one in progress.
    """
    last = int(frame.mondays(np.array([columns.whole_day + 1]))[0]) - 1
    days = Days(last - WEEKS * WEEK + 1, last)
    stays = np.flatnonzero(frame.in_wip(columns) & (columns.day <= days.last) & (columns.until_day > days.first))
    if not len(stays):
        return []
    waits = _waits(columns, stays, days)
    weeks = waits.reshape(len(stays), WEEKS, WEEK).sum(axis=2)
    key = columns.team[stays] * len(columns.statuses) + columns.status[stays]
    used = [place for place in np.unique(key).tolist() if weeks[key == place].any()]
    found = [_queue(columns, stays[key == place], weeks[key == place], days.first, int(weeks.sum())) for place in used]
    return sorted(found, key=lambda one: (-sum(one.weeks), one.team, one.status))


def _waits(columns: FlowColumns, stays: Ints, days: Days) -> Flags:
    """Per stay and day: whether the item stands in it, waiting, at the end of the day of the stay's team."""
    axis = np.arange(days.first, days.last + 1)
    held = (columns.day[stays, None] <= axis) & (axis < columns.until_day[stays, None])
    waiting = (columns.state[stays] == states.CODES["waiting"])[:, None]
    return np.asarray(held & (waiting | _blocked(columns, stays, axis)), dtype=np.bool_)


def _blocked(columns: FlowColumns, stays: Ints, axis: Ints) -> Flags:
    """Per stay and day: whether the item was blocked at the day's end."""
    flags = np.zeros((len(stays), len(axis)), dtype=np.bool_)
    # Each block meets all stays of its item; stays are ordered by item.
    low, high = np.searchsorted(columns.item[stays], np.stack([columns.blocked_item, columns.blocked_item + 1]))
    repeats = high - low
    block = np.repeat(np.arange(len(repeats)), repeats)
    stay = np.arange(len(block)) - np.repeat(repeats.cumsum() - repeats - low, repeats)
    ends = np.array([[day_start(int(day) + 1, team.zone) for day in axis] for team in columns.teams], dtype=np.int64)
    # The last instant of a day is the one before the next begins.
    end = ends[columns.team[stays[stay]]] - 1 if len(block) else np.zeros((0, len(axis)), dtype=np.int64)
    holds = (columns.blocked_from[block, None] <= end) & (end < columns.blocked_until[block, None])
    np.logical_or.at(flags, stay, holds)
    return flags


def _queue(columns: FlowColumns, stays: Ints, weeks: Ints, first: int, total: int) -> Queue:
    """One queue; the items that waited longest first."""
    items, place = np.unique(columns.item[stays], return_inverse=True)
    days = np.zeros((len(items), WEEKS), dtype=np.int64)
    np.add.at(days, place, weeks)
    order = [at for at in np.argsort(-days.sum(axis=1), kind="stable").tolist() if days[at].any()]
    team, status = columns.teams[int(columns.team[stays[0]])], columns.statuses[int(columns.status[stays[0]])]
    ids = tuple(columns.ids[items[order]].tolist())
    still = stays[columns.until[stays] == OPEN]
    now = dict(zip(columns.ids[columns.item[still]].tolist(), columns.at[still].tolist(), strict=True))
    return Queue(team.id, status.id, status.name, ids, days[order], first, total, now)


@dataclass(frozen=True, slots=True)
class Ageing:
    """The items in progress of a team that are older than `limit` days, oldest first, with their ages in days.

    `passed` are the days (numbers) on which they became older than that. `limit` is the 85th percentile of the cycle
    times of the `finished` items of 90 days, `wip` all in progress.
    """

    team: int
    limit: int
    finished: int
    wip: int
    items: tuple[int, ...]
    ages: tuple[int, ...]
    passed: tuple[int, ...]

    @property
    def share(self) -> float:
        return len(self.items) / self.wip if self.wip else 0.0

    @property
    def holds(self) -> bool:
        return 100 * len(self.items) > OLD_PER_CENT * self.wip

    def without(self, left_out: Collection[int]) -> "Ageing":
        """The same without some items; `wip` stays."""
        kept = [place for place, pk in enumerate(self.items) if pk not in left_out]
        return replace(
            self,
            items=tuple(self.items[n] for n in kept),
            ages=tuple(self.ages[n] for n in kept),
            passed=tuple(self.passed[n] for n in kept),
        )


def ageing(columns: FlowColumns, team: int) -> Ageing | None:
    """What a team (primary key) has in progress for longer than is usual; None where nothing can be said: it never held
    an item, or finished fewer than five in 90 days.
    """
    try:
        own = of_team(columns, team)
    except KeyError:
        return None
    ends = frame.finishes(own)
    window = Days(own.day_at - FINISHED_DAYS + 1, own.day_at)
    cycles = ends.cycle[frame.finish_rule(own, ends, window) == 0]
    limit = stats.percentile(cycles, RANK)
    if limit is None or len(cycles) < FEWEST_FINISHED:
        return None
    last = own.last[frame.in_wip(own)[own.last] & (own.began[own.last] != NEVER)]
    age = own.day_at - own.began_day[last] + 1
    order = [at for at in np.argsort(-age, kind="stable").tolist() if age[at] > limit]
    items = tuple(own.ids[own.item[last[order]]].tolist())
    ages = tuple(age[order].tolist())
    passed = tuple(own.day_at - age + int(limit) + 1 for age in ages)
    return Ageing(team, int(limit), len(cycles), len(last), items, ages, passed)


def start_of(columns: FlowColumns, team: int, day: int) -> int:
    """The instant (µs) at which a day (number) begins for a team (primary key)."""
    zone = next(info.zone for info in columns.teams if info.id == team)
    return min(day_start(day, zone), columns.as_of)
