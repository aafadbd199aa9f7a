"""When cards were delivered: a feature when its last item was, others when somebody said so."""

from collections.abc import Iterable
from datetime import date, datetime

import numpy as np

from metrics.columns import day_date
from metrics.forecasts import work as works
from metrics.formulas import frame
from planning.models import Card
from portfolio.models import Feature


def delivered(cards: Iterable[Card], as_of: datetime) -> dict[int, date]:
    """Card → the day it was delivered on, of those that were by `as_of`.

    A card whose feature is broken down into items goes by them, all done (the last one's day in its team's zone); any
    other by what was said of it (`done_on`).
    """
    rows = list(cards)
    known = _features({card.feature_id for card in rows if card.feature_id}, as_of)
    found = {}
    for card in rows:
        day = known.get(card.feature_id or 0, card.done_on)
        if day is not None and day <= as_of.date():
            found[card.pk] = day
    return found


def _features(pks: set[int], as_of: datetime) -> dict[int, date | None]:
    """Features that have items → the day the last was finished; None: some are left."""
    if not pks:
        return {}
    features = Feature.objects.filter(pk__in=pks).select_related("team", "initiative")
    work = works.of_features(list(features), as_of)
    ends = frame.finishes(work.children)
    last = np.zeros(len(work.features), dtype=np.int64)
    np.maximum.at(last, work.feature[ends.done], ends.day[ends.done])
    return {
        feature.pk: day_date(day) if day and not left else None
        for feature, left, day, is_there in zip(
            work.features, work.left.tolist(), last.tolist(), work.is_broken_down.tolist(), strict=True
        )
        if is_there
    }
