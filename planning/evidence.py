"""What decisions rest on, of plans: where the features of an initiative stand and how likely they land."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from metrics.formulas.forecast.shown import shown_chance
from planning.models import Card, Increment
from planning.outlook import OPEN, chance_of
from portfolio.evidence import Fact, Subject
from portfolio.models import Initiative

# Plans are known as they are now: of earlier nothing is said.
FRESH = timedelta(days=1)


def facts(subject: Subject, at: datetime) -> list[Fact]:
    """Of an initiative: how many of its planned features stand in an iteration, and the least likely of them."""
    if not isinstance(subject, Initiative) or at < timezone.now() - FRESH:
        return []
    return list(_of_initiative(subject))


def _of_initiative(initiative: Initiative) -> Iterator[Fact]:
    open_ones = Increment.objects.filter(state__in=OPEN)
    rows = Card.objects.filter(feature__initiative=initiative, removed_at=None, increment__in=open_ones)
    cards = list(rows.select_related("chance"))
    if not cards:
        return
    address = reverse("initiative", args=[initiative.slug])
    placed = [card for card in cards if card.iteration_id]
    text = f"{len(placed)} of {len(cards)} in an iteration"
    yield Fact("planned_features", "Features in open plans", text, len(placed), "features", address=address)
    chances = [chance for card in placed if (chance := chance_of(card)) is not None]
    if chances:
        least = min(chances)
        yield Fact("planned_chance", "The least likely of them to land as planned", shown_chance(least), least,
                   address=address)  # fmt: skip
