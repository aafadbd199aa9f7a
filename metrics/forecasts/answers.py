"""What a forecast answers: read from the engine's inputs and result, so a stored forecast shows the same page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class TeamSample:
    """What a team's forecast is drawn from: `counts` maps items finished in a working day to how many days had that.

    `first` and `last` are the sampled days, `days` the working days among them, `finished` the items they brought.
    `factor`: by how much the finishes are scaled (share of the work, what-if); 1 as they were. `in_features`: how many
    of the finished items belong to a feature. `reason`: why the team cannot be forecast, or "". `only_features`: the
    counts hold nothing but those, of `of_all` finished items.
    """

    slug: str
    name: str
    first: date | None
    last: date | None
    days: int
    finishing_days: int
    finished: int
    in_features: int
    counts: Mapping[int, int]
    factor: float
    reason: str
    only_features: bool = False
    of_all: int = 0

    @property
    def per_day(self) -> float | None:
        """Items finished per working day, on average."""
        return self.finished / self.days if self.days else None


class Chance(NamedTuple):
    """The chance, 0…1, that it is finished by the end of a day."""

    at: date
    chance: float


@dataclass(frozen=True, slots=True)
class Fan:
    """Per rank and day: so many items are finished by its end in at least `rank` % of futures. Lists as long as days.

    In a burn-up the numbers count what was done before too.
    """

    days: Sequence[date]
    at_least: Mapping[int, Sequence[int]]


@dataclass(frozen=True, slots=True)
class BurnUp:
    """Per day up to as_of: items there were (`scope`) and items finished by its end (`done`); then the fan.

    `guessed`: items that are not there yet, but counted by a guess or a typical size; the work is `total` in all.
    """

    days: Sequence[date]
    scope: Sequence[int]
    done: Sequence[int]
    guessed: int
    total: int
    fan: Fan | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something to be finished: items asked for ("items"), a feature ("feature:12") or an initiative ("initiative:3").

    `items` are left to finish; `sized_by` says in words how that is known where it was not counted. `when`: by rank,
    the first day by whose end it is finished in at least so many % of futures; None: beyond the horizon. `chance`: to
    be finished by the end of `due_on`. `reason`: why there is no forecast. `finished_on`: nothing is left since then.
    `parts`: ids of the features of an initiative. `teams`: slugs. `curve` and `burn_up` only of the subject asked for.
    """

    id: str
    name: str
    items: int
    sized_by: str = ""
    teams: tuple[str, ...] = ()
    due_on: date | None = None
    chance: float | None = None
    when: Mapping[int, date | None] = field(default_factory=dict)
    reason: str = ""
    is_done: bool = False
    finished_on: date | None = None
    parts: tuple[str, ...] = ()
    curve: Sequence[Chance] = ()
    burn_up: BurnUp | None = None


@dataclass(frozen=True, slots=True)
class HowMany:
    """Items finished by the end of `by`: by rank, the most that at least so many % of futures bring. With the fan.

    `chances`: (n, the chance of at least n) for each n that is neither as good as certain nor as good as impossible.
    """

    by: date
    at_least: Mapping[int, int]
    fan: Fan
    chances: Sequence[tuple[int, float]] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """`deliveries`: the subject first, then its parts in the order of the queue; or all of a plan.

    `asked`: kinds, classes, labels, share, sample_days and wip_limit of the question. `reason`: why nothing can be
    said. `notes`: what was left out or guessed, in words. `inputs` and `result` are what the engine was given and gave:
    canonical JSON.
    """

    as_of: datetime
    today: date
    horizon: date
    engine: str
    inputs: str
    result: str
    teams: tuple[TeamSample, ...]
    deliveries: tuple[Delivery, ...] = ()
    how_many: HowMany | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    notes: tuple[str, ...] = ()

    def find(self, id: str) -> Delivery | None:
        """The delivery of this id."""
        return next((one for one in self.deliveries if one.id == id), None)


@dataclass(frozen=True, slots=True)
class Outlook:
    """A forecast and, where a what-if was asked, the same with things different; they stand side by side."""

    base: Answer
    variant: Answer | None = None
