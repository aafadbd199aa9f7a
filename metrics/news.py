"""Who is told that the facts have changed: apps above this one register, a sync tells at its end.

It is a nudge, not a promise: whoever rests on facts compares their stamp too (metrics.queries.data_stamp).
"""

from collections.abc import Callable

from django.db import transaction

Listener = Callable[[], object]
_LISTENERS: list[Listener] = []


def register(listener: Listener) -> None:
    """Call `listener` after each sync that changed facts; it only wakes somebody, and does no work itself."""
    _LISTENERS.append(listener)


def tell() -> None:
    """Once what was written is there. A listener that fails spoils nothing."""
    for listener in _LISTENERS:
        transaction.on_commit(listener, robust=True)
