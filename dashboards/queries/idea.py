"""From idea to customer: per initiative the days in each stage, from the funnel to its first production deployment.

Days are calendar days in the portal's zone. A stage has the days from the one it was entered on to the one it was left
on, that one not included; the last stage has its last day too. So they add up to the whole way, both ends included.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.utils import timezone

from accounts.models import User
from metrics.epics import first_deployed
from metrics.formulas.stats import percentile
from portfolio.models import Initiative, Stage, Theme, ValueStream
from portfolio.stages import Stay, stays

# Every stage in which an idea waits or is worked on; what is done does not go on.
STAGES = [stage for stage in Stage if stage != Stage.DONE]


@dataclass(frozen=True, slots=True)
class Way:
    """An initiative's way: days by stage, in the order of STAGES; `arrived_on` is its first day with a customer."""

    initiative: Initiative
    began_on: date
    arrived_on: date | None
    days: Sequence[int]

    @property
    def total(self) -> int:
        return sum(self.days)

    @property
    def named(self) -> Sequence[tuple[str, int]]:
        """Its days with the names of their stages."""
        return [(stage.label, days) for stage, days in zip(STAGES, self.days, strict=True)]

    @property
    def longest(self) -> str:
        """The stage where it was longest; of equal ones the first."""
        return STAGES[max(range(len(STAGES)), key=lambda place: self.days[place])].label

    @property
    def has_ended(self) -> bool:
        """Closed without a deployment that is known: it will not arrive."""
        return self.arrived_on is None and self.initiative.stage == Stage.DONE


@dataclass(frozen=True, slots=True)
class Ways:
    """All of them, those that arrived first; percentiles of their days are None when none did."""

    rows: Sequence[Way]
    median: int | None
    most: int | None

    @property
    def arrived(self) -> int:
        return sum(row.arrived_on is not None for row in self.rows)

    @property
    def shares(self) -> Sequence[tuple[str, int, float]]:
        """Per stage: its name, the days of all ways in it, their share of all days (0…1)."""
        sums = [sum(row.days[place] for row in self.rows) for place in range(len(STAGES))]
        total = sum(sums)
        return [(stage.label, days, days / total if total else 0.0) for stage, days in zip(STAGES, sums, strict=True)]

    @property
    def longest(self) -> str:
        name, days, _ = max(self.shares, key=lambda one: one[1])
        return f"Longest in {name.lower()}: {days:,} days of all initiatives together"

    @property
    def reach(self) -> str:
        of = f"of {len(self.rows)} initiative{'' if len(self.rows) == 1 else 's'}"
        return f"{self.arrived or 'None'} {of} {'has' if self.arrived in (0, 1) else 'have'} reached customers"

    @property
    def finding(self) -> str:
        if not self.rows:
            return "No idea is on its way yet"
        name, _, share = max(self.shares, key=lambda one: one[1])
        waits = f"ideas spend {share:.0%} of their way in {name.lower()}".replace("%", " %")
        if self.median is None:
            return f"None has reached customers yet; {waits}"
        return f"Half of the ideas reach customers within {self.median} days; {waits}"


def days_by_stage(own: Sequence[Stay], until: date) -> list[int]:
    """Days in each of STAGES up to `until`, that day included; stays after it do not count."""
    days: dict[str, int] = dict.fromkeys(STAGES, 0)
    # The day something was done is the last one of the stage before, as the day of a deployment is.
    seen = [stay for stay in own if stay.stage in days and timezone.localdate(stay.entered_at) <= until]
    for stay in seen:
        left = timezone.localdate(stay.left_at) if stay.left_at else until
        is_last = stay is seen[-1]
        span = (min(left, until) - timezone.localdate(stay.entered_at)).days + int(is_last)
        days[stay.stage] += span
    return list(days.values())


def ways(user: User, at: datetime, *, stream: ValueStream | None = None, theme: Theme | None = None) -> Ways:
    """The ways of the initiatives that `user` sees and that were there by `at`: as many queries for one as for all."""
    seen = Initiative.objects.for_user(user).select_related("stream").order_by("name")
    seen = seen.filter(stream=stream) if stream else seen
    known = {one.pk: one for one in (seen.filter(theme=theme) if theme else seen)}
    own, arrived = stays(known, at), first_deployed(known, at)
    rows = [_way(known[pk], own[pk], arrived, timezone.localdate(at)) for pk in own]
    rows.sort(key=lambda row: (row.arrived_on is None, -row.total, row.initiative.name))
    totals = np.array([row.total for row in rows if row.arrived_on], dtype=np.int64)
    median, most = (percentile(totals, rank) for rank in (50, 85))
    return Ways(rows, median if median is None else int(median), most if most is None else int(most))


def _way(one: Initiative, own: Sequence[Stay], arrived: Mapping[int, datetime], today: date) -> Way:
    began = timezone.localdate(own[0].entered_at)
    on = timezone.localdate(arrived[one.pk]) if one.pk in arrived else None
    done = timezone.localdate(own[-1].entered_at) if own[-1].stage == Stage.DONE else today
    return Way(one, began, on, days_by_stage(own, on or done))
