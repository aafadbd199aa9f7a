"""What the chance of one card rests on: its team's speed, what stands before it, and whom it waits for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from metrics.formulas.forecast import train as formula
from metrics.formulas.forecast.shapes import TeamInput
from metrics.formulas.forecast.shown import shown_chance
from metrics.formulas.forecast.train import Found, Need, Simulation, Train
from planning.models import Card, Reckoning


@dataclass(frozen=True, slots=True)
class Place:
    """A card of the team's queue up to the one that is explained: `finish` is the team's how many-th finish ends it."""

    id: int
    name: str
    iteration: str
    items: int | None
    sized_by: str
    finish: int | None
    is_it: bool


@dataclass(frozen=True, slots=True)
class Waits:
    """Somebody that it waits for: with which chance that has come by the end of the card's iteration, in words."""

    id: int | None
    name: str
    row: str
    iteration: str
    chance: str
    note: str


@dataclass(frozen=True, slots=True)
class Explained:
    """`finding` is the sentence; `chance` and `alone` (itself in time, whoever it waits for) as they are shown.

    `days` are the working days that are left up to the end of its iteration, `per_day` what its team finishes in one.
    """

    finding: str
    found: Found
    chance: str
    alone: str
    team: TeamInput | None
    days: int | None
    per_day: float | None
    sampled: int
    finished: int
    last_on: date | None
    queue: Sequence[Place]
    waits: Sequence[Waits]
    reckoning: Reckoning
    trials: int
    is_behind: bool


def explain(card: Card) -> Explained | None:
    """From the inputs that the stored chance was drawn from; None while nothing was reckoned, or not of this card."""
    reckoning = Reckoning.objects.filter(increment=card.increment).first()
    if reckoning is None or reckoning.engine != formula.ENGINE:
        return None
    train = formula.load(reckoning.inputs)
    run = Simulation(train)
    own = run.cards.get(str(card.pk))
    return _explained(card, reckoning, train, run, own) if own else None


def _explained(card: Card, reckoning: Reckoning, train: Train, run: Simulation, own: formula.Card) -> Explained:
    found = run.of_card(own.id)
    team = train.teams[own.team] if own.team is not None else None
    is_in = own.iteration is not None
    days = sum(formula.work_days(train, team)[: (own.iteration or 0) + 1]) if team and is_in else None
    counts = (team.counts or {}) if team else {}
    sampled, finished = sum(counts.values()), sum(count * often for count, often in counts.items())
    return Explained(
        finding=_finding(own, found),
        found=found,
        chance=shown_chance(found.chance),
        alone=shown_chance(found.alone),
        team=team,
        days=days,
        per_day=finished / sampled if sampled else None,
        sampled=sampled,
        finished=finished,
        last_on=train.iterations[own.iteration].last_on if own.iteration is not None else None,
        queue=_queue(train, run, own),
        waits=[_waits(train, run, own, need) for need in run.needs.get(own.id, ())],
        reckoning=reckoning,
        trials=train.trials,
        is_behind=reckoning.number < card.increment.number,
    )


def _finding(own: formula.Card, found: Found) -> str:
    if own.done_on:
        return f"{own.name} was finished on {own.done_on.day} {own.done_on:%b %Y}"
    if found.chance is None:
        return f"No chance can be told for {own.name}"
    return f"{own.name} lands in {shown_chance(found.chance)} of futures"


def _queue(train: Train, run: Simulation, own: formula.Card) -> list[Place]:
    """What its team works on up to it, in order."""
    if own.team is None or own.iteration is None:
        return []
    line = [one for one in train.cards if one.team == own.team and one.iteration is not None]
    return [
        Place(
            int(one.id),
            one.name,
            train.iterations[one.iteration or 0].name,
            0 if one.done_on or one.is_dropped else one.items,
            one.sized_by,
            run.finish.get(one.id),
            one.id == own.id,
        )
        for one in line[: line.index(own) + 1]
        if one.id == own.id or not (one.done_on or one.is_dropped)
    ]


def _waits(train: Train, run: Simulation, own: formula.Card, need: Need) -> Waits:
    provider = run.cards.get(need.provider or "")
    name = provider.name if provider else "no card yet"
    place = train.iterations[provider.iteration].name if provider and provider.iteration is not None else "unplanned"
    id = int(provider.id) if provider else None
    if need.delivered_on:
        return Waits(id, name, need.row, place, "delivered", f"on {need.delivered_on.day} {need.delivered_on:%b %Y}")
    gap = "" if provider and provider.team is None and provider.iteration is not None else _gap(run, need)
    if gap or own.iteration is None:
        return Waits(id, name, need.row, place, "n/a", gap)
    came = run.served(need, own.iteration)
    return Waits(id, name, need.row, place, shown_chance(int(came.sum()) / len(came)), _note(run, need, provider))


def _note(run: Simulation, need: Need, provider: formula.Card | None) -> str:
    if provider is None:
        return ""
    if provider.team is not None or provider.done_on:
        return run.note(provider.id)
    if provider.is_milestone:
        return "its iteration alone"
    if need.risk is None:
        return "taken to be in time: no history"
    return f"late in {need.risk * 100:.0f} %, by what came late of this pair before"


def _gap(run: Simulation, need: Need) -> str:
    if need.provider is None:
        return "nobody has planned it"
    provider = run.cards[need.provider]
    return "" if provider.done_on or provider.is_dropped else run.gap(provider.id)
