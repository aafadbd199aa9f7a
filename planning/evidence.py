"""What decisions rest on, of plans: where the features of an initiative stand and how likely they land."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from metrics.formulas.forecast.shown import shown_chance
from planning.models import Card, Increment
from planning.outlook import OPEN, chance_of
from planning.queries.past import then
from portfolio.evidence import Fact, Subject
from portfolio.models import Feature, Initiative

# What is decided now rests on what is known now, chances and all; of an earlier day the log tells the places.
FRESH = timedelta(days=1)
LEAST = "The least likely of them to land as planned"


def facts(subject: Subject, at: datetime) -> list[Fact]:
    """Of an initiative: how many of its planned features stand in an iteration, and the least likely of them."""
    if not isinstance(subject, Initiative):
        return []
    if at < timezone.now() - FRESH:
        return list(_said(subject, _then(subject, at), is_past=True))
    open_ones = Increment.objects.filter(state__in=OPEN)
    rows = Card.objects.filter(feature__initiative=subject, removed_at=None, increment__in=open_ones)
    return list(_said(subject, list(rows.select_related("chance"))))


def _then(initiative: Initiative, at: datetime) -> list[Card]:
    """The cards of its features in plans that were open then."""
    features = set(Feature.objects.filter(initiative=initiative).values_list("pk", flat=True))
    rows = Increment.objects.filter(Q(closed_at=None) | Q(closed_at__gt=at), made_at__lte=at)
    plans = [one for one in then(rows, at) if one.increment.state in OPEN] if features else []
    return [card for one in plans for card in one.cards.values() if card.feature_id in features]


def _said(initiative: Initiative, cards: Sequence[Card], *, is_past: bool = False) -> Iterator[Fact]:
    if not cards:
        return
    address = reverse("initiative", args=[initiative.slug])
    placed = [card for card in cards if card.iteration_id]
    text = f"{len(placed)} of {len(cards)} in an iteration"
    yield Fact("planned_features", "Features in open plans", text, len(placed), "features", address=address)
    if is_past:
        yield Fact("planned_chance", LEAST, "not kept for past days", address=address)
    chances = [chance for card in placed if (chance := chance_of(card)) is not None]
    if chances:
        least = min(chances)
        yield Fact("planned_chance", LEAST, shown_chance(least), least, address=address)
