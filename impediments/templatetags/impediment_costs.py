"""Days and weeks of costs as pages show them."""

from datetime import date

from django import template

register = template.Library()


@register.filter
def days(value: float | None) -> str:
    """A number of days or weeks: whole ones without a decimal, others with one, little ones with two."""
    if value is None:
        return "n/a"
    if abs(value - round(value)) < 0.005:
        return f"{round(value):,}"
    return f"{value:,.1f}" if abs(value) >= 1 else f"{value:.2f}"


@register.filter
def one(value: float) -> str:
    """The s of a plural, where the number as shown is not 1."""
    return "" if days(value) == "1" else "s"


@register.simple_tag
def span(first: date, last: date) -> str:
    """Days from one to another as briefly as can be: 6 Nov 2026, 4 to 6 Nov 2026, 30 Oct to 2 Nov 2026."""
    whole = f"{last:%-d %b %Y}"
    if first == last:
        return whole
    if first.year != last.year:
        return f"{first:%-d %b %Y} to {whole}"
    return f"{first:%-d} to {whole}" if first.month == last.month else f"{first:%-d %b} to {whole}"
