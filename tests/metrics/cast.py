"""A small organisation to load facts into."""

from datetime import UTC, datetime

from metrics.models import Source
from portfolio.models import Team, ValueStream, WorkingCalendar


def at(text: str) -> datetime:
    """`2025-03-01` or `2025-03-01 14:30`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def team(slug: str, stream: str = "payments", zone: str = "UTC") -> Team:
    calendar, _ = WorkingCalendar.objects.get_or_create(name="Weekdays")
    home, _ = ValueStream.objects.get_or_create(slug=stream, defaults={"name": stream.title()})
    return Team.objects.create(slug=slug, name=slug.title(), stream=home, timezone=zone, calendar=calendar)


def source(owner: Team, slug: str = "board", **fields: object) -> Source:
    fields = {"tool": "csv", **fields}
    return Source.objects.create(slug=slug, name=slug.title(), team=owner, **fields)
