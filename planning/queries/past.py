"""What open plans looked like on an earlier day, as their logs tell: places, conflicts, stability. Chances are kept for
today and with baselines, not for every day, so nothing is said of them.

One question for the lines of all plans; the number of queries does not depend on the number of plans or cards.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.db import models
from django.db.models import Prefetch, Q, QuerySet

from accounts.models import User
from planning.baselines import places
from planning.formulas.schedule import Schedule, schedule
from planning.formulas.stability import moves
from planning.models import (
    Agreement,
    Baseline,
    Card,
    CardChance,
    Dependency,
    Event,
    Increment,
    IncrementState,
    Iteration,
    Lane,
)
from planning.outlook import OPEN, Outlook, by_urgency, number_of
from planning.replay import State, fold
from portfolio.models import Feature, Team

M = TypeVar("M", bound=models.Model)
# What stands wherever a chance would.
NOT_KEPT = "chances are not kept for past days"


class Then:
    """A plan as it was: its rows as objects that are not saved, put together from its log."""

    def __init__(self, increment: Increment, state: State, teams: Mapping[int, Team]) -> None:
        self.state = state
        [(_, values)] = state["increment"].items()
        self.increment = increment
        increment.state, increment.name = values["state"], values["name"]
        self.columns = _all(Iteration, state, "iteration")
        for place, column in enumerate(sorted(self.columns.values(), key=lambda one: one.first_on), 1):
            # Older logs do not have it.
            column.number = column.number or place
        self.lanes = _all(Lane, state, "lane")
        for lane in self.lanes.values():
            lane.team = teams.get(lane.team_id or 0)
        self.cards = {pk: self._placed(card) for pk, card in _all(Card, state, "card").items() if not card.removed_at}

    def _placed(self, card: Card) -> Card:
        card.increment = self.increment
        card.lane = self.lanes.get(card.lane_id or 0)
        card.iteration = self.columns.get(card.iteration_id or 0)
        # The chance that is stored is today's.
        CardChance._meta.get_field("card").remote_field.set_cached_value(card, None)
        return card

    def ordered(self) -> list[Card]:
        """The cards in the order of the board's columns, the unplanned last."""
        return sorted(self.cards.values(), key=lambda card: (number_of(card) or 10_000, card.rank, card.pk))

    def conflicts(self) -> list[Dependency]:
        """What was provided after it was needed."""
        found = []
        for row in _all(Dependency, self.state, "dependency").values():
            provider, consumer = self.cards.get(row.provider_id or 0), self.cards.get(row.consumer_id)
            over = row.removed_at or row.agreement in (Agreement.DELIVERED, Agreement.DECLINED)
            if over or provider is None or consumer is None:
                continue
            row.provider, row.consumer = provider, consumer
            if schedule(number_of(provider), number_of(consumer)) == Schedule.CONFLICT:
                found.append(row)
        return found


def _all(model: type[M], state: State, kind: str) -> dict[int, M]:
    return {int(pk): _revived(model, int(pk), values) for pk, values in state.get(kind, {}).items()}


def _revived(model: type[M], pk: int, values: Mapping[str, Any]) -> M:
    """A row as the log has its columns; what the model has no more is left out."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    given = {name: fields[name].to_python(value) for name, value in values.items() if name in fields}
    return model(pk=pk, **given)


def then(rows: QuerySet[Increment], at: datetime) -> list[Then]:
    """These plans as they were at an instant; those that were not begun are left out."""
    last = Prefetch("baselines", Baseline.objects.filter(at__lte=at).order_by("-number"), "kept")
    increments = {row.pk: row for row in rows.select_related("train").prefetch_related(last)}
    states: dict[int, State] = defaultdict(dict)
    lines = Event.objects.filter(increment__in=increments, at__lte=at).order_by("increment", "number")
    for pk, changes in lines.values_list("increment", "changes").iterator():
        fold(states[pk], changes)
    begun = {pk: state for pk, state in states.items() if state.get("increment")}
    named = {row["team_id"] for state in begun.values() for row in state.get("lane", {}).values() if row["team_id"]}
    teams = {team.pk: team for team in Team.objects.filter(pk__in=named).select_related("stream")}
    return [Then(increments[pk], state, teams) for pk, state in begun.items()]


def outlooks_then(user: User, at: datetime, teams: Collection[int] | None = None) -> list[Outlook]:
    """The plans that `user` sees and that were open at an instant (of these teams), as `outlooks` says of today."""
    seen = Increment.objects.for_user(user).filter(Q(closed_at=None) | Q(closed_at__gt=at), made_at__lte=at)
    found = [_outlook(one) for one in then(seen, at) if one.increment.state in OPEN and _is_of(one, teams)]
    return by_urgency(found)


def _is_of(one: Then, teams: Collection[int] | None) -> bool:
    return teams is None or any(lane.team_id in teams for lane in one.lanes.values())


def _outlook(one: Then) -> Outlook:
    kept: list[Baseline] = one.increment.kept  # type: ignore[attr-defined]
    made = Outlook(one.increment, one.ordered(), one.conflicts(), not_kept=NOT_KEPT)
    made.moves = moves(places(kept[0].plan), places(one.state)) if kept else None
    return made


def planned_then(user: User, features: Collection[int], at: datetime) -> list[Card]:
    """Where features stood at an instant, on all boards that `user` sees: those of open plans first."""
    if not features:
        return []
    plans = then(Increment.objects.for_user(user).filter(made_at__lte=at), at)
    found = [card for one in plans for card in one.cards.values() if card.feature_id in features]
    named = {row.pk: row for row in Feature.objects.filter(pk__in=features)}
    for card in found:
        card.feature = named.get(card.feature_id or 0)
    closed = IncrementState.CLOSED
    return sorted(found, key=lambda card: (card.increment.state == closed, -card.increment_id, card.rank, card.pk))
