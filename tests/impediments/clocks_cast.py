"""A team in Berlin that works from 9 to 17 on weekdays: 8 business hours a day."""

from datetime import datetime
from zoneinfo import ZoneInfo

from impediments.actions import log_impediment
from impediments.models import Impediment
from tests.cast import Cast

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    """`2025-05-09 16:00`, on the wall clock of Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def in_berlin(cast: Cast) -> None:
    cast.falcon.timezone = "Europe/Berlin"
    cast.falcon.save()


def logged(cast: Cast, when: str, since: str = "", **more: object) -> Impediment:
    """Of Falcon, by Max, at `when`; in the way since then or since an earlier instant. Max logs for Falcon alone."""
    fields = {"actor": cast.member, "what": "No licence", "category": "procurement", "team": cast.falcon, **more}
    return log_impediment(at=at(when), since=at(since or when), **fields)  # type: ignore[arg-type]
