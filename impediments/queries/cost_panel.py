"""What an impediment costs, for the section of its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.models import User
from impediments import costs
from impediments.costs import Explanation, Projection, Run
from impediments.forms.costs import USUAL_DAYS
from impediments.models import Impediment
from metrics.rules import Freshness, of_sources, sources_of

# Lines of the formula; the others are in the CSV.
MOST_RUNS = 8


@dataclass(frozen=True, slots=True)
class CostPanel:
    """Both costs of an impediment for the section of its page: written out, and until a day."""

    found: Explanation
    until: date
    coming: Projection | None
    may_see_money: bool
    sources: Freshness
    query: str = ""

    @property
    def runs(self) -> Sequence[Run]:
        """The latest of the alike days, the latest first; all are in the CSV."""
        return sorted(self.found.runs, key=lambda run: run.last, reverse=True)[:MOST_RUNS]

    @property
    def left_out(self) -> int:
        return max(len(self.found.runs) - MOST_RUNS, 0)


def cost_panel(one: Impediment, user: User, as_of: datetime, until: date | None = None, query: str = "") -> CostPanel:
    """What the page of an impediment shows of its costs; `until` is four weeks later unless it is said.

    `query` goes with links to its rows (with its "?").
    """
    streams = costs.money_streams(user)
    day = until or as_of.astimezone(one.team.zone).date() + timedelta(USUAL_DAYS)
    found = costs.explain(one, as_of, streams, user)
    coming = costs.project([one], day, as_of, streams).get(one.pk)
    teams = {part.stream for part in found.capacity.parts} or {one.team.stream_id}
    hit = {block.item.team_id for block in found.blocks if block.item} | {one.team_id}
    # A query is that of a past day.
    fresh = of_sources(sources_of(hit), as_of, as_of if query else None)
    return CostPanel(found, day, coming, bool(teams & streams), fresh, query)
