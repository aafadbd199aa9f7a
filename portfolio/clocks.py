"""The clocks of teams: business time by their working calendars, in their zones (portfolio/formulas/clock.py)."""

from collections.abc import Iterable
from datetime import date

from portfolio.formulas.clock import FAR, Clock, clock, micros, seconds_many
from portfolio.models import Holiday, Team

__all__ = ["FAR", "Clock", "clock_of", "clocks", "micros", "seconds_many"]


def clock_of(team: Team) -> Clock:
    """The clock of one team."""
    return clocks([team])[team.pk]


def clocks(teams: Iterable[Team | int]) -> dict[int, Clock]:
    """The clocks of teams (or of their primary keys), by primary key: two queries however many they are."""
    ids = {team.pk if isinstance(team, Team) else team for team in teams}
    if not ids:
        return {}
    rows = list(Team.objects.filter(pk__in=ids).select_related("calendar").order_by())
    holidays: dict[int, list[date]] = {}
    wanted = {team.calendar_id for team in rows}
    for calendar, on in Holiday.objects.filter(calendar__in=wanted).order_by().values_list("calendar", "on"):
        holidays.setdefault(calendar, []).append(on)
    return {
        team.pk: clock(
            team.calendar.weekdays,
            team.calendar.day_starts,
            team.calendar.day_ends,
            holidays.get(team.calendar_id, ()),
            team.zone,
        )
        for team in rows
    }
