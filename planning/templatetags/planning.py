"""The tabs of an increment."""

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse

from planning.models import Increment

register = template.Library()
# URL name (all take the increment's slug) and label, in the order of work.
TABS = (
    ("increment", "Increment"),
    ("board", "Board"),
    ("plan-dependencies", "Dependencies"),
    ("plan-capacity", "Capacity"),
    ("plan-objectives", "Objectives"),
    ("plan-risks", "Risks"),
    ("plan-repair", "Repair"),
    ("plan-event", "Event"),
    ("plan-changes", "Changes"),
    ("plan-retrospective", "Looking back"),
)


@register.inclusion_tag("components/section_tabs.html")
def increment_tabs(increment: Increment, here: str) -> dict[str, Any]:
    """The pages of one increment; `here` is the URL name of the one shown."""
    found = []
    for name, label in TABS:
        try:
            found.append((label, reverse(name, args=[increment.slug]), name == here))
        except NoReverseMatch:
            continue
    return {"tabs": found, "section": "increment"}
