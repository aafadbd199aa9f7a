"""Work of Falcon that can be blocked: items in progress, and marks of their tool on them."""

from datetime import datetime

from metrics.actions import refresh
from metrics.models import BlockedStay, ItemFlow, WorkItem
from portfolio.models import Team
from tests.funding.cast import at as utc
from tests.funding.cast import board, item


def items(team: Team, *keys: str, began: str = "2025-05-02 08:00") -> list[WorkItem]:
    """In progress since `began`."""
    made = [item(team, key, began) for key in keys]
    refresh(board(team))
    return made


def mark(one: WorkItem, since: str, reason: str = "", until: str = "") -> BlockedStay:
    """Its tool shows it as blocked (UTC)."""
    return BlockedStay.objects.create(
        source=one.source,
        external_id=f"{one.key} {since}",
        item=one,
        from_at=utc(since),
        to_at=utc(until) if until else None,
        reason=reason,
    )


def waited(one: WorkItem) -> float:
    """Hours that flow counts as waiting."""
    return ItemFlow.objects.get(item=one).waiting_seconds / 3600


def stays(one: WorkItem) -> list[tuple[datetime, datetime | None, str]]:
    return list(one.blocked_stays.order_by("from_at").values_list("from_at", "to_at", "reason"))
