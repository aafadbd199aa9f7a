"""Impediments for the tests of costs: rows as the verbs leave them, without the verbs."""

from datetime import date

from impediments.models import Block, Impediment
from metrics.models import BlockedStay, WorkItem
from portfolio.models import Team
from tests.funding.cast import at


def impediment(
    team: Team, what: str, since: str, until: str = "", category: str = "procurement", promised_on: date | None = None
) -> Impediment:
    """Open since `since`; with `until` resolved then."""
    resolved = {"state": "resolved", "resolution": "Done", "root_cause": "process", "resolved_at": at(until or since)}
    made = Impediment.objects.create(
        what=what, team=team, category=category, since_at=at(since), logged_at=at(since), promised_on=promised_on,
        **(resolved if until else {}),
    )  # fmt: skip
    made.periods.create(from_at=at(since), to_at=at(until) if until else None)
    return made


def blocks(one: Impediment, item: WorkItem, since: str, until: str = "") -> Block:
    """It blocks the item from `since` to `until` (nothing: still)."""
    times = {"from_at": at(since), "to_at": at(until) if until else None}
    stay = BlockedStay.objects.create(external_id=f"{one.pk} {item.key} {since}", item=item, reason=one.what, **times)
    return Block.objects.create(impediment=one, item=item, stay=stay, key=item.key, title=item.title, **times)
