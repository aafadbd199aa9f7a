"""Guardrail 4: when did a business owner last look at each initiative that is under way?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max
from django.utils import timezone

from portfolio.models import Initiative, Review

# An initiative that nobody looked at for longer is named: about a quarter.
MOST_DAYS = 90
# So many are listed on the page.
SHOWN = 8


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """The last review of an initiative by the as-of day; None: there was none."""

    initiative: Initiative
    on: date | None
    days: int | None

    @property
    def is_late(self) -> bool:
        return self.days is None or self.days > MOST_DAYS


@dataclass(frozen=True, slots=True)
class Reviews:
    """Guardrail 4: the open initiatives, those longest without a review first."""

    rows: tuple[ReviewRow, ...]

    @property
    def late(self) -> list[ReviewRow]:
        return [row for row in self.rows if row.is_late]

    @property
    def tag(self) -> str:
        """A word for the head of the widget."""
        return f"{len(self.late)} late" if self.late else ""

    @property
    def tone(self) -> str:
        return "warn" if self.late else ""

    @property
    def shown(self) -> Sequence[ReviewRow]:
        """Those that the page lists."""
        return self.rows[:SHOWN]

    @property
    def more(self) -> int:
        """How many the page does not list."""
        return max(len(self.rows) - SHOWN, 0)

    @property
    def answer(self) -> str:
        if not self.rows:
            return "There are no open initiatives."
        if not self.late:
            return f"A business owner looked at every open initiative in the last {MOST_DAYS} days."
        never = sum(row.on is None for row in self.late)
        said = f"{len(self.late)} of {len(self.rows)} open initiatives had no review in the last {MOST_DAYS} days"
        return f"{said}, {never} of them never." if never else f"{said}."


def reviews(as_of: datetime, initiatives: Sequence[Initiative]) -> Reviews:
    """The last review of each of the initiatives by the day of `as_of`: one query."""
    today = timezone.localdate(as_of)
    found = Review.objects.filter(initiative__in=initiatives, on__lte=today).order_by()
    latest = dict(found.values_list("initiative").annotate(last=Max("on")))
    rows = (_row(one, latest.get(one.pk), today) for one in initiatives)
    return Reviews(tuple(sorted(rows, key=lambda row: (row.on or date.min, row.initiative.name))))


def _row(one: Initiative, on: date | None, today: date) -> ReviewRow:
    return ReviewRow(one, on, None if on is None else (today - on).days)
