"""Rows of a plan that count their versions, how somebody else changes each, and what a request says that it saw."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from planning.actions import agenda as agendas
from planning.actions import (
    capacities,
    cards,
    checks,
    dependencies,
    increments,
    lanes,
    objectives,
    people,
    risks,
    states,
    timers,
    trains,
)
from planning.agenda import Part
from planning.models import Capacity, Increment, Timer, Train
from tests.access import Props

PI: dict[str, Any] = {"slug": "pi-26-1"}
TRAIN: dict[str, Any] = {"slug": "payments-train"}
SEAT = TRAIN | {"seat_id": "{plan_seat.pk}"}
CELL = {"lane_id": "{plan_lane.pk}", "iteration_id": "{plan_iteration.pk}"}
SAID = {"title": "Refund API", "kind": "feature", "unit": "points", "value_type": "feature"}
Step = Callable[[Props], object]


@dataclass(frozen=True)
class Kind:
    """A kind of row: how somebody else (Pia) changes it, and the version it is at now."""

    change: Step
    version: Step


def of(name: str, change: Step) -> Kind:
    """A row that the stage has."""
    return Kind(change, lambda stage: type(getattr(stage, name))._base_manager.get(pk=getattr(stage, name).pk).version)


def pia(verb: Callable[..., object], **fields: Any) -> Step:
    """The verb, done by Pia, on what the stage calls so."""
    return lambda stage: verb(actor=stage.pmo, **{name: find(stage) for name, find in fields.items()})


def thing(name: str) -> Callable[[Props], Any]:
    return lambda stage: getattr(stage, name)


def just(value: Any) -> Callable[[Props], Any]:
    return lambda stage: value


def nothing(_: Props) -> None:
    """Before a case that needs nothing."""


def then(*steps: Step) -> Step:
    """One after the other."""
    return lambda stage: [step(stage) for step in steps]


def laid_off(verb: Callable[..., object], name: str) -> Step:
    """Removed, or brought back, by Pia."""
    return pia(verb, **{name: thing(f"plan_{name}")})


CARD = of("plan_card", pia(cards.change_card, card=thing("plan_card"), title=just("Refunds")))
OFF_CARD = of("plan_card", then(laid_off(cards.restore_card, "card"), laid_off(cards.remove_card, "card")))
GOAL = of("plan_objective", pia(objectives.change_objective, objective=thing("plan_objective"), title=just("Faster")))
OFF_GOAL = of(
    "plan_objective",
    then(laid_off(objectives.restore_objective, "objective"), laid_off(objectives.remove_objective, "objective")),
)
RISK = of("plan_risk", pia(risks.change_risk, risk=thing("plan_risk"), text=just("The bank is late")))
OFF_RISK = of("plan_risk", then(laid_off(risks.restore_risk, "risk"), laid_off(risks.remove_risk, "risk")))
PERSON = of("plan_person", pia(people.change_seat, seat=thing("plan_person"), share=just(40)))
CHECK = of("plan_check", pia(checks.tick, check=thing("plan_check"), done=just(True)))
# Nothing but its end changes a vote, and what is closed twice is closed.
POLL = of("plan_poll", lambda stage: type(stage.plan_poll).objects.update(version=2))
INCREMENT = of("increment", pia(increments.change_increment, increment=thing("increment"), vision=just("More")))
ROW = Kind(
    pia(lanes.rename_lane, lane=lambda stage: stage.plan.bank, name=just("The bank")),
    lambda stage: type(stage.plan.bank).objects.get(pk=stage.plan.bank.pk).version,
)
NET = Kind(
    pia(trains.change_train, train=lambda stage: stage.plan.train, description=just("Money")),
    lambda stage: Train.objects.get().version,
)


def by_hand(stage: Props) -> int:
    return getattr(Capacity.objects.first(), "version", 0)


HAND = Kind(
    pia(
        capacities.set_capacity,
        lane=thing("plan_lane"),
        iteration=thing("plan_iteration"),
        amount=lambda stage: 9 + by_hand(stage),
        reason=just("Fair"),
    ),
    by_hand,
)
ask = pia(dependencies.ask_again, dependency=thing("plan_dependency"), note=just("Soon, please"))
offer = pia(dependencies.counter_dependency, dependency=thing("plan_dependency"), proposed_in=thing("plan_iteration"))
deliver = pia(dependencies.deliver_dependency, dependency=thing("plan_dependency"), on=just(date(2026, 1, 12)))
undeliver = pia(dependencies.undeliver_dependency, dependency=thing("plan_dependency"))
NEED = of("plan_dependency", ask)
OFFERED = of("plan_dependency", then(ask, offer))
DELIVERED = of("plan_dependency", then(undeliver, deliver))
start = pia(timers.start_timer, increment=thing("increment"), minutes=just(10))
pause = pia(timers.pause_timer, increment=thing("increment"))
CLOCK = Kind(start, lambda stage: getattr(Timer.objects.first(), "version", 0))
PAUSED = Kind(then(start, pause), CLOCK.version)
AGENDA = Kind(
    pia(agendas.set_agenda, increment=thing("increment"), parts=just([Part(1, "Lunch", 60)])),
    lambda stage: agendas.seen(stage.increment),
)
value = pia(objectives.plan_value, objective=thing("plan_objective"), value=just(8))
commit = then(pia(risks.remove_risk, risk=thing("plan_risk")), pia(states.commit, increment=thing("increment")))


def plain(data: dict[str, Any], version: Any) -> dict[str, Any]:
    return data if version is None else data | {"version": version}


def of_goal(data: dict[str, Any], version: Any) -> dict[str, Any]:
    """In a form of several objectives each has its own."""
    return data if version is None else data | {"version-{plan_objective.pk}": version}


def moved(data: dict[str, Any], version: Any) -> dict[str, Any]:
    return {"move": f"{{plan_card.pk}}:{'' if version is None else version}:{{plan_iteration.pk}}"}


def moved_by_api(data: dict[str, Any], version: Any) -> dict[str, Any]:
    return {"moves": [plain({"card": "{plan_card.pk}", "iteration": "{plan_iteration.pk}"}, version)]}


def saw(data: dict[str, Any], version: Any) -> dict[str, Any]:
    return data if version is None else data | {"saw": version}


def saw_goal(data: dict[str, Any], version: Any) -> dict[str, Any]:
    """Closing names the version of each objective whose value it gives."""
    return data if version is None else data | {"saw": {"{plan_objective.pk}": version}}


def committed(stage: Props) -> None:
    """Committed to, and `pi` as it is then."""
    commit(stage)
    vars(stage)["pi"] = Increment.objects.get(pk=stage.increment.pk)


@dataclass(frozen=True)
class Case:
    name: str
    kind: Kind
    args: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    method: str = "post"
    first: Step = nothing
    sent: Callable[[dict[str, Any], Any], dict[str, Any]] = plain
    query: str = ""


def by(name: str) -> dict[str, Any]:
    return {f"{name}_id": f"{{plan_{name}.pk}}"}


def pk(name: str) -> dict[str, Any]:
    return {"pk": f"{{plan_{name}.pk}}"}


def step(key: str, data: dict[str, Any] | None = None, kind: Kind = NEED, first: Step = nothing) -> list[Case]:
    """A step of a dependency, on its page and in the API."""
    page = Case("plan-dependency-step", kind, by("dependency") | {"step": key}, data or {}, first=first)
    return [page, Case(f"api-plan-dependency-{key}", kind, pk("dependency"), data or {}, first=first)]
