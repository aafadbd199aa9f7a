"""Working time of the demo teams: weekdays from nine to five in the team's zone, without the country's holidays."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = 480  # working minutes
_OPENS = time(9)
_AHEAD = 90  # days that are laid out beyond the last one asked for


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, by the anonymous algorithm."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    """The n-th ISO weekday of a month; n = -1: the last."""
    if n > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.isoweekday()) % 7 + 7 * (n - 1))
    last = date(year, month + 1, 1) - timedelta(days=1)
    return last - timedelta(days=(last.isoweekday() - weekday) % 7)


def _germany(year: int) -> dict[date, str]:
    sunday = easter(year)
    return {
        date(year, 1, 1): "New Year",
        sunday - timedelta(days=2): "Good Friday",
        sunday + timedelta(days=1): "Easter Monday",
        date(year, 5, 1): "Labour Day",
        sunday + timedelta(days=39): "Ascension Day",
        sunday + timedelta(days=50): "Whit Monday",
        date(year, 10, 3): "German Unity Day",
        date(year, 12, 25): "Christmas Day",
        date(year, 12, 26): "Second Day of Christmas",
    }


def _britain(year: int) -> dict[date, str]:
    sunday = easter(year)
    return {
        date(year, 1, 1): "New Year",
        sunday - timedelta(days=2): "Good Friday",
        sunday + timedelta(days=1): "Easter Monday",
        _nth(year, 5, 1, 1): "Early May bank holiday",
        _nth(year, 5, 1, -1): "Spring bank holiday",
        _nth(year, 8, 1, -1): "Summer bank holiday",
        date(year, 12, 25): "Christmas Day",
        date(year, 12, 26): "Boxing Day",
    }


def _states(year: int) -> dict[date, str]:
    thanksgiving = _nth(year, 11, 4, 4)
    return {
        date(year, 1, 1): "New Year",
        _nth(year, 1, 1, 3): "Martin Luther King Day",
        _nth(year, 2, 1, 3): "Presidents' Day",
        _nth(year, 5, 1, -1): "Memorial Day",
        date(year, 6, 19): "Juneteenth",
        date(year, 7, 4): "Independence Day",
        _nth(year, 9, 1, 1): "Labor Day",
        thanksgiving: "Thanksgiving",
        thanksgiving + timedelta(days=1): "Day after Thanksgiving",
        date(year, 12, 25): "Christmas Day",
    }


def _india(year: int) -> dict[date, str]:
    return {
        date(year, 1, 1): "New Year",
        date(year, 1, 26): "Republic Day",
        easter(year) - timedelta(days=2): "Good Friday",
        date(year, 5, 1): "Labour Day",
        date(year, 8, 15): "Independence Day",
        date(year, 10, 2): "Gandhi Jayanti",
        date(year, 12, 25): "Christmas Day",
    }


_COUNTRIES = {"DE": _germany, "GB": _britain, "US": _states, "IN": _india}


def holidays(country: str, year: int) -> dict[date, str]:
    """The year's national holidays with a fixed or a computable date, by day."""
    return _COUNTRIES[country](year)


def working_days(country: str, first: date, last: date) -> Iterator[date]:
    """Mondays to Fridays from `first` to `last` that are no holiday."""
    free = {day for year in range(first.year, last.year + 1) for day in holidays(country, year)}
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        if day.isoweekday() <= 5 and day not in free:
            yield day


class WorkClock:
    """Turns working minutes into instants (whole seconds since 1970) and back."""

    def __init__(self, country: str, zone: ZoneInfo, first: date, last: date) -> None:
        self.days = list(working_days(country, first, last + timedelta(days=_AHEAD)))
        self.opens = [int(datetime.combine(day, _OPENS, zone).timestamp()) for day in self.days]

    def minutes(self, at: int) -> float:
        """Working minutes from the first day's opening to `at`."""
        index = bisect_right(self.opens, at) - 1
        if index < 0:
            return 0.0
        return index * DAY + min(DAY, (at - self.opens[index]) / 60)

    def instant(self, minutes: float) -> int:
        """The instant at which that many working minutes have passed; far ahead: some instant after all days."""
        index, rest = divmod(minutes, DAY)
        if index >= len(self.opens):
            return self.opens[-1] + int(minutes * 60)
        return self.opens[int(index)] + int(rest * 60)

    def after(self, at: int, minutes: float) -> int:
        """The instant `minutes` of working time after `at`."""
        return self.instant(self.minutes(at) + minutes)

    def day(self, at: int) -> date:
        """The working day that `at` belongs to, or the latest before it."""
        return self.days[max(0, bisect_right(self.opens, at) - 1)]
