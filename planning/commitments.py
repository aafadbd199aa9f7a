"""Forecasts kept at a commitment: what the chances of a plan said, to be scored when the iterations are over."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from metrics.actions.forecasts import keep_planned, withdraw_planned
from metrics.forecasts import asking
from metrics.forecasts.plans import feature_id
from metrics.forecasts.trains import QUESTION
from metrics.formulas.forecast import shapes
from metrics.formulas.forecast import train as formula
from metrics.formulas.forecast.calibration import mean_vote
from metrics.formulas.forecast.shapes import Inputs, Line, Part, Target, canonical
from metrics.formulas.forecast.train import Train
from metrics.models import Forecast
from planning.models import Ballot, Baseline, Card, Increment, Poll
from portfolio.models import Feature
from portfolio.rules import Person


def keep_forecasts(*, actor: Person, increment: Increment, baseline: Baseline) -> list[Forecast]:
    """Keep the chance of every card with a feature of its own team that is still to land, next to its team's vote.

    Call it within the commitment's write, with the chances and inputs in the baseline; their ids go into
    `baseline.chances["forecasts"]`. Those of earlier baselines that are not due yet are withdrawn: the plan is another.
    A card without a feature has no items by which an outcome could be told, so nothing is kept of it.
    """
    chances: Mapping[str, float] = baseline.chances.get("cards", {})
    rows = Card.objects.filter(increment=increment, removed_at=None, pk__in=[int(pk) for pk in chances])
    kept_plan = _Kept(increment, baseline, formula.load(baseline.inputs), _votes(increment))
    cards = rows.exclude(feature=None).select_related("feature__team", "lane", "iteration").order_by("pk")
    made = [row for card in cards if (row := kept_plan.forecast(card, chances[str(card.pk)], actor)) is not None]
    withdraw_planned(ids=_earlier(increment, baseline))
    kept = keep_planned(forecasts=made)
    baseline.chances = {**baseline.chances, "forecasts": [one.pk for one in kept]}
    baseline.save(update_fields=["chances"])
    return kept


@dataclass(frozen=True, slots=True)
class _Kept:
    """A plan as it was committed to."""

    increment: Increment
    baseline: Baseline
    train: Train
    # By row.
    votes: Mapping[int, float]

    def forecast(self, card: Card, chance: float, actor: Person) -> Forecast | None:
        """What a card promises; None where it is over, or where the items of its feature cannot tell what came."""
        planned = next((one for one in self.train.cards if one.id == str(card.pk)), None)
        if planned is None or planned.team is None or planned.done_on or planned.is_dropped:
            return None
        feature, iteration, lane = card.feature, card.iteration, card.lane
        if feature is None or iteration is None or lane is None or feature.team_id != lane.team_id:
            return None
        if iteration.last_on <= self.baseline.at.astimezone(ZoneInfo(settings.TIME_ZONE)).date():
            return None
        return Forecast(
            team=feature.team,
            feature=feature,
            subject=feature.name[:200],
            items=planned.items or 0,
            due_on=iteration.last_on,
            chance=chance,
            votes=self.votes.get(lane.pk),
            engine=formula.ENGINE,
            inputs=shapes.dump(self.inputs(planned, feature)),
            result=canonical({"targets": [{"items": planned.items or 0, "chance": chance}]}),
            as_of=self.baseline.at,
            made_by_id=getattr(actor, "pk", None),
        )

    def inputs(self, planned: formula.Card, feature: Feature) -> Inputs:
        """The card's part of the plan as other stored forecasts have theirs: its team's queue, and its place in it."""
        team = self.train.teams[planned.team or 0]
        queue = [one for one in self.train.cards if one.team == planned.team and one.iteration is not None]
        last_on = self.train.iterations[planned.iteration or 0].last_on
        at, sized_by = (0, queue.index(planned)), planned.sized_by
        target = Target(feature_id(feature), feature.name, (at,), last_on, sized_by, teams=(team.slug,))
        given = asking.begin(QUESTION, self.baseline.at, ZoneInfo(settings.TIME_ZONE))
        return replace(
            given,
            teams=(team,),
            lines=(Line((0,), tuple(Part(one.name, one.items) for one in queue), self.train.limit),),
            targets=(target,),
            asked={**given.asked, "increment": self.increment.slug, "baseline": self.baseline.number},
            notes=(f"in the plan of {self.increment}, with all that it waits for",),
        )


def _votes(increment: Increment) -> dict[int, float]:
    """Row → the mean of its team's last closed vote, read as a chance; never per person."""
    polls = Poll.objects.filter(increment=increment, closed_at__isnull=False).exclude(lane=None).order_by("round")
    last: dict[int, int] = {lane: pk for lane, pk in polls.values_list("lane", "pk") if lane}
    fists: dict[int, list[float]] = {}
    for poll, fingers in Ballot.objects.filter(poll__in=last.values()).values_list("poll", "fingers"):
        fists.setdefault(poll, []).append(fingers)
    return {lane: mean_vote(fists[poll]) for lane, poll in last.items() if poll in fists}


def _earlier(increment: Increment, baseline: Baseline) -> list[int]:
    """The forecasts of the baselines before."""
    before: Iterable[dict[str, Any]] = (
        Baseline.objects.filter(increment=increment).exclude(pk=baseline.pk).values_list("chances", flat=True)
    )
    return [pk for chances in before for pk in chances.get("forecasts", ())]


def kept_for(increment: Increment) -> list[Forecast]:
    """The forecasts kept with an increment's baselines, withdrawn ones left out: what calibration is reckoned from."""
    ids = [
        pk
        for chances in Baseline.objects.filter(increment=increment).values_list("chances", flat=True)
        for pk in chances.get("forecasts", ())
    ]
    rows = Forecast.objects.filter(pk__in=ids).exclude(outcome="withdrawn")
    return list(rows.select_related("team", "feature").order_by("due_on", "pk"))
