"""Numbers and colours of printed boards: paper is white, so its colours are not those of the screen."""

from django import template

from planning.exports.sheets import Box

register = template.Library()
# By the state of a string, the tone of a load or a chance, the kind of a card.
INKS = {
    "healthy": "#2f7d4f",
    "risk": "#a86400",
    "conflict": "#b3261e",
    "unplanned": "#7a746a",
    "red": "#b3261e",
    "amber": "#a86400",
    "high": "#2f7d4f",
    "mid": "#a86400",
    "low": "#b3261e",
    "feature": "#3b6ea5",
    "enabler": "#6b5ca5",
    "milestone": "#1f1d1a",
}
DASHES = {"risk": "2.4 1", "conflict": "1 0.8", "unplanned": "0.3 0.9"}


@register.filter
def mm(value: float, plus: float = 0) -> str:
    """Millimetres, never with a comma."""
    return f"{float(value) + float(plus):.2f}"


@register.filter
def ink(name: str) -> str:
    """The colour of a word on paper."""
    return INKS.get(name, "#6b665e")


@register.filter
def dash(name: str) -> str:
    """How a string of this state is dashed: it is told apart without colour too."""
    return DASHES.get(name, "")


@register.simple_tag
def below(y: float, lines: int, first: float, step: float) -> str:
    """The base line of a line of text."""
    return mm(y, first + lines * step)


@register.simple_tag
def edge(box: Box, inside: float) -> str:
    """Near the right edge of a box."""
    return mm(box.x, box.width - inside)
