"""Landing chances: a plan as the simulation of its train reads it, and what came out, kept beside the plan.

A worker reckons after every write (planning/tasks.py). That chances are behind is told by Reckoning.number alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from core import live
from metrics.forecasts import trains
from metrics.forecasts.landing import known, stamp
from metrics.forecasts.trains import Left, Speeds
from metrics.formulas.forecast import train as formula
from metrics.formulas.forecast.shapes import TeamInput
from metrics.formulas.forecast.train import Found, Goal, Need, Result, Train
from planning.formulas.expected import Expected, Promise, expected_value
from planning.live import topic
from planning.models import (
    Agreement,
    Card,
    CardChance,
    CardKind,
    Dependency,
    Increment,
    IncrementState,
    Iteration,
    Lane,
    LaneKind,
    Objective,
    ObjectiveChance,
    Reckoning,
)
from planning.queries.faces import chance_of
from planning.queries.late import NONE, pair, tallies
from planning.queries.strings import lane_of, provider_of, standing
from portfolio.models import Team

PARKED = "the parking lot"
# The columns of a chance.
SAID = ("chance", "reason", "note")


@dataclass(frozen=True, slots=True)
class Read:
    """A plan as it stands, with what the data know of it; all rows that `train` was made from."""

    increment: Increment
    at: datetime
    iterations: Sequence[Iteration]
    lanes: Sequence[Lane]
    cards: Sequence[Card]
    needs: Sequence[Dependency]
    goals: Sequence[Objective]
    train: Train


def read(increment: Increment, at: datetime) -> Read:
    """The plan of an increment and the speed of its teams as at `at`; as many queries for one card as for hundreds."""
    iterations = list(increment.iterations.order_by("number"))
    lanes = list(increment.lanes.select_related("team").order_by("position", "pk"))
    cards = _in_order(increment)
    needs = _needs(increment, {lane.pk: lane for lane in lanes}, {card.pk: card for card in cards})
    goals = list(increment.objectives.filter(removed_at=None).order_by("pk"))
    plan = _Plan(increment, at, iterations, lanes, cards)
    train = plan.train(needs, goals, _cards_of(increment))
    return Read(increment, at, iterations, lanes, cards, needs, goals, train)


def _in_order(increment: Increment) -> list[Card]:
    """Everything on the board, each row in the order in which its team works."""
    rows = Card.objects.filter(increment=increment, removed_at=None)
    return list(rows.order_by("lane__position", "lane", "iteration__number", "rank", "pk"))


def _needs(increment: Increment, lanes: Mapping[int, Lane], cards: Mapping[int, Card]) -> list[Dependency]:
    """The dependencies that are drawn, with the rows that are at hand: no joins. A provider off the board is none."""
    for card in cards.values():
        card.lane = lanes.get(card.lane_id or 0)
    rows = list(standing(increment).exclude(agreement=Agreement.DECLINED))
    for row in rows:
        row.provider_lane, row.consumer = lanes[row.provider_lane_id], cards[row.consumer_id]
        row.provider = cards.get(row.provider_id or 0)
    return rows


def _cards_of(increment: Increment) -> Mapping[int, Sequence[int]]:
    """Objective → the cards linked to it."""
    found: dict[int, list[int]] = {}
    links = Objective.cards.through.objects.filter(objective__increment=increment).order_by()
    for objective, card in links.values_list("objective", "card"):
        found.setdefault(objective, []).append(card)
    return found


class _Plan:
    """From rows to the inputs of the simulation."""

    def __init__(
        self,
        increment: Increment,
        at: datetime,
        iterations: Sequence[Iteration],
        lanes: Sequence[Lane],
        cards: Sequence[Card],
    ) -> None:
        self.increment, self.cards, self.iterations = increment, cards, iterations
        self.today = at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
        self.lanes = {lane.pk: lane for lane in lanes}
        crews = [lane.team for lane in lanes if lane.kind == LaneKind.TEAM and lane.team is not None]
        self.places = {team.pk: place for place, team in enumerate(crews)}
        self.columns = {one.pk: place for place, one in enumerate(iterations)}
        facts = stamp(at)
        self.speeds: Speeds = trains.speeds(self.places, at, facts)
        features = {card.feature_id for card in cards if card.feature_id}
        self.left: Mapping[int, Left] = trains.left(features, self.places, at, facts)
        self._typical: dict[tuple[int, str], Left] = {}

    def train(
        self, needs: Iterable[Dependency], goals: Iterable[Objective], linked: Mapping[int, Sequence[int]]
    ) -> Train:
        history = tallies(self.today)
        on_board = {card.pk for card in self.cards}
        return Train(
            seed=self.increment.seed,
            first_on=self.iterations[0].first_on if self.iterations else self.today,
            iterations=tuple(formula.Iteration(one.name, one.last_on, one.is_ip) for one in self.iterations),
            teams=tuple(self.team(pk) for pk in self.places),
            cards=tuple(self.card(card) for card in self.cards),
            needs=tuple(self.need(one, history) for one in needs),
            goals=tuple(
                Goal(str(one.pk), one.title, tuple(sorted(str(pk) for pk in linked.get(one.pk, ()) if pk in on_board)))
                for one in goals
            ),
            limit=self.increment.wip_limit,
        )

    def team(self, pk: int) -> TeamInput:
        return self.speeds.teams[pk]

    def card(self, card: Card) -> formula.Card:
        lane = self.lanes.get(card.lane_id or 0)
        team = lane.team if lane and lane.kind == LaneKind.TEAM else None
        found = self.of(card, lane)
        return formula.Card(
            str(card.pk),
            card.title,
            lane.name if lane else PARKED,
            self.places[team.pk] if team else None,
            self.columns[card.iteration_id] if card.iteration_id else None,
            found.items,
            found.sized_by,
            found.done_on,
            found.is_dropped,
            lane is not None and lane.kind == LaneKind.MILESTONES,
        )

    def of(self, card: Card, lane: Lane | None) -> Left:
        """What is left of a card: of its feature as the data have it, else as large as its team's usually are.

        What somebody said of the day it was done counts where no items of a feature tell.
        """
        found = self.left.get(card.feature_id or 0)
        if card.done_on and (found is None or found.sized_by):
            return Left(0, done_on=card.done_on)
        if found is not None:
            return found
        if lane is None or lane.kind != LaneKind.TEAM or lane.team is None:
            return Left(None)
        # A day that matters to a team is no work of it.
        if card.kind == CardKind.MILESTONE:
            return Left(0)
        return self.typical(lane.team, card.value_type)

    def typical(self, team: Team, value_type: str) -> Left:
        """Asked once for all cards of a team."""
        key = team.pk, value_type
        if key not in self._typical:
            self._typical[key] = self.speeds.typical(team, value_type)
        return self._typical[key]

    def need(self, row: Dependency, history: Mapping[Any, Any]) -> Need:
        provider, lane = provider_of(row), lane_of(row)
        late = history.get(pair(row), NONE) if lane.kind != LaneKind.TEAM else NONE
        return Need(
            str(row.consumer_id),
            lane.name,
            str(provider.pk) if provider else None,
            late.risk if late.n else None,
            row.delivered_on,
        )


def expected(goals: Iterable[Objective], chances: Mapping[str, float | None]) -> Expected:
    """The expected business value of the committed objectives; chances by their id."""
    return expected_value([Promise(one.planned_value, chances.get(str(one.pk))) for one in goals if one.is_committed])


OF_PLAN = Q(reckoning__number__gte=F("number"), reckoning__engine=formula.ENGINE)


def behind(on: date, data: str) -> QuerySet[Increment]:
    """Increments whose chances are not those of their plan, of the day `on` and of what is known; closed ones rest."""
    return _open().exclude(OF_PLAN & Q(reckoning__on__gte=on, reckoning__known=data))


def moved() -> QuerySet[Increment]:
    """Those among them whose plan has changed: somebody may be looking."""
    return _open().exclude(OF_PLAN)


def _open() -> QuerySet[Increment]:
    return Increment.objects.exclude(state=IncrementState.CLOSED)


def reckon(increment_id: int) -> bool:
    """Bring the chances of an increment up to its plan; whether there was anything to do.

    One worker at a time: who finds another one at it leaves, as that one looks again before it ends. One that is killed
    leaves everything as it was.
    """
    Reckoning.objects.get_or_create(increment_id=increment_id)
    # Asked once: while a long sync runs, what is known changes all the time, and others wait for this worker.
    data, worked = known(), False
    while behind(timezone.localdate(), data).filter(pk=increment_id).exists():
        with transaction.atomic():
            # Of itself alone: who moves a card holds the increment, and shall not wait for this.
            mine = Reckoning.objects.select_for_update(skip_locked=True, of=("self",)).order_by()
            held = mine.filter(increment=increment_id).first()
            if held is None:
                break
            increment = Increment.objects.get(pk=increment_id)
            told = _reckon(increment, held, timezone.now(), data)
            if told["cards"] or told["objectives"] or told["value_changed"]:
                live.publish(topic(increment), "chances", told)
        worked = True
    return worked


def settle(increment: Increment, at: datetime | None = None) -> Reckoning:
    """Chances of the plan as it is now, within the caller's write: what is frozen with a baseline. Tells nobody.

    `at`: by what was known at that instant (default: now).
    """
    with transaction.atomic():
        Reckoning.objects.get_or_create(increment=increment)
        held = Reckoning.objects.select_for_update(of=("self",)).get(increment=increment)
        _reckon(increment, held, at or timezone.now(), known())
    return held


def _reckon(increment: Increment, held: Reckoning, at: datetime, data: str) -> dict[str, Any]:
    """Reckon and keep; what of it is news to those who watch. `data`: what is known, or was a moment ago."""
    # A write that comes while the plan is read is in it or not: the number is of before, so it is reckoned again.
    plan = read(increment, at)
    result = formula.answer(plan.train)
    cards = _keep_cards(plan, result)
    goals = _keep_goals(plan, result)
    value = expected(plan.goals, {one.id: one.chance for one in result.goals})
    before = held.expected_value, held.committed_value, held.reason
    held.number, held.on, held.made_at = increment.number, timezone.localdate(at), at
    held.known, held.engine, held.inputs = data, formula.ENGINE, formula.dump(plan.train)
    held.expected_value, held.committed_value, held.reason = value.expected, value.committed, value.reason[:300]
    held.save()
    after = held.expected_value, held.committed_value, held.reason
    return {
        "number": increment.number,
        "cards": cards,
        "objectives": goals,
        "value": value_of(held),
        "value_changed": before != after,
    }


def _keep_cards(plan: Read, result: Result) -> dict[str, Any]:
    before = _kept(CardChance.objects.filter(card__increment=plan.increment), "card")
    changed = [CardChance(card_id=pk, **said) for pk, said in _changed(before, result.cards)]
    _store(CardChance, "card", changed)
    gone = before.keys() - {int(one.id) for one in result.cards}
    if gone:
        CardChance.objects.filter(card__in=gone).delete()
    # Milestones show none.
    shown = {card.pk for card in plan.cards if card.kind != CardKind.MILESTONE}
    return {str(row.card_id): shown_of(row) for row in changed if row.card_id in shown}


def _keep_goals(plan: Read, result: Result) -> dict[str, Any]:
    before = _kept(ObjectiveChance.objects.filter(objective__increment=plan.increment), "objective")
    changed = [ObjectiveChance(objective_id=pk, **said) for pk, said in _changed(before, result.goals)]
    _store(ObjectiveChance, "objective", changed)
    return {str(row.objective_id): shown_of(row) for row in changed}


def _kept(rows: QuerySet[Any], name: str) -> dict[int, dict[str, Any]]:
    """What is kept already, by what it is of."""
    found = rows.order_by().values_list(name, *SAID)
    return {pk: dict(zip(SAID, said, strict=True)) for pk, *said in found}


def _changed(before: Mapping[int, dict[str, Any]], found: Iterable[Found]) -> list[tuple[int, dict[str, Any]]]:
    """What is not said already, by what it is of."""
    said = (
        (int(one.id), dict(zip(SAID, (one.chance, _cut(one.reason), _cut(one.note)), strict=True))) for one in found
    )
    return [(pk, now) for pk, now in said if before.get(pk) != now]


def _cut(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:299]}…"


def _store(model: type[Any], name: str, rows: Sequence[Any]) -> None:
    if rows:
        model.objects.bulk_create(rows, update_conflicts=True, unique_fields=[name], update_fields=SAID)


def shown_of(row: CardChance | ObjectiveChance) -> dict[str, str]:
    """A chance as pages and events show it: text ("84 %"), tone (high, mid, low or "") and title."""
    shown = chance_of(row)
    return {"text": shown.text, "tone": shown.tone, "title": shown.title} if shown else {}


def value_of(row: Reckoning | None) -> dict[str, Any]:
    """The expected value as pages and events show it: numbers (None: n/a), the sentence and what was left out."""
    if row is None:
        return {"expected": None, "committed": None, "text": "Expected value: not reckoned yet", "title": ""}
    if row.expected_value is None or row.committed_value is None:
        return {"expected": None, "committed": None, "text": "Expected value n/a", "title": row.reason}
    text = f"Expected value {row.expected_value:.0f} of {row.committed_value} committed"
    return {"expected": row.expected_value, "committed": row.committed_value, "text": text, "title": row.reason}
