"""From the engine's inputs and result, as texts, to the answer that pages show. Nothing is computed anew."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from metrics.forecasts.answers import Answer, BurnUp, Chance, Delivery, Fan, HowMany, TeamSample
from metrics.formulas.forecast import shapes
from metrics.formulas.forecast.shapes import History, Inputs, Target, TeamInput


def read(inputs_text: str, result_text: str, engine: str) -> Answer:
    """The answer that these texts hold."""
    inputs, result = shapes.load(inputs_text), json.loads(result_text)
    return Answer(
        as_of=datetime.fromisoformat(inputs.as_of),
        today=inputs.today,
        horizon=inputs.horizon,
        engine=engine,
        inputs=inputs_text,
        result=result_text,
        teams=tuple(_sample(team) for team in inputs.teams),
        deliveries=tuple(
            _delivery(inputs, target, found) for target, found in zip(inputs.targets, result["targets"], strict=True)
        ),
        how_many=_how_many(inputs, result.get("counting")),
        asked=inputs.asked,
        reason=inputs.reason,
        notes=inputs.notes,
    )


def _sample(team: TeamInput) -> TeamSample:
    counts = dict(sorted((team.counts or {}).items()))
    finished = sum(count * days for count, days in counts.items())
    return TeamSample(
        slug=team.slug,
        name=team.name,
        first=team.first,
        last=team.last,
        days=sum(counts.values()),
        finishing_days=sum(days for count, days in counts.items() if count),
        finished=finished,
        in_features=team.in_features,
        counts=counts,
        factor=float(team.factor),
        reason=team.reason,
        only_features=team.only_features,
        of_all=finished if team.of_all is None else team.of_all,
    )


def _delivery(inputs: Inputs, target: Target, found: Mapping[str, Any]) -> Delivery:
    return Delivery(
        id=target.id,
        name=target.name,
        items=found["items"],
        sized_by=target.sized_by,
        teams=target.teams,
        due_on=target.due_on or inputs.by,
        chance=found.get("chance"),
        when={int(rank): _date(on) for rank, on in found.get("when", {}).items()},
        reason=found.get("reason", ""),
        is_done=found.get("done", False),
        finished_on=target.finished_on,
        parts=target.members,
        curve=_curve(found),
        burn_up=_burn_up(target.history, found),
    )


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _days(first: date, n: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(n)]


def _curve(found: Mapping[str, Any]) -> Sequence[Chance]:
    if "curve" not in found:
        return ()
    days = _days(date.fromisoformat(found["first"]), len(found["curve"]))
    return [Chance(at, chance) for at, chance in zip(days, found["curve"], strict=True)]


def _fan(first: str, fan: Mapping[str, Sequence[int]], more: int = 0) -> Fan:
    at_least = {int(rank): [n + more for n in numbers] for rank, numbers in fan.items()}
    return Fan(_days(date.fromisoformat(first), len(next(iter(at_least.values())))), at_least)


def _burn_up(history: History | None, found: Mapping[str, Any]) -> BurnUp | None:
    if history is None:
        return None
    done = history.done[-1] if history.done else 0
    fan = _fan(found["first"], found["fan"], done) if "fan" in found else None
    days = _days(history.first, len(history.done))
    return BurnUp(days, history.scope, history.done, history.guessed, done + found["items"], fan)


def _how_many(inputs: Inputs, counting: Mapping[str, Any] | None) -> HowMany | None:
    if counting is None or inputs.by is None:
        return None
    fan = _fan(counting["first"], counting["fan"])
    least = {rank: numbers[-1] for rank, numbers in fan.at_least.items()}
    return HowMany(inputs.by, least, fan, [(n, chance) for n, chance in counting.get("chances", ())])
