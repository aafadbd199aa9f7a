"""What the engine is given, as canonical JSON: everything a forecast depends on, so that it can be made again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class TeamInput:
    """A team: its local day at as_of, its calendar, and its sample (see forecasts.TeamSample).

    `counts`: items finished in a working day → how many days had that. `reason`: why it cannot be forecast, or "".
    `only_features`: whether these are only the finishes that belonged to features; `of_all`: how many there were in
    all (None: stored before this was kept).
    """

    slug: str
    name: str
    today: date
    weekdays: tuple[int, ...]
    holidays: tuple[date, ...]
    first: date | None = None
    last: date | None = None
    counts: Mapping[int, int] | None = None
    in_features: int = 0
    factor: Fraction = Fraction(1)
    reason: str = ""
    only_features: bool = False
    of_all: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A place in a queue: so many items left; None: nobody knows how many."""

    name: str
    items: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """A queue: the teams (places in the list of teams) that work it off together, and what stands in it, in order."""

    teams: tuple[int, ...]
    parts: tuple[Part, ...]
    limit: int = 1


@dataclass(frozen=True, slots=True)
class History:
    """Per day from `first` on: items there were, and items finished by its end. `guessed`: items not there yet."""

    first: date
    scope: tuple[int, ...]
    done: tuple[int, ...]
    guessed: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be finished: the parts (line, place) that belong to it. `detail`: with its curve and its fan.

    `members` are the ids of targets that make it up, `teams` slugs; these, names and `sized_by` pass through.
    """

    id: str
    name: str
    parts: tuple[tuple[int, int], ...]
    due_on: date | None = None
    sized_by: str = ""
    finished_on: date | None = None
    members: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    reason: str = ""
    detail: bool = False
    history: History | None = None


@dataclass(frozen=True, slots=True)
class Inputs:
    """`today` is the scope's local day at as_of, `horizon` the last day looked at. `counting`: the teams for "how many

    by `by`" (none: not asked). `asked` (what the sample was chosen by), `notes` and `reason` pass through.
    """

    as_of: str
    today: date
    horizon: date
    ranks: tuple[int, ...]
    teams: tuple[TeamInput, ...] = ()
    lines: tuple[Line, ...] = ()
    targets: tuple[Target, ...] = ()
    counting: tuple[int, ...] = ()
    by: date | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    reason: str = ""


def canonical(data: object) -> str:
    """JSON with sorted keys and no spaces: the same data is the same text."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        # As `asdict`, many times as fast: nothing is copied.
        return {name: getattr(value, name) for name in _names(type(value))}
    return value.isoformat() if isinstance(value, date) else str(value)


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def dump(inputs: Inputs) -> str:
    """The canonical text of inputs."""
    return canonical(inputs)


def load(text: str) -> Inputs:
    """Inputs from their canonical text."""
    data: dict[str, Any] = json.loads(text)
    return Inputs(
        **{
            **data,
            "today": date.fromisoformat(data["today"]),
            "horizon": date.fromisoformat(data["horizon"]),
            "ranks": tuple(data["ranks"]),
            "teams": tuple(load_team(one) for one in data["teams"]),
            "lines": tuple(_line(one) for one in data["lines"]),
            "targets": tuple(_target(one) for one in data["targets"]),
            "counting": tuple(data["counting"]),
            "by": _date(data["by"]),
            "notes": tuple(data["notes"]),
        }
    )


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def load_team(data: dict[str, Any]) -> TeamInput:
    """A team from its part of a canonical text."""
    counts = data["counts"]
    return TeamInput(
        **{
            **data,
            "today": date.fromisoformat(data["today"]),
            "weekdays": tuple(data["weekdays"]),
            "holidays": tuple(date.fromisoformat(one) for one in data["holidays"]),
            "first": _date(data["first"]),
            "last": _date(data["last"]),
            "counts": None if counts is None else {int(count): days for count, days in counts.items()},
            "factor": Fraction(data["factor"]),
        }
    )


def _line(data: dict[str, Any]) -> Line:
    return Line(tuple(data["teams"]), tuple(Part(**part) for part in data["parts"]), data["limit"])


def _target(data: dict[str, Any]) -> Target:
    history = data["history"]
    if history is not None:
        scope, done = tuple(history["scope"]), tuple(history["done"])
        history = History(date.fromisoformat(history["first"]), scope, done, history["guessed"])
    return Target(
        **{
            **data,
            "parts": tuple((line, place) for line, place in data["parts"]),
            "due_on": _date(data["due_on"]),
            "finished_on": _date(data["finished_on"]),
            "members": tuple(data["members"]),
            "teams": tuple(data["teams"]),
            "history": history,
        }
    )
