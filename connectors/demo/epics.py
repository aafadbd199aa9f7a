"""The epics of a demo team: what its items belong to. A function of the team's first day and the seed alone.

A new epic begins every three weeks and takes items for nine; so three are fed at a time. Items choose with dice of
their own: the simulated history is the same with epics as without.
"""

from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from connectors.demo.titles import THINGS
from connectors.demo.world import Profile

EVERY, LASTS = timedelta(days=21), timedelta(days=63)
# What an epic does with a thing, and which kind of value that is.
_GOALS = (
    ("Self-service for", "feature"),
    ("Less manual work on", "feature"),
    ("Automated tests of", "enabler"),
    ("New screens for", "feature"),
    ("Old code out of", "debt"),
    ("One place for", "feature"),
    ("Audit-proof", "risk"),
)
# The share of items of a type that belong to an epic; the others are small change.
_SHARES = {"Story": 0.75, "Enabler": 0.75, "Tech debt": 0.7, "Risk": 0.6, "Task": 0.3, "Bug": 0.25}


class Epic(NamedTuple):
    """`starts` is the first day on which items are put into it, `ends` the day after the last."""

    number: int
    key: str
    name: str
    kind: str
    starts: date
    ends: date


def epic(profile: Profile, number: int, first: date) -> Epic:
    """The epic `number` (from 1) of a team whose history begins on `first`: the first two began before it."""
    things = THINGS[profile.stream]
    # 7 shares no factor with the number of things (15 or 16): each has its turn, every time with another goal.
    place = (number * 7 + len(profile.service)) % len(things)
    goal, kind = _GOALS[(number * 2 + number // len(things)) % len(_GOALS)]
    starts = first + (number - 3) * EVERY
    return Epic(number, f"{profile.key}-E{number}", f"{goal} {things[place]}", kind, starts, starts + LASTS)


def epics(profile: Profile, first: date, by: date) -> list[Epic]:
    """The epics that began by `by`, the oldest first."""
    return [epic(profile, number, first) for number in range(1, (by - first).days // EVERY.days + 4)]


def parent(profile: Profile, seed: int, first: date, item: int, tool_type: str, created: date) -> str:
    """The key of the epic that the item with this number belongs to, or nothing."""
    dice = Random(f"{seed}/{profile.slug}/epic of {item}")  # noqa: S311 (a simulation, no secret)
    if dice.random() >= _SHARES[tool_type]:
        return ""
    newest = (created - first).days // EVERY.days + 3
    return f"{profile.key}-E{dice.choice((newest - 2, newest - 1, newest))}"
