"""The search of the command palette: each app registers a finder, and knows nothing of the others."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser

LIMIT = 30


class Hit(NamedTuple):
    """Something found: its name, what it is, where it is."""

    label: str
    kind: str
    url: str


# `finder(text, user)` gives the best hits first, only what the user may see; empty text asks for what is usual.
Finder = Callable[[str, AbstractBaseUser], Iterable[Hit]]
_finders: dict[Finder, int] = {}


def register(finder: Finder, *, rank: int) -> None:
    """Called once by an app when the portal starts (AppConfig.ready); the finder of the lowest rank answers first."""
    _finders[finder] = rank


def find(text: str, user: AbstractBaseUser) -> list[Hit]:
    """The hits of every finder, by rank; at most LIMIT."""
    text = text.replace("\0", "").strip()[:80]  # PostgreSQL takes no NUL
    return list(
        islice((hit for finder in sorted(_finders, key=lambda one: _finders[one]) for hit in finder(text, user)), LIMIT)
    )
