"""How many business hours a level has before the next one is asked: defaults, and rows that differ from them."""

from collections.abc import Mapping
from decimal import Decimal

from impediments.models import Level, Limit

# Level 4 has none: nobody is above it.
DEFAULTS: Mapping[int, Decimal] = {Level.TEAM: Decimal(8), Level.PMO: Decimal(24), Level.BOARD: Decimal(40)}


class Limits:
    """All limits as they are now, read once."""

    def __init__(self) -> None:
        rows = Limit.objects.order_by().values_list("level", "category", "hours")
        self._rows = {(level, category): hours for level, category, hours in rows}

    def of(self, level: int, category: str) -> Decimal | None:
        """The hours of a level for a category: its own row, else the level's, else the default; None: no limit."""
        own = self._rows.get((level, category)) if category else None
        return own or self._rows.get((level, "")) or DEFAULTS.get(level)

    def has_own(self, level: int, category: str) -> bool:
        """Whether somebody set it (for this category itself, or with "" for all)."""
        return (level, category) in self._rows
