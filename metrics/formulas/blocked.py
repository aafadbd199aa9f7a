"""How long work in progress was blocked, and by what: reasons that say the same in other words are one cluster."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from metrics.columns.shapes import FlowColumns
from metrics.columns.zones import day_start
from metrics.formulas import flow, frame, stats
from metrics.formulas.frame import Days, Flags, Ints
from metrics.measurement import Measurement, Number, Window

RULES = (
    "blocked in the window while in progress",
    "excluded: not blocked while in progress in the window",
)
NO_REASON = "No reason given"
# So much of the words of two reasons must be common for them to mean the same.
ALIKE = 0.5
# A key of a work item, a number with or without a unit or a #, an address.
NOT_WORDS = re.compile(r"https?://\S+|\b[a-z][a-z0-9]*-\d+\b|#?\b\d[\w.,:/-]*", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]+")
# What every reason says: that something waits, and for whom.
FILLER = frozenset(
    re.findall(
        r"\w+",
        """
        a about again all an and are as at be been being but by can cannot could did do does due for from had has have
        if in into is it its just me my no not of off on onto or our out some still than that the their them then there
        they this till to under until up us very was we were what when which who will with without yet you your because
        since blocked block blocker blocking wait waits waiting await awaits awaiting waited pending hold held stuck
        open need needs needed required
        """,
    )
)
SAME = {"another": "other", "others": "other"}


@dataclass(frozen=True, slots=True)
class Cluster:
    """Blocked stays whose reasons mean the same. `label` is the reason most of them give.

    `items` and `stays` that were blocked so in the window while in progress; `seconds` of that, an item at a time once;
    `median_seconds` of the whole lengths of these stays up to as_of; `open_now` stays not ended at the window's end.
    """

    label: str
    reasons: tuple[str, ...]
    items: int
    stays: int
    seconds: Number
    median_seconds: Number
    open_now: int


def stem(word: str) -> str:
    """A word without the commonest English endings, where at least four letters are left."""
    if len(word) > 4 and word.endswith("ies"):
        word = word[:-3] + "y"
    elif len(word) > 4 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    for ending in ("ing", "ed", "al", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word


def words_of(reason: str) -> frozenset[str]:
    """What a reason says: its words without filler, keys and numbers; where nothing else is left, all of it."""
    text = reason.casefold().replace("'s", "").replace("’s", "")
    said = WORD.findall(NOT_WORDS.sub(" ", text))
    kept = frozenset(stem(SAME.get(word, word)) for word in said if word not in FILLER)
    return kept or frozenset(said) or frozenset(text.split())


def _rarest(said: Sequence[frozenset[str]]) -> list[list[str]]:
    """Of each reason so many of its rarest words that two which are ALIKE have at least one of them in common."""
    often = Counter(word for words in said for word in words)
    ordered = [sorted(words, key=lambda word: (often[word], word)) for words in said]
    return [words[: len(words) - math.ceil(ALIKE * len(words)) + 1] for words in ordered]


def grouped(reasons: Sequence[str], counts: Sequence[int]) -> list[int]:
    """For each reason the place of the one that it is put with (its own, where it leads).

    The commonest first (then by the alphabet), a reason joins the leader it has most words in common with, where that
    is at least half of the words of both; so the order in which reasons came does not matter.
    """
    said = [words_of(reason) for reason in reasons]
    rare = _rarest(said)
    leaders: dict[str, list[int]] = {}
    leader = list(range(len(reasons)))
    order = sorted(leader, key=lambda place: (-counts[place], reasons[place]))
    turn = {place: number for number, place in enumerate(order)}
    for place in order:
        near = {other for word in rare[place] for other in leaders.get(word, ())}
        alike = {other: len(said[place] & said[other]) / len(said[place] | said[other]) for other in near}
        best = max(alike, key=lambda other: (alike[other], -turn[other]), default=place)
        if alike.get(best, 0) >= ALIKE:
            leader[place] = best
            continue
        for word in rare[place]:
            leaders.setdefault(word, []).append(place)
    return leader


# Thousands of reasons take seconds; a page asks several times.
_grouped = lru_cache(maxsize=32)(grouped)


def _labels(columns: FlowColumns) -> tuple[list[str], Ints]:
    """The labels of the clusters, and the cluster of each block; by all blocks that the scope's items had by as_of,
    whatever the window. Blocks of other items are in the first.
    """
    own = frame.candidates(columns)[columns.blocked_item]
    given, counts = np.unique(columns.blocked_reason[own], return_counts=True)
    reasons = tuple(columns.reasons[place] for place in given.tolist())
    used, cluster = np.unique(np.array(_grouped(reasons, tuple(counts.tolist())), dtype=np.int64), return_inverse=True)
    of_block = np.zeros(len(own), dtype=np.int64)
    of_block[own] = cluster[np.searchsorted(given, columns.blocked_reason[own])]
    return [reasons[place].strip() or NO_REASON for place in used.tolist()], of_block


@dataclass(frozen=True, slots=True)
class _Times:
    """When items in progress were blocked (µs), within the window: a time per block and stay that meet.

    `block` is the place of the block, `is_open` says that it goes on at the window's end.
    """

    block: Ints
    item: Ints
    begin: Ints
    end: Ints
    is_open: Flags


def _times(columns: FlowColumns, days: Days) -> _Times:
    """Blocks cut to stays in progress with the scope's teams, to the days of these teams, and to as_of."""
    stays = np.flatnonzero(frame.in_wip(columns))
    # Each block meets all stays of its item; stays are ordered by item.
    low, high = np.searchsorted(columns.item[stays], np.stack([columns.blocked_item, columns.blocked_item + 1]))
    repeats = high - low
    block = np.repeat(np.arange(len(repeats)), repeats)
    stay = stays[np.arange(len(block)) - np.repeat(repeats.cumsum() - repeats - low, repeats)]
    edges = [(day_start(days.first, team.zone), day_start(days.last + 1, team.zone)) for team in columns.teams]
    first, last = np.array(edges, dtype=np.int64).reshape(-1, 2)[columns.team[stay]].T
    last = np.minimum(last, columns.as_of)
    begin = np.maximum.reduce([columns.blocked_from[block], columns.at[stay], first])
    until = np.minimum(columns.blocked_until[block], columns.until[stay])
    met = begin < np.minimum(until, last)
    block, begin, until, last = block[met], begin[met], until[met], last[met]
    return _Times(block, columns.blocked_item[block], begin, np.minimum(until, last), until > last)


def covered(key: Ints, begin: Ints, end: Ints, n: int) -> Ints:
    """Per key 0…n-1: how long at least one of its times holds."""
    both = np.concatenate([key, key])
    at = np.concatenate([begin, end])
    order = np.lexsort((at, both))
    depth = np.repeat([1, -1], len(key))[order].cumsum()
    spans = np.where(depth > 0, np.diff(at[order], append=0), 0)
    # Counted in whole µs: exact as floating point up to 285 years a key.
    return np.rint(np.bincount(both[order], spans, n)).astype(np.int64)


def blocked_time(columns: FlowColumns, window: Window, as_of_day: date) -> Measurement:
    """Seconds in the window in which items in progress were blocked; an item at a time once, whatever the reasons.

    `parts` are the seconds per cluster of reasons, most first; an item blocked for two counts in both.
    """
    days = frame.days_of(columns, window)
    if reason := frame.gap(columns, days):
        return frame.unavailable("seconds", reason)
    times = _times(columns, days)
    spent = covered(times.item, times.begin, times.end, len(columns.ids)) / flow.SECOND
    was_blocked = np.bincount(times.item, minlength=len(columns.ids)) > 0
    rows = frame.evidence(columns, np.where(was_blocked, 0, 1), spent, RULES, "seconds")
    return Measurement(
        flow.seconds(rows.values[rows.included]),
        "seconds",
        n=int(was_blocked.sum()),
        parts={found.label: found.seconds for found in _clusters(columns, times)},
        evidence=rows,
    )


def _clusters(columns: FlowColumns, times: _Times) -> list[Cluster]:
    labels, of_block = _labels(columns)
    cluster = of_block[times.block]
    n = max(len(columns.ids), 1)
    pairs, key = np.unique(cluster * n + times.item, return_inverse=True)
    spent = np.bincount(pairs // n, covered(key, times.begin, times.end, len(pairs)), len(labels)).astype(np.float64)
    lengths = np.minimum(columns.blocked_until, columns.as_of) - columns.blocked_from
    found = []
    for place in np.unique(cluster).tolist():
        met = np.unique(times.block[cluster == place])
        reasons = np.unique(columns.blocked_reason[met]).tolist()
        found.append(
            Cluster(
                labels[place],
                tuple(columns.reasons[reason] for reason in reasons),
                items=int((pairs // n == place).sum()),
                stays=len(met),
                seconds=flow.whole(spent[place].item() / flow.SECOND),
                median_seconds=flow.whole((stats.median(lengths[met]) or 0) / flow.SECOND),
                open_now=len(np.unique(times.block[(cluster == place) & times.is_open])),
            )
        )
    return sorted(found, key=lambda one: (-one.seconds, one.label))


def clusters(columns: FlowColumns, window: Window) -> list[Cluster]:
    """What items in progress were blocked by in the window, most time first; none where nothing can be measured."""
    days = frame.days_of(columns, window)
    return [] if frame.gap(columns, days) else _clusters(columns, _times(columns, days))
