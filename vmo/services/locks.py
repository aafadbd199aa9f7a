"""File locks that the system drops when their holder dies, however it dies."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LOOK_SECONDS = 0.1


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def shared(path: Path) -> Iterator[None]:
    """Hold `path` together with others; waits while somebody has it for itself."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold `path` alone; waits for it."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone(path: Path, *, mended: Callable[[], None]) -> Iterator[None]:
    """Hold `path` alone, as soon as nobody else has it; calls `mended` at each look."""
    descriptor = _open(path)
    try:
        while not _try(descriptor, fcntl.LOCK_EX):
            mended()
            time.sleep(LOOK_SECONDS)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def held(path: Path, *, note: str = "") -> Iterator[bool]:
    """Hold `path` if it is free; says whether it was. `note` is written into it for others to read."""
    descriptor = _open(path)
    try:
        mine = _try(descriptor, fcntl.LOCK_EX)
        if mine:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, note.encode())
        yield mine
    finally:
        os.close(descriptor)


def note_of(path: Path) -> str | None:
    """What the holder of `path` wrote into it, or None when nobody holds it."""
    if not path.exists():
        return None
    descriptor = _open(path)
    try:
        if _try(descriptor, fcntl.LOCK_SH):
            return None
        return os.read(descriptor, 1000).decode()
    finally:
        os.close(descriptor)


def in_common_use(path: Path) -> bool:
    """Whether others hold `path` together (rather than nobody, or one alone)."""
    descriptor = _open(path)
    try:
        return not _try(descriptor, fcntl.LOCK_EX) and _try(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)
