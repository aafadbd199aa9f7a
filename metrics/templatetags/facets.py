"""`{% facet_picker asked %}`: choose among the items of the scope, several at once."""

from typing import Any

from django import template
from django.http import HttpRequest
from django.utils import timezone

from metrics import facets
from metrics.forms import FACETS, Asked

register = template.Library()


@register.inclusion_tag("metrics/facets.html", takes_context=True)
def facet_picker(context: template.Context, asked: Asked) -> dict[str, Any]:
    """Types, classes of service and labels that occur, as boxes to tick; the rest of the address is kept."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name in (*FACETS, "page"):
        query.pop(name, None)
    return {
        "text": facets.said(asked.facets),
        "groups": facets.groups(asked.scope, asked.as_of or timezone.now(), asked.facets),
        "kept": [(name, value) for name, values in query.lists() for value in values],
        "clear": f"?{query.urlencode()}" if query else request.path,
        "is_chosen": not asked.facets.are_all,
    }
