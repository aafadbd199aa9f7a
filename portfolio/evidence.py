"""What decisions rest on: every app adds its facts and signs about initiatives and value streams.

Facts are what a decision freezes when it is made. Signs are the criteria of the pivot-or-persevere rule
(two of three must hold); each app answers for many initiatives in one call.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from portfolio.models import Initiative, ValueStream

Subject = Initiative | ValueStream


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure as it stood: `key` for programs, `label` and `text` for people; `address` leads to where it is today.

    `is_money`: shown only to those who may see the money of its stream.
    """

    key: str
    label: str
    text: str
    value: float | str | None = None
    unit: str = ""
    is_money: bool = False
    address: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Sign:
    """Whether a criterion holds for an initiative (None: it cannot be told), and why, in words.

    `fingerprint` changes when there is news: a dismissed proposal comes back only then.
    """

    holds: bool | None
    text: str
    fingerprint: str = ""
    is_money: bool = False


SignName = Literal["confidence", "landing", "value"]
# Facts about one subject as at an instant.
Facts = Callable[[Subject, datetime], Sequence[Fact]]
# Signs of initiatives by their ids, as at an instant; one left out cannot be told.
Signs = Callable[[Collection[int], datetime], Mapping[int, Sign]]
_facts: dict[Facts, int] = {}
_signs: dict[SignName, Signs] = {}


def register_facts(maker: Facts, *, rank: int) -> None:
    """Called once by an app when the portal starts; facts of the lowest rank come first."""
    _facts[maker] = rank


def register_sign(name: SignName, maker: Signs) -> None:
    """Called once by the app that can tell whether the criterion `name` holds."""
    _signs[name] = maker


def facts(subject: Subject, as_of: datetime) -> list[Fact]:
    """Everything that the apps know about a subject, as at an instant."""
    return [fact for maker in sorted(_facts, key=lambda one: _facts[one]) for fact in maker(subject, as_of)]


def signs(ids: Collection[int], as_of: datetime) -> dict[int, dict[SignName, Sign]]:
    """The signs of each initiative by name; every id has an entry."""
    found: dict[int, dict[SignName, Sign]] = {pk: {} for pk in ids}
    for name, maker in _signs.items() if ids else ():
        for pk, sign in maker(ids, as_of).items():
            found[pk][name] = sign
    return found
