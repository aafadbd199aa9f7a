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
_finders: list[Finder] = []


def register(finder: Finder) -> None:
    """Called once by an app when the portal starts (AppConfig.ready)."""
    if finder not in _finders:
        _finders.append(finder)


def find(text: str, user: AbstractBaseUser) -> list[Hit]:
    """The hits of every finder, in the order they were registered; at most LIMIT."""
    text = text.strip()[:80]
    return list(islice((hit for finder in _finders for hit in finder(text, user)), LIMIT))
