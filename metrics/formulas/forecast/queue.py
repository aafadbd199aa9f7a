"""An ordered queue of features that one crew works off, so many features at a time.

The rule is by rounds: each round gives one finished item to each of the first `limit` unfinished features, in the order
of their rank; a feature that is done makes room in the next round. So whose item the crew's n-th finish is does not
depend on the days, and feature f is done with the crew's N_f-th finish: "when is f done" is "when are N_f items
finished", which is exact by convolution. Work added to any feature never makes any N smaller: the round in which a
feature ends grows with its own size and with the rounds in which those before it end, and no round gets emptier.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def owners(sizes: Sequence[int], limit: int) -> Ints:
    """Whose item (place of the feature) each finish of the crew is, in order: as many as all sizes together."""
    left = np.array(sizes, dtype=np.int64)
    rounds: list[Ints] = []
    waiting = [place for place, size in enumerate(sizes) if size > 0]
    while waiting:
        active = np.array(waiting[:limit], dtype=np.int64)
        # Nothing changes until the shortest of them is done.
        n = int(left[active].min())
        rounds.append(np.tile(active, n))
        left[active] -= n
        waiting = [place for place in waiting if left[place] > 0]
    return np.concatenate(rounds) if rounds else np.zeros(0, dtype=np.int64)


def done_at(sizes: Sequence[int], limit: int) -> Ints:
    """Per feature N: with which finish of the crew it is done; 0 for one that has nothing left."""
    order = owners(sizes, limit)
    last = np.zeros(len(sizes), dtype=np.int64)
    # Later finishes overwrite earlier ones of the same feature.
    last[order] = np.arange(1, len(order) + 1)
    return last


def known(sizes: Sequence[int | None]) -> tuple[list[int], int]:
    """The queue as far as anything is known of it: sizes to give to `owners` and `done_at`, and how many features from
    the first on have a known end. One of unknown size may be the largest: those before it are done no later than if it
    never ended, and nothing is known from it on.
    """
    first = sizes.index(None) if None in sizes else len(sizes)
    endless = sum(size or 0 for size in sizes) + 1
    return [*(size or 0 for size in sizes[:first]), *([endless] if first < len(sizes) else [])], first


def ends(sizes: Sequence[int | None], limit: int) -> list[int | None]:
    """Per feature: with which finish of the crew it is done (0: nothing left); None where nobody can know."""
    before, first = known(sizes)
    found: list[int] = done_at(before, limit).tolist()
    return [*found[:first], *([None] * (len(sizes) - first))]


def progress(order: Ints, places: Sequence[int]) -> Ints:
    """After 0, 1, 2 … finishes of the crew (`owners`): how many of them were items of the features at `places`."""
    mine = np.isin(order, np.array(places, dtype=np.int64))
    return np.concatenate([[0], np.cumsum(mine)]).astype(np.int64)
