"""Values in words, with their unit; n/a says why."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from metrics.measurement import Measurement, Number

register = template.Library()

HOUR, DAY = 3600, 86400


@register.filter
def plain(value: Number | None) -> str:
    """A number with at most two decimals and commas between thousands."""
    if value is None:
        return "n/a"
    text = f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "\u2212")


@register.filter
def lasting(seconds: Number) -> str:
    """A length of time, rounded as people do: "40 s", "12 min", "5.2 h", "3.5 days"."""
    if seconds < 90:
        return f"{round(seconds)} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    if seconds < 2 * DAY:
        return f"{plain(round(seconds / HOUR, 1))} h"
    days = seconds / DAY
    return f"{plain(round(days, 1 if days < 10 else None))} days"


def value_text(value: Number | None, unit: str) -> str:
    """A value with its unit, as sentences say it."""
    if value is None:
        return "n/a"
    if unit == "ratio":
        return f"{plain(round(100 * value, 1))}\u00a0%"
    if unit == "seconds":
        return lasting(value)
    if unit == "per day":
        return f"{plain(round(value, 2))} a day"
    one = {"items": "item", "days": "day", "item days": "item day"}.get(unit, unit)
    return f"{plain(value)} {one if value == 1 else unit}"


@register.filter
def as_evidence(value: Number | None, label: str) -> str:
    """What a row adds, in words: seconds as a length of time."""
    if value is None:
        return ""
    return lasting(value) if "seconds" in label else plain(value)


@register.simple_tag
def value_with_unit(value: Number | None, unit: str) -> str:
    """A value of a measure's unit, as sentences say it."""
    return value_text(value, unit)


@register.simple_tag
def figure_text(measurement: Measurement) -> str:
    """The value with its unit, or "n/a"."""
    return value_text(measurement.value, measurement.unit)


@register.simple_tag
def figure_number(measurement: Measurement) -> SafeString:
    """The value in large, its unit small; n/a in grey with the reason below."""
    if measurement.value is None:
        why = measurement.reason[:1].upper() + measurement.reason[1:]
        return format_html('<p class="figure-number na">n/a</p><p class="small">{}</p>', why)
    number, _, unit = value_text(measurement.value, measurement.unit).replace("\u00a0", " ").partition(" ")
    return format_html('<p class="figure-number">{} <small>{}</small></p>', number, unit)
