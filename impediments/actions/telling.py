"""Who hears of what happens to an impediment (how they are told: impediments/notices.py)."""

from django.db.models import Q

from accounts.models import User
from core import outbox
from impediments.models import Impediment, Level, Pause
from impediments.notices import Event, number, page_of, readers, tell
from portfolio.models import Grant, Role, Team
from portfolio.rules import Person


def _key(row: Impediment, event: Event) -> str:
    """Names the deed: a version of an impediment is made by one."""
    return f"impediment:{row.pk}:{event}:{row.version}"


def _holders(role: str, places: Q) -> list[User]:
    rows = Grant.objects.filter(places, role=role, user__is_active=True).select_related("user").order_by("user")
    return [grant.user for grant in rows]


def people_at(level: int, team: Team) -> list[User]:
    """Who acts at a level, each once: nobody in particular at the team's own.

    2: the PMO of the value stream and of the whole portal. 3: these, and the leaders of the stream; where it has none,
    those of the whole portal. 4: the leaders of the whole portal. Where there is nobody, the administrators.
    """
    if level == Level.TEAM:
        return []
    everywhere, here = Q(stream=None, team=None), Q(stream=team.stream_id) | Q(team=team.pk)
    leaders = _holders(Role.LEADER, everywhere) if level == Level.EXECUTIVE else []
    if level == Level.BOARD:
        leaders = _holders(Role.LEADER, here) or _holders(Role.LEADER, everywhere)
    office = _holders(Role.PMO, everywhere | here) if level < Level.EXECUTIVE else []
    found = office + leaders or _holders(Role.ADMINISTRATOR, everywhere)
    return list({one.pk: one for one in found}.values())


def tell_logged(row: Impediment, actor: Person) -> None:
    """Other programs; the people who watch see it on the board."""
    tell(row, Event.LOGGED, key=_key(row, Event.LOGGED), actor=actor)


def tell_owner(row: Impediment, actor: Person) -> None:
    """Somebody whom another one made the owner."""
    if row.owner is not None:
        tell(row, Event.ASSIGNED, [row.owner], key=_key(row, Event.ASSIGNED), actor=actor, why=row.asked)


def tell_level(row: Impediment, actor: Person, *, reason: str, key: str = "") -> None:
    """Who acts at the level that it was raised to, and its owner."""
    people = [*people_at(row.level, row.team), row.owner]
    tell(row, Event.ESCALATED, people, key=key or _key(row, Event.ESCALATED), actor=actor, why=reason)


def tell_resolved(row: Impediment, actor: Person) -> None:
    """Who logged it."""
    tell(row, Event.RESOLVED, [row.logged_by], key=_key(row, Event.RESOLVED), actor=actor, why=row.resolution)


def tell_reopened(row: Impediment, actor: Person, reason: str = "") -> None:
    """Who owns it and who logged it."""
    people = [row.owner, row.logged_by]
    tell(row, Event.REOPENED, people, key=_key(row, Event.REOPENED), actor=actor, why=reason)


def tell_day_has_come(row: Impediment, stop: Pause) -> None:
    """Who waited for the day on which a pause ended: its owner and who paused it, in the portal."""
    waiting = {pk for pk in (row.owner_id, stop.by_id) if pk is not None}
    text = f"{number(row)} · The day has come, its clock runs again: {stop.reason}"
    for one in readers(row).filter(pk__in=waiting):
        outbox.notify(user_id=one.pk, key=f"pause:{stop.pk}:{one.pk}", text=text, url=page_of(row))
