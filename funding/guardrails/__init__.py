"""The four guardrails of a scope in a quarter, as at an instant: each with its figures and its answer in words.

1 horizons (what the money is for), 2 capacity allocation (what the work is for), 3 approvals (what is big), 4 reviews
(what business owners look at). 1 and 3 are money: leave them out for whoever may not see it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from funding.guardrails.allocation import AllocationRow, Capacity, capacity
from funding.guardrails.approvals import Approvals, approvals
from funding.guardrails.horizons import Horizons, horizons, targets_of
from funding.guardrails.reviews import MOST_DAYS, ReviewRow, Reviews, reviews
from portfolio.models import Initiative, Stage, ValueStream
from portfolio.quarters import Quarter
from portfolio.queries import Scope
from portfolio.stages import stage_at

__all__ = [
    "MOST_DAYS",
    "AllocationRow",
    "Approvals",
    "Capacity",
    "Guardrails",
    "Horizons",
    "ReviewRow",
    "Reviews",
    "approvals",
    "capacity",
    "guardrails",
    "horizons",
    "reviews",
    "targets_of",
]


@dataclass(frozen=True, slots=True)
class Guardrails:
    """`horizons` and `approvals` are None where money is not shown."""

    horizons: Horizons | None
    allocation: Capacity
    approvals: Approvals | None
    reviews: Reviews

    @property
    def heading(self) -> str:
        """The finding, for the page's head."""
        crossed = [
            name
            for name, one in (
                ("horizons", self.horizons),
                ("allocation", self.allocation),
                ("approvals", self.approvals),
                ("reviews", self.reviews),
            )
            if one is not None and one.tone
        ]
        shown = 2 + (self.horizons is not None) + (self.approvals is not None)
        if not crossed:
            return f"All {shown} guardrails hold"
        names = " and ".join(filter(None, (", ".join(crossed[:-1]), crossed[-1])))
        return f"{len(crossed)} of {shown} guardrails need a look: {names}"


def streams_of(scope: Scope) -> list[ValueStream]:
    """The value streams that a scope means: all of them, or the one."""
    found = ValueStream.objects.all()
    return list(found if scope.kind == "portfolio" else found.filter(slug=scope.slug))


def guardrails(scope: Scope, quarter: Quarter, as_of: datetime, *, with_money: bool = True) -> Guardrails:
    """The guardrails of the portfolio or of a value stream: the same number of queries, however many streams."""
    streams = streams_of(scope)
    every = list(Initiative.objects.filter(stream__in=streams).select_related("stream"))
    stages = stage_at([one.pk for one in every], as_of)
    own = [one for one in every if one.pk in stages]
    return Guardrails(
        horizons(scope, streams, quarter, as_of, own, stages) if with_money else None,
        capacity(streams, quarter, as_of),
        approvals(streams, as_of, own, stages) if with_money else None,
        reviews(as_of, _open(own, stages)),
    )


def _open(own: Collection[Initiative], stages: dict[int, str]) -> Sequence[Initiative]:
    return [one for one in own if stages[one.pk] != Stage.DONE]
