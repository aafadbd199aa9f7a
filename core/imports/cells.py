"""What people write into cells, read; what cannot be read raises ValueError with a message for people."""

import re
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings

DAYS = (
    (re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?"), "2026-03-31"),
    (re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})"), "31.3.2026"),
)
PLAIN = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
# 1,234,567.89 and 1.234.567,89, also 1 234 567,89 and 1'234.50: groups of three, then another mark and the decimals.
GROUPED = re.compile(r"([-+]?)(\d{1,3}(?:([ .,'’\u00a0\u202f])\d{3})(?:\3\d{3})*)(?:([.,])(\d+))?")


def day(text: str) -> date:
    """A day, as 2026-03-31 or 31.3.2026; 3/4/2026 could be two days and is refused."""
    for pattern, _ in DAYS:
        if found := pattern.fullmatch(text):
            try:
                return date(int(found["y"]), int(found["m"]), int(found["d"]))
            except ValueError:
                break
    raise ValueError(f"“{text[:40]}” is no day: write it as 2026-03-31.")


def amount(text: str) -> Decimal:
    """Money in the portal's currency with at most two decimals: 12345.67, 12,345.67, 12.345,67, 12345 EUR."""
    number, currency = _without_currency(text)
    if currency and currency != settings.CURRENCY:
        raise ValueError(f"“{currency}” is not the currency of this portal: amounts are in {settings.CURRENCY}.")
    value = _number(number)
    if value is None or abs(value) >= 10**12:
        raise ValueError(f"“{text[:40]}” is no amount: write it as 12345.67.")
    if value != round(value, 2):
        raise ValueError(f"“{text[:40]}” has more than two decimals.")
    return round(value, 2)


def _without_currency(text: str) -> tuple[str, str]:
    """The number and what is written before or behind it; signs of the usual currencies are their names."""
    signs = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}
    found = re.fullmatch(r"([^\d+\-.,]*?)\s*([-+]?[\d.,'’\s]*\d)\s*(\D*)", text.strip())
    if not found:
        return text, ""
    named = (found[1] or found[3]).strip().upper()
    return found[2].strip(), signs.get(named, named)


def _number(text: str) -> Decimal | None:
    if found := GROUPED.fullmatch(text):
        sign, whole, group, mark, decimals = found.groups()
        if mark != group:
            return Decimal(f"{sign}{whole.replace(group, '')}.{decimals or 0}")
    return Decimal(text.replace(",", ".")) if PLAIN.fullmatch(text) else None


def whole(text: str) -> int:
    """A whole number; 5.0, as spreadsheets write it, is one."""
    found = re.fullmatch(r"([-+]?\d{1,12})(?:[.,]0+)?", text)
    if not found:
        raise ValueError(f"“{text[:40]}” is no whole number.")
    return int(found[1])


def number(text: str) -> Decimal:
    """A number with a point or a comma before its decimals."""
    value = _number(text)
    if value is None or abs(value) >= 10**15:
        raise ValueError(f"“{text[:40]}” is no number: write it as 12.5.")
    return value


def choice(text: str, choices: "list[tuple[str, str]]") -> str:
    """The value of a choice, given by its value, its label or the label's first word; case does not matter."""
    plain = text.casefold()
    for value, label in choices:
        if plain in {str(value).casefold(), str(label).casefold(), str(label).casefold().split()[0]}:
            return str(value)
    raise ValueError(f"“{text[:40]}” is not one of {', '.join(str(value) for value, _ in choices if value)}.")


def text_of(value: object) -> str:
    """A cell of a workbook as text, as the functions here read it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(sep=" ")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        short = f"{value:.12g}"
        plain = format(Decimal(short), "f")
        # 1.234 is a number here, not 1234 with a mark between its thousands.
        return f"{plain}0" if re.fullmatch(r"-?\d+\.\d{3}", plain) else plain
    return str(value).strip()
