"""Calendar quarters: what budgets are fixed for, and how much of one has gone by."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A calendar quarter by its first day; both days belong to it."""

    first: date

    @property
    def last(self) -> date:
        return self.next.first - timedelta(days=1)

    @property
    def days(self) -> int:
        return (self.next.first - self.first).days

    @property
    def name(self) -> str:
        """As people write it: Q4 2026."""
        return f"Q{self.number} {self.first.year}"

    @property
    def number(self) -> int:
        return (self.first.month + 2) // 3

    @property
    def slug(self) -> str:
        """As addresses write it: 2026-q4."""
        return f"{self.first.year}-q{self.number}"

    @property
    def next(self) -> "Quarter":
        return Quarter.of(self.first + timedelta(days=100))

    @property
    def previous(self) -> "Quarter":
        return Quarter.of(self.first - timedelta(days=1))

    def elapsed(self, day: date) -> Fraction:
        """The share of its calendar days that are over at the end of `day`: 0 before it, 1 from its last day on."""
        gone = (day - self.first).days + 1
        return Fraction(min(max(gone, 0), self.days), self.days)

    @staticmethod
    def of(day: date) -> "Quarter":
        """The quarter that a day is in."""
        return Quarter(date(day.year, (day.month - 1) // 3 * 3 + 1, 1))

    @staticmethod
    def read(text: str) -> "Quarter":
        """The quarter written as 2026-q4, 2026Q4 or by its first day. Raises ValueError with a message for people."""
        found = re.fullmatch(r"(\d{4})-?[qQ]([1-4])", text.strip())
        if found:
            year, number = map(int, found.groups())
            if 1970 <= year <= 2999:
                return Quarter(date(year, number * 3 - 2, 1))
        try:
            day = date.fromisoformat(text.strip())
        except ValueError:
            day = date.min
        if 1970 <= day.year <= 2999 and day == Quarter.of(day).first:
            return Quarter(day)
        raise ValueError(f"“{text[:40]}” is no quarter: write it as 2026-q4.")
