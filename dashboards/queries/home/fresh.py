"""How fresh is what the page shows: the scope's sources, and how old the prepared costs are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min
from django.urls import reverse
from django.utils import timezone

from connectors.queries import sources as visible_sources
from funding.models import CostMark
from metrics.models import Source
from metrics.rules import Freshness, ago, freshness, of_sources, sources_of
from portfolio.overview import Ask, Cell, Head, Tile
from portfolio.rules import can_somewhere

SHOWN = 4
WHY = (
    "Every figure is computed from what the sources had delivered at their last sync. A source that is late by more "
    "than twice its schedule is stale. Figures kept from an earlier reader are used only as long as nothing they rest "
    "on has changed: the page shows the same numbers either way.",
    "Costs of days are prepared after each sync and every night: figures of money rest on them up to the day that is "
    "said here.",
)


@dataclass(frozen=True, slots=True)
class Fresh:
    """The sources of the scope that the reader may open, with their freshness."""

    sources: Sequence[tuple[Source, Freshness]]
    is_past: bool

    @property
    def late(self) -> Sequence[tuple[Source, Freshness]]:
        """The sources that somebody should look at: stale, stopped, never synced."""
        return [(source, fresh) for source, fresh in self.sources if fresh.tone or source.synced_at is None]

    @property
    def text(self) -> str:
        """How fresh the sources are, in a sentence."""
        what = f"of {len(self.sources)} sources" if len(self.sources) > 1 else "source"
        if not self.sources:
            return "No source is connected yet."
        if self.is_past and not self.late:
            who = "every source" if len(self.sources) > 1 else "the source"
            return f"Complete: {who} has synced since then."
        if self.is_past:
            return f"{len(self.late)} {what} {'has' if len(self.late) == 1 else 'have'} not synced since then."
        if self.late:
            return f"{len(self.late)} {what} {'has' if len(self.late) == 1 else 'have'} no fresh data."
        oldest = min((source.synced_at, fresh.text) for source, fresh in self.sources if source.synced_at)[1]
        return f"Nothing is stale: the oldest {what} was {oldest}." if len(self.sources) > 1 else f"It was {oldest}."

    def whole(self, now: datetime, as_of: datetime | None) -> Freshness:
        """The freshness of figures that all the sources feed."""
        return of_sources([source for source, _ in self.sources], now, as_of)


def read(ask: Ask, now: datetime) -> Fresh:
    """The scope's sources that the reader may open: another team's may have delivered an item or two to it."""
    seen = visible_sources(ask.user)
    fed = list(seen) if ask.is_whole else _of_teams(ask, set(seen.values_list("pk", flat=True)))
    return Fresh([(source, freshness(source, now, ask.as_of)) for source in fed], ask.as_of is not None)


def _of_teams(ask: Ask, seen: set[int]) -> list[Source]:
    return [source for source in sources_of(ask.scope.teams) if source.pk in seen]


def tile(ask: Ask) -> Tile:
    """The freshness of the page; those sources that need somebody come first."""
    now = timezone.now()
    found = read(ask, now)
    late = found.late
    rows = [*late, *(one for one in found.sources if one not in late)]
    return Tile(
        key="fresh",
        question="How fresh is what I see?",
        answer=found.text,
        trend=_costs(ask, now),
        head=[Head("Source"), Head("State")],
        rows=[_row(source, fresh) for source, fresh in rows],
        shown=min(SHOWN, len(late)),
        noun="source",
        size="w4",
        why=WHY,
        page=reverse("sources"),
        page_label="Sources" if found.sources else "Connect the first one",
        extra={"whole": found.whole(now, ask.as_of)},
    )


def _row(source: Source, fresh: Freshness) -> list[Cell]:
    state = Cell(fresh.text, tone=fresh.tone, is_tag=bool(fresh.tone), note=source.error)
    return [Cell(source.name, reverse("source", args=[source.slug])), state]


def _costs(ask: Ask, now: datetime) -> str:
    """How old the prepared costs are, for who sees money."""
    if ask.as_of is not None or not can_somewhere(ask.user, "see_money"):
        return ""
    made = CostMark.objects.filter(team__in=ask.scope.teams).aggregate(oldest=Min("made_at"))["oldest"]
    return f"Costs of days were prepared {ago(made, now)}." if made else ""
