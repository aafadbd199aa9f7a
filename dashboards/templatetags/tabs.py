"""`{% tabs asked here %}`: the pages about one scope, side by side."""

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse

from metrics.forms import Asked

register = template.Library()

# The name of a page's URL and its tab. A tab appears when its page exists.
FLOW = (
    ("flow", "Flow"),
    ("flow-times", "Times"),
    ("flow-ageing", "Ageing"),
    ("flow-limits", "Limits"),
    ("expectations", "Expectations"),
    ("flow-blocked", "Blockers"),
    ("flow-mix", "Mix"),
    ("forecast", "Forecast"),
    ("flow-compare", "Compare"),
    ("items", "Items"),
    ("delivery", "Delivery"),
)
DELIVERY = (
    ("delivery", "Delivery"),
    ("pull-requests", "Pull requests"),
    ("deployments", "Deployments"),
    ("flow", "Flow"),
)
# One team has nobody to stand beside.
OF_SEVERAL = {"flow-compare"}


def _address(name: str) -> str:
    """The address of a page, or nothing while there is no such page."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@register.inclusion_tag("dashboards/tabs_of.html")
def tabs(asked: Asked, here: str) -> dict[str, Any]:
    """The tabs of the page whose URL is named `here`; scope, window, as-of and filters go with every one."""
    pages = DELIVERY if here in dict(DELIVERY) and here != "flow" else FLOW
    offered = [(name, label) for name, label in pages if name not in OF_SEVERAL or asked.scope.kind != "team"]
    shown = [(label, f"{url}?{asked.query}", name == here) for name, label in offered if (url := _address(name))]
    return {"tabs": shown, "name": asked.scope.name}
