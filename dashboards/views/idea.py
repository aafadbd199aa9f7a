"""From idea to customer: how long initiatives take through their stages, and where they wait."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.queries import me
from core.exports import csv_response
from core.templatetags.ui import Choice, Entry
from dashboards.queries import idea
from portfolio.forms import View, view_of
from portfolio.models import ValueStream


def _ask(request: HttpRequest) -> tuple[View, idea.Ways]:
    view = view_of(request.GET, me(request), timezone.now())
    return view, idea.ways(me(request), view.at, stream=view.stream, theme=view.theme)


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """`?stream=`, `?theme=`, `?as_of=`."""
    view, found = _ask(request)
    streams = ValueStream.objects.for_user(me(request)).filter(ended_on=None)
    context = {
        "view": view,
        "ways": found,
        "stages": [stage.label for stage in idea.STAGES],
        "stream_choices": [
            Choice("All value streams", {"stream": None}, current=not view.stream),
            *(Choice(one.name, {"stream": one.slug}, current=one == view.stream) for one in streams),
        ],
        "day_choices": [Choice("Now", {"as_of": None}, current=not view.is_past)],
        "day_fields": [Entry("as_of", "End of the day", view.as_of.isoformat() if view.as_of else "")],
    }
    return render(request, "dashboards/idea.html", context)


@require_GET
def as_csv(request: HttpRequest) -> HttpResponseBase:
    """The rows of the page."""
    _, found = _ask(request)
    head = ["Initiative", "Value stream", "Began on", "First with customers on", "Days"]
    rows = (
        [row.initiative.slug, row.initiative.stream.slug, row.began_on, row.arrived_on, row.total, *row.days]
        for row in found.rows
    )
    return csv_response("idea-to-customer", [*head, *(f"Days in {s.label.lower()}" for s in idea.STAGES)], rows)
