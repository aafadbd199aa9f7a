"""How key results and their values read."""

from django import template

from metrics.kpis import value_text
from okrs.models import KeyResult
from okrs.queries import Standing, due

register = template.Library()
MINUS = "\u2212"


@register.filter
def way(key_result: KeyResult) -> str:
    """From where to where it should get: from 12 to 5 days."""
    return due.way(key_result)


@register.filter
def said(key_result: KeyResult, value: float) -> str:
    """A value of it in words: {{ key_result|said:check_in.value }}."""
    return due.said(key_result, value)


@register.filter
def points(number: int) -> str:
    """A pace in percentage points: +4 pts, −12 pts; 0 is on pace."""
    if not number:
        return "on pace"
    return f"{'+' if number > 0 else MINUS}{abs(number)}\u00a0pts"


@register.filter
def tone(grade: str) -> str:
    """The colour of a grade: its word says the same."""
    return {"green": "good", "yellow": "warn", "red": "bad"}.get(grade, "")


@register.filter
def bar_words(standing: Standing) -> str:
    """What a bar of progress shows: 45 % of the way, 12 points behind the calendar."""
    share = f"{standing.share:.0f}\u00a0% of the way"
    if standing.elapsed == 0:
        return f"{share}, the cycle has not begun"
    if not standing.points:
        return f"{share}, level with the calendar"
    where = "ahead of" if standing.points > 0 else "behind"
    unit = "point" if abs(standing.points) == 1 else "points"
    return f"{share}, {abs(standing.points)} {unit} {where} the calendar"


@register.filter
def weight(number: float) -> str:
    """How often a key result counts: counts 3 times."""
    return f"counts {number:g} times" if number else "does not count"


@register.filter
def lift(number: float, unit: str) -> str:
    """An expected lift, always signed: +5 %, −2 days."""
    text = value_text(abs(number), unit)
    return f"{'+' if number > 0 else MINUS}{text}"
