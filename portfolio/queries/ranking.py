"""Initiatives in the order of WSJF: all open ones that somebody sees, of a value stream or of all together."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple

from accounts.models import User
from portfolio.formulas import wsjf
from portfolio.models import WSJF_PARTS, Initiative, Stage, ValueStream

OPEN = [stage for stage in Stage if stage != Stage.DONE]


class Ranked(NamedTuple):
    """An open initiative with its rank among those it is ranked with."""

    initiative: Initiative
    rank: wsjf.Rank

    @property
    def text(self) -> str:
        """Its WSJF in words."""
        return shown(self.rank.value)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Open initiatives, the first first, and what is odd about their scores."""

    rows: list[Ranked]
    warnings: list[wsjf.Oddity]

    @property
    def scored(self) -> int:
        return sum(row.rank.value is not None for row in self.rows)


def shown(value: Fraction | None) -> str:
    """A WSJF with one decimal, halves up: 5.0; "n/a" where a part has no score."""
    if value is None:
        return "n/a"
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return str(exact.quantize(Decimal("0.1"), ROUND_HALF_UP))


def job_of(initiative: Initiative) -> wsjf.Job:
    value, time, risk, size = (getattr(initiative, part) for part in WSJF_PARTS)
    return wsjf.Job(initiative.pk, initiative.name, (value, time, risk, size), initiative.manual_rank)


def rank_by_id(initiatives: Iterable[Initiative]) -> dict[int, wsjf.Rank]:
    """The rank of each of these among them, by id."""
    return {rank.key: rank for rank in wsjf.ranked(map(job_of, initiatives))}


def ranking(user: User, stream: ValueStream | None = None) -> Ranking:
    """The open initiatives that `user` sees, ranked among each other, with warnings about their scores."""
    found = Initiative.objects.for_user(user).filter(stage__in=OPEN).select_related("stream", "owner")
    known = {one.pk: one for one in (found.filter(stream=stream) if stream else found)}
    rows = [Ranked(known[rank.key], rank) for rank in wsjf.ranked(map(job_of, known.values()))]
    return Ranking(rows, wsjf.warnings([job_of(one).parts for one in known.values()]))
