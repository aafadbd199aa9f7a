"""Numbers and colours of printed boards: paper is white, so its colours are not those of the screen."""

from typing import TYPE_CHECKING

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from planning.exports.inks import DASHES, INKS

if TYPE_CHECKING:
    from planning.exports.sheets import Box

register = template.Library()


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
def at(x: float, y: float | str, width: float) -> SafeString:
    """Where a text stands, in millimetres. Only paper is told so: pages have no styles of their own."""
    return format_html('style="left:{}mm;top:{}mm;width:{}mm"', mm(x), mm(float(y)), mm(width))


@register.simple_tag(name="in")
def inside(box: "Box", left: float, top: float, right: float | None = None) -> SafeString:
    """The same, inside a box; as far from its right edge as from its left one, unless `right` says otherwise."""
    return at(box.x + left, box.y + top, box.width - left - (left if right is None else right))
