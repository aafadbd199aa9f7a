"""The page of a card: what it says, what hangs on it, what happened to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from accounts.models import User
from planning.actions.placing import place_of
from planning.models import Card, Event, Objective, Risk
from planning.queries.faces import Chance, chance_of
from planning.queries.strings import String, strings_of_cards
from planning.rules import Reach, reach
from portfolio import panels
from portfolio.models import Feature, Initiative

# So many lines of the log are shown with a card.
HISTORY = 20


@dataclass(frozen=True, slots=True)
class CardPage:
    """`needs` and `serves` are its strings as consumer and as provider; `feature` and `initiative` are given where the
    reader may see them."""

    place: str
    chance: Chance | None
    needs: Sequence[String]
    serves: Sequence[String]
    objectives: Sequence[Objective]
    risks: Sequence[Risk]
    history: Sequence[Event]
    marks: Sequence[panels.Mark]
    feature: Feature | None
    initiative: Initiative | None
    mine: Reach
    may_change: bool


def page_of(card: Card, user: User) -> CardPage:
    """Everything about a card from `find_card`, as the reader may see it."""
    mine = reach(user, card.increment)
    near = strings_of_cards(card.increment, [card.pk])
    feature = _feature(card, user)
    return CardPage(
        place=place_of(card),
        chance=chance_of(getattr(card, "chance", None)),
        needs=[one for one in near if one.consumer == card.pk],
        serves=[one for one in near if one.provider == card.pk],
        objectives=list(card.objectives.filter(removed_at=None)),
        risks=list(card.risks.filter(removed_at=None)),
        history=history_of(card),
        marks=panels.marks("feature", [feature.pk], user, timezone.now())[feature.pk] if feature else [],
        feature=feature,
        initiative=_initiative(feature, user),
        mine=mine,
        may_change=mine.may(card.lane_id) and card.increment.is_open,
    )


def history_of(card: Card) -> list[Event]:
    """The last lines of the log about a card, newest first; those that only moved its neighbours are left out."""
    rows = Event.objects.filter(increment=card.increment_id, changes__contains=[{"kind": "card", "id": card.pk}])
    return [row for row in rows.order_by("-number")[: 3 * HISTORY] if _is_about(row, card.pk)][:HISTORY]


def _is_about(event: Event, card_id: int) -> bool:
    own = [change for change in event.changes if change["kind"] == "card" and change["id"] == card_id]
    return any(change["before"] is None or set(change["after"] or {}) != {"rank"} for change in own)


def _feature(card: Card, user: User) -> Feature | None:
    if card.feature_id is None:
        return None
    return Feature.objects.for_user(user).filter(pk=card.feature_id).select_related("team").first()


def _initiative(feature: Feature | None, user: User) -> Initiative | None:
    if feature is None or feature.initiative_id is None:
        return None
    return Initiative.objects.for_user(user).filter(pk=feature.initiative_id).first()
