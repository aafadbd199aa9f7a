"""Chances of the key results of running cycles, and the flags: hope, and money without a key result."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.queries import me
from core.templatetags.ui import Choice, Entry
from okrs.queries import chances as queries
from portfolio.forms import view_of
from portfolio.queries import streams_for


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """`?stream=`, `?as_of=`."""
    user, view = me(request), view_of(request.GET, me(request), timezone.now())
    rows = queries.chance_rows(user, [view.stream] if view.stream else None, view.at)
    streams = [Choice(one.name, {"stream": one.slug}, current=one == view.stream) for one in streams_for(user)]
    context = {
        "view": view,
        "rows": rows,
        "finding": queries.finding(rows, timezone.localdate(view.at)),
        "calibration": queries.calibration(user),
        "hopes": sum(bool(row.hope) for row in rows),
        "orphans": queries.orphans(user, view.stream, view.at),
        "streams": [Choice("All value streams", {"stream": None}, current=not view.stream), *streams],
        "days": [Choice("Now", {"as_of": None}, current=not view.is_past)],
        "day_fields": [Entry("as_of", "End of the day", view.as_of.isoformat() if view.as_of else "")],
    }
    return render(request, "okrs/chances.html", context)
