"""When cards were delivered: a feature when its last item was, or it was closed; others when somebody said so."""

from collections.abc import Iterable
from datetime import date, datetime

from django.utils import timezone

from metrics.forecasts import work as works
from metrics.forecasts.landing import landed
from planning.models import Card
from portfolio.models import Feature


def delivered(cards: Iterable[Card], as_of: datetime) -> dict[int, date]:
    """Card → the day it was delivered on, of those that were by `as_of`.

    A card whose feature is broken down into items goes by them, all done (the last one's day in its team's zone); one
    whose feature was closed without any by the day of that; any other by what was said of it (`done_on`). The day of
    `as_of` is the portal's.
    """
    rows, today = list(cards), timezone.localdate(as_of)
    known = _features({card.feature_id for card in rows if card.feature_id}, as_of)
    found = {}
    for card in rows:
        day = known.get(card.feature_id or 0, card.done_on)
        if day is not None and day <= today:
            found[card.pk] = day
    return found


def _features(pks: set[int], as_of: datetime) -> dict[int, date | None]:
    """Features that the data can tell of → the day they were done; None: some items are left, or were when it ended."""
    if not pks:
        return {}
    features = Feature.objects.filter(pk__in=pks).select_related("team", "initiative")
    work = works.of_features(list(features), as_of)
    over = landed(work, timezone.localdate(as_of))
    return {
        feature.pk: over.get(feature.pk)
        for feature, items in zip(work.features, work.total.tolist(), strict=True)
        if items or feature.pk in over
    }
