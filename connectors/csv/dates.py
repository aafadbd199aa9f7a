"""Dates as people and tools write them, into instants."""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
CLOCK = (
    r"(?:[T ,]+(?P<h>\d{1,2})[:.](?P<min>\d{2})(?:[:.](?P<s>\d{2})(?:[.,](?P<frac>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?"
)
OFFSET = r"\s*(?P<offset>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
# Day, month and year by numbers, in an order that the file or a person says.
NUMBERS = re.compile(r"^(?P<a>\d{1,2})(?P<sep>[./-])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4}|\d{2})" + CLOCK + OFFSET + "$")
# Year first: by ISO 8601, and with other separators.
YEAR_FIRST = re.compile(r"^(?P<y>\d{4})(?P<sep>[./-])(?P<b>\d{1,2})(?P=sep)(?P<a>\d{1,2})" + CLOCK + OFFSET + "$")
# 01/Dec/23 1:27 PM, 1 December 2023
NAMED_DAY = re.compile(r"^(?P<a>\d{1,2})[ ./-]+(?P<m>[A-Za-z]{3,9})[ ./,-]+(?P<y>\d{4}|\d{2})" + CLOCK + OFFSET + "$")
# Dec 1, 2023 1:27 PM
NAMED_MONTH = re.compile(r"^(?P<m>[A-Za-z]{3,9})\.? (?P<a>\d{1,2}),? (?P<y>\d{4})" + CLOCK + OFFSET + "$")
EPOCH = re.compile(r"^\d{10}(\d{3})?$")
ORDERS = {"dmy", "mdy", "ymd"}

Parse = Callable[[str], datetime]


class Unreadable(ValueError):
    """Not a date; the text says what is wrong with it."""


def order_in(texts: Iterable[str]) -> str:
    """The order of day and month that dates such as 13/04/2023 show: "dmy", "mdy", "" when none is needed.

    "either" when all can be read both ways, "both" when they contradict each other. Dates with dots are d.m.y.
    """
    seen: set[str] = set()
    for text in texts:
        if "/" not in text[:3] and "-" not in text[:3]:
            continue
        found = NUMBERS.match(text.strip())
        if found is None:
            continue
        first, second = int(found["a"]), int(found["b"])
        seen.add("dmy" if first > 12 else "mdy" if second > 12 else "either" if first != second else "")
    told = seen & {"dmy", "mdy"}
    if len(told) == 2:
        return "both"
    return told.pop() if told else ("either" if "either" in seen else "")


def parser(form: str, zone: ZoneInfo) -> Parse:
    """A function from text to an aware datetime in UTC. `form`: "", an order, or a pattern as strptime takes it.

    Without a time it is midnight, without an offset it is in `zone`. The function raises Unreadable.
    """

    @lru_cache(maxsize=4096)
    def parse(text: str) -> datetime:
        text = text.strip()
        try:
            found = datetime.strptime(text, form) if "%" in form else _read(text, form)  # noqa: DTZ007
            return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            reason = str(error) if isinstance(error, Unreadable) else "is no date that exists"
            raise Unreadable(f"“{text[:60]}” {reason}") from error

    return parse


def _read(text: str, order: str) -> datetime:
    if text[4:5] == "-":
        # Most tools write ISO 8601, which Python reads fastest.
        with suppress(ValueError):
            return datetime.fromisoformat(text)
    if EPOCH.match(text):
        return datetime.fromtimestamp(int(text[:10]), UTC) + timedelta(milliseconds=int(text[10:] or 0))
    for pattern in (YEAR_FIRST, NUMBERS, NAMED_DAY, NAMED_MONTH):
        if found := pattern.match(text):
            return _assembled(found, order)
    raise Unreadable("is not a date in a form known here; say which with date_format")


def _assembled(found: re.Match[str], order: str) -> datetime:
    parts = found.groupdict()
    day, month = int(parts["a"]), _month(parts, order, found)
    if month is None:
        day, month = int(parts["b"]), int(parts["a"])
    return datetime.combine(datetime(_year(parts["y"]), month, day), _clock(parts), _offset(parts["offset"]))  # noqa: DTZ001


def _month(parts: dict[str, str], order: str, found: re.Match[str]) -> int | None:
    """The month, or None when `a` is the month and `b` the day."""
    if "m" in parts:
        short = parts["m"][:3].lower()
        if short not in MONTHS:
            raise Unreadable("has a month that is not English")
        return MONTHS.index(short) + 1
    return None if order == "mdy" and found.re is NUMBERS else int(parts["b"])


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else (2000 if int(text) < 70 else 1900) + int(text)


def _clock(parts: dict[str, str]) -> time:
    if parts["h"] is None:
        return time()
    hour = int(parts["h"])
    if parts["half"]:
        if not 1 <= hour <= 12:
            raise Unreadable("has an hour that no half of a day has")
        hour = hour % 12 + (12 if parts["half"][0] in "Pp" else 0)
    return time(hour, int(parts["min"]), int(parts["s"] or 0), int((parts["frac"] or "0")[:6].ljust(6, "0")))


def _offset(text: str | None) -> timezone | None:
    if not text:
        return None
    if text in {"Z", "UTC", "GMT"}:
        return UTC
    digits = text[1:].replace(":", "")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-shift if text[0] == "-" else shift)
