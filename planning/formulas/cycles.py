"""Whether things wait for each other in a circle."""

from collections import deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def path(edges: Iterable[tuple[K, K]], start: K, end: K) -> list[K]:
    """The shortest way from `start` to `end` along `edges` (from, to), both included; empty where there is none."""
    after: dict[K, list[K]] = {}
    for one, other in edges:
        after.setdefault(one, []).append(other)
    came: dict[K, K | None] = {start: None}
    waiting = deque([start])
    while waiting and end not in came:
        here = waiting.popleft()
        for there in after.get(here, ()):
            if there not in came:
                came[there] = here
                waiting.append(there)
    return _back(came, end) if end in came else []


def _back(came: Mapping[K, K | None], end: K) -> list[K]:
    way, here = [end], came[end]
    while here is not None:
        way.append(here)
        here = came[here]
    return way[::-1]


def circle(edges: Sequence[tuple[K, K]]) -> list[K]:
    """Some circle along `edges`, its first thing named again at the end; empty where there is none."""
    within = _peeled(edges)
    for one, other in within:
        if way := path(within, other, one):
            return [one, *way]
    return []


def _peeled(edges: Sequence[tuple[K, K]]) -> list[tuple[K, K]]:
    """The edges without those that cannot be part of a circle: nothing comes before or after them."""
    left = list(edges)
    while True:
        begins, ends = {one for one, _ in left}, {other for _, other in left}
        kept = [(one, other) for one, other in left if one in ends and other in begins]
        if len(kept) == len(left):
            return left
        left = kept
