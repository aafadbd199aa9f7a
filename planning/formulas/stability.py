"""How much of a plan stayed as it was committed to: places of cards then and now."""

from collections.abc import Mapping
from typing import NamedTuple

# Row and iteration by their ids; None: no row (the parking lot), unplanned.
Place = tuple[int | None, int | None]


class Moves(NamedTuple):
    """What became of the cards that stood in an iteration, by their ids; `added` stands in one now and did not then.

    `stability` is untouched ÷ committed; None: nothing was committed.
    """

    committed: frozenset[int]
    moved: frozenset[int]
    removed: frozenset[int]
    added: frozenset[int]

    @property
    def untouched(self) -> int:
        return len(self.committed) - len(self.moved) - len(self.removed)

    @property
    def stability(self) -> float | None:
        return self.untouched / len(self.committed) if self.committed else None


def moves(then: Mapping[int, Place], now: Mapping[int, Place]) -> Moves:
    """Compare the cards on the board at the commitment with those on it now (removed ones are in neither)."""
    committed = frozenset(card for card, (_, iteration) in then.items() if iteration is not None)
    return Moves(
        committed,
        moved=frozenset(card for card in committed & now.keys() if now[card] != then[card]),
        removed=frozenset(committed - now.keys()),
        added=frozenset(
            card for card, (_, iteration) in now.items() if iteration is not None and card not in committed
        ),
    )
