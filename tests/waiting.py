"""Waiting for what another process does: poll a condition, with a deadline, never a fixed sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], seconds: float = 30, every: float = 0.05, what: str = "") -> T:
    """The first true answer of `condition`; fails the test, naming `what`, when there is none in `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what or 'the condition'} did not come true in {seconds} s")
        time.sleep(every)
