"""Which cards of a train's plan land: all its teams simulated together, so that what waits for each other is judged in
the same future. Pure: the same inputs give the same bytes.

A team works its cards in the order of its queue (queue.py: so many at a time), as fast as its own history. What it has
finished by the end of each iteration is drawn by the inverse of the exact distribution (spread.py), from one uniform
number per trial, team and iteration. Those depend on the seed, the team and the iteration alone: who moves a card of
one team changes no draw, so that differences between two plans are the plan's, not chance.

A card lands in a trial when it is finished by the end of its iteration, and each card it waits for by the end of its
own and no later than the end of whoever waits for it, and so on along the chain.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np

from metrics.formulas.forecast import queue
from metrics.formulas.forecast.calendar import number, working
from metrics.formulas.forecast.draws import progress, uniform
from metrics.formulas.forecast.shapes import TeamInput, canonical, load_team
from metrics.formulas.forecast.spread import Flags, Ints

ENGINE = "train-2"
TRIALS = 10_000
# Queues and calendars of teams kept in memory.
KEPT = 512


@dataclass(frozen=True, slots=True)
class Iteration:
    """A column of the plan, known by its place among them. In one for innovation and planning (`is_ip`) no feature is
    worked on.
    """

    name: str
    last_on: date
    is_ip: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """`team` and `iteration` are places in Train.teams and Train.iterations. Without a team: a milestone, or somebody
    outside the train. `row` is whose it is, in words; `items` are left to finish (None: nobody knows how many, and
    `sized_by` says why), `done_on` when it was finished, `is_dropped` that it never will be.
    """

    id: str
    name: str
    row: str
    team: int | None = None
    iteration: int | None = None
    items: int | None = None
    sized_by: str = ""
    done_on: date | None = None
    is_dropped: bool = False
    is_milestone: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """`consumer` waits for `provider` (ids of cards; None: nobody has planned what `row` shall provide).

    `risk` (0…1): how often such came late, asked of rows outside the train alone; None: no history, taken to be in
    time. `delivered_on`: it has come.
    """

    consumer: str
    row: str
    provider: str | None = None
    risk: float | None = None
    delivered_on: date | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """Reached when all `cards` land."""

    id: str
    name: str
    cards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Train:
    """Everything the chances of a plan depend on. Each team works `cards` in their order, `limit` at a time, from
    `first_on` on or from the day after its own today, whichever is later.
    """

    seed: int
    first_on: date
    iterations: tuple[Iteration, ...]
    teams: tuple[TeamInput, ...]
    cards: tuple[Card, ...]
    needs: tuple[Need, ...] = ()
    goals: tuple[Goal, ...] = ()
    limit: int = 1
    trials: int = TRIALS


def dump(train: Train) -> str:
    """The canonical text of a plan."""
    return canonical(train)


def load(text: str) -> Train:
    """A plan from its canonical text."""
    data: dict[str, Any] = json.loads(text)
    return Train(
        **{
            **data,
            "first_on": date.fromisoformat(data["first_on"]),
            "iterations": tuple(
                Iteration(**{**one, "last_on": date.fromisoformat(one["last_on"])}) for one in data["iterations"]
            ),
            "teams": tuple(load_team(one) for one in data["teams"]),
            "cards": tuple(Card(**{**one, "done_on": _date(one["done_on"])}) for one in data["cards"]),
            "needs": tuple(Need(**{**one, "delivered_on": _date(one["delivered_on"])}) for one in data["needs"]),
            "goals": tuple(Goal(one["id"], one["name"], tuple(one["cards"])) for one in data["goals"]),
        }
    )


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@dataclass(frozen=True, slots=True)
class Found:
    """What can be said of a card or a goal: `chance` 0…1 to land, uncapped; None with the `reason`.

    `alone`: the chance that the card itself is finished in time, whoever it waits for. `finish`: with which finish of
    its team it is done, 0: nothing is left; None where that cannot be told. `note`: what the chance rests on.
    """

    id: str
    chance: float | None
    reason: str = ""
    note: str = ""
    alone: float | None = None
    finish: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """In the order of the inputs."""

    cards: tuple[Found, ...]
    goals: tuple[Found, ...]


def run(text: str) -> str:
    """The canonical result of canonical inputs."""
    return canonical(answer(load(text)))


def answer(train: Train) -> Result:
    """The chances of every card and goal of a plan."""
    found = Simulation(train)
    return Result(tuple(found.of_card(card.id) for card in train.cards), tuple(map(found.of_goal, train.goals)))


class Simulation:
    """A plan in all its trials; what is asked twice is computed once."""

    def __init__(self, train: Train) -> None:
        self.train = train
        self.cards = {card.id: card for card in train.cards}
        self.needs: dict[str, list[Need]] = {}
        for need in train.needs:
            self.needs.setdefault(need.consumer, []).append(need)
        self.finish = _finishes(train)
        self._finished: dict[int, Ints] = {}
        self._lands: dict[tuple[str, int], Flags] = {}
        self._gaps: dict[str, str] = {}

    def of_card(self, id: str) -> Found:
        """Whether a card lands."""
        card, reason = self.cards[id], self.gap(id)
        finish = self.finish.get(id)
        if reason or card.iteration is None:
            return Found(id, None, reason, alone=self.alone(id), finish=finish)
        chance = _share(self.lands(id, card.iteration))
        return Found(id, chance, note=self.note(id), alone=self.alone(id), finish=finish)

    def of_goal(self, goal: Goal) -> Found:
        """Whether all cards of a goal land, in the same trial."""
        if not goal.cards:
            return Found(goal.id, None, "no card is linked to it")
        for id in goal.cards:
            if reason := self.gap(id):
                return Found(goal.id, None, f"{self.cards[id].name}: {reason}")
        landed = np.ones(self.train.trials, dtype=np.bool_)
        for id in goal.cards:
            landed = landed & self.lands(id, self.cards[id].iteration or 0)
        return Found(goal.id, _share(landed))

    def gap(self, id: str) -> str:
        """Why nothing can be said of a card, or ""."""
        if id not in self._gaps:
            # A ring of dependencies is refused where it is made; a plan that holds one all the same is told of it.
            self._gaps[id] = "it waits for itself, through others"
            self._gaps[id] = self._gap(self.cards[id])
        return self._gaps[id]

    def _gap(self, card: Card) -> str:
        if card.done_on or card.is_dropped:
            return "" if card.iteration is not None else "it stands in no iteration"
        if reason := self._own_gap(card):
            return reason
        waits = self.needs.get(card.id, [])
        if card.team is None and not waits:
            return "nothing here says when it comes about" if card.is_milestone else f"{card.row} is outside the train"
        return next((reason for need in waits if (reason := self._gap_of(need))), "")

    def _own_gap(self, card: Card) -> str:
        if card.iteration is None:
            return "it stands in no iteration"
        if card.team is None:
            return ""
        if reason := self.train.teams[card.team].reason:
            return reason
        if card.items is None:
            return card.sized_by
        return "" if self.finish[card.id] is not None else "its team works on something of unknown size before it"

    def _gap_of(self, need: Need) -> str:
        """Why nothing can be said of what a card waits for, or "": what is over needs no iteration, its day tells."""
        if need.delivered_on:
            return ""
        if need.provider is None:
            return f"{need.row} has planned no card for what it waits for"
        card = self.cards[need.provider]
        is_outside = card.team is None and card.iteration is not None and not self.needs.get(card.id)
        reason = "" if is_outside or _is_over(card) else self.gap(card.id)
        return f"waits for {card.name} of {card.row}: {reason}" if reason else ""

    def alone(self, id: str) -> float | None:
        """The chance that a card is finished by the end of its iteration, whoever it waits for."""
        card = self.cards[id]
        if card.team is None or card.iteration is None or (not _is_over(card) and self._own_gap(card)):
            return None
        return _share(self.finished(card, card.iteration))

    def lands(self, id: str, by: int) -> Flags:
        """Per trial: whether the card, and all it waits for, is finished by the end of iteration `by` or of its own."""
        card = self.cards[id]
        key = id, min(by, card.iteration if card.iteration is not None else by)
        if key not in self._lands:
            found = self.finished(card, key[1])
            if not _is_over(card):
                for need in self.needs.get(id, ()):
                    found = found & self.served(need, key[1])
            self._lands[key] = found
        return self._lands[key]

    def served(self, need: Need, by: int) -> Flags:
        """Per trial: whether what is needed has come by the end of iteration `by`."""
        if need.delivered_on or need.provider is None:
            return self._all(need.delivered_on is not None and need.delivered_on <= self.train.iterations[by].last_on)
        found = self.lands(need.provider, by)
        if need.risk and not _is_over(self.cards[need.provider]):
            found = found & (uniform(self.train.seed, f"card {need.provider}", 0, self.train.trials) >= need.risk)
        return found

    def finished(self, card: Card, by: int) -> Flags:
        """Per trial: whether the card itself is finished by the end of iteration `by`."""
        if _is_over(card):
            return self._all(card.done_on is not None and card.done_on <= self.train.iterations[by].last_on)
        if card.team is None:
            # What comes from outside comes at the end of the iteration that it stands in.
            return self._all(card.iteration is not None and card.iteration <= by)
        done: Flags = self.finishes(card.team)[by] >= (self.finish[card.id] or 0)
        return done

    def finishes(self, team: int) -> Ints:
        """Per iteration and trial: how many items the team has finished by its end."""
        if team not in self._finished:
            self._finished[team] = _cumulative(self.train, team)
        return self._finished[team]

    def _all(self, value: bool) -> Flags:
        return np.full(self.train.trials, value)

    def note(self, id: str) -> str:
        """What the chance of a card rests on, in words."""
        card = self.cards[id]
        if card.is_dropped:
            return "it was closed before it was finished"
        if card.done_on:
            return ""
        said = [card.sized_by] if card.sized_by else []
        if card.team is not None and card.iteration is not None and self.train.iterations[card.iteration].is_ip:
            said.append(f"no features are worked on in {self.train.iterations[card.iteration].name}")
        if card.team is None and not card.is_milestone:
            said.append(f"{card.row} itself is taken to deliver in time")
        said += [text for need in self._chain(id) if (text := self._taken(need))]
        return "; ".join(dict.fromkeys(said))

    def _taken(self, need: Need) -> str:
        """What is taken for granted of somebody outside the train, or by which risk it was reckoned."""
        card = self.cards.get(need.provider or "")
        if card is None or card.team is not None or need.delivered_on or _is_over(card) or card.is_milestone:
            return ""
        if need.risk is None:
            return f"{need.row} is taken to deliver in time: no history"
        return f"{need.row} is reckoned to be late in {need.risk * 100:.0f} %"

    def _chain(self, id: str) -> list[Need]:
        """Everything that a card waits for, directly and through others, each once."""
        found: dict[Need, None] = {}
        waiting = [id]
        while waiting:
            for need in self.needs.get(waiting.pop(), ()):
                if need not in found:
                    found[need] = None
                    waiting += [need.provider] if need.provider else []
        return list(found)


def _is_over(card: Card) -> bool:
    return card.done_on is not None or card.is_dropped


def _share(landed: Flags) -> float:
    return int(landed.sum()) / len(landed)


def _finishes(train: Train) -> dict[str, int | None]:
    """Per card of a team that is in an iteration: with which finish of the team it is done."""
    found: dict[str, int | None] = {}
    for place in range(len(train.teams)):
        own = [card for card in train.cards if card.team == place and card.iteration is not None]
        sizes = tuple(0 if _is_over(card) else card.items for card in own)
        found |= dict(zip((card.id for card in own), _ends(sizes, train.limit), strict=True))
    return found


@lru_cache(KEPT)
def _ends(sizes: tuple[int | None, ...], limit: int) -> tuple[int | None, ...]:
    return tuple(queue.ends(sizes, limit))


def work_days(train: Train, team: TeamInput) -> list[int]:
    """How many days the team works on the plan up to the end of each iteration, after that of the one before; none in
    those for innovation and planning.
    """
    return list(_days(train.first_on, train.iterations, team.today, team.weekdays, team.holidays))


@lru_cache(KEPT)
def _days(
    first_on: date, iterations: tuple[Iteration, ...], today: date, weekdays: tuple[int, ...], off: tuple[date, ...]
) -> tuple[int, ...]:
    begin = max(number(today) + 1, number(first_on))
    ends = [number(one.last_on) for one in iterations]
    days = np.arange(begin, max(ends, default=begin) + 1)
    worked = days[working(days, weekdays, off)]
    up_to: Ints = np.searchsorted(worked, ends, side="right")
    spans = zip(iterations, np.diff(up_to, prepend=0), strict=True)
    return tuple(0 if one.is_ip else int(days) for one, days in spans)


def _cumulative(train: Train, place: int) -> Ints:
    team = train.teams[place]
    counts = tuple(sorted((team.counts or {}).items()))
    days = tuple(work_days(train, team))
    return progress(train.seed, train.trials, team.slug, counts, team.factor.as_integer_ratio(), days)


def by_id(found: Sequence[Found]) -> Mapping[str, Found]:
    """What was found, by id."""
    return {one.id: one for one in found}
