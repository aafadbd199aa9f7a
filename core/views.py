"""The search, as the palette's list and as a page of its own; and pages for machines: health, and the live log
for browsers that cannot hear the stream."""

from typing import Any, cast

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AbstractBaseUser
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from core import health, live
from core.search import find


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """`?q=`; a script (htmx or the palette) gets the list alone."""
    text = request.GET.get("q", "")
    hits = find(text, cast(AbstractBaseUser, request.user))
    name = "core/hits.html" if request.headers.get("HX-Request") else "core/search.html"
    return render(request, name, {"hits": hits, "q": text})


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the portal can work, 503 with what is wrong when it cannot."""
    problems = health.problems()
    answer: dict[str, Any] = {"status": "error", "problems": problems} if problems else {"status": "ok"}
    return JsonResponse(answer, status=503 if problems else 200)


@never_cache
@require_safe
def poll(request: HttpRequest) -> JsonResponse:
    """?topic=…&after=…: the events since then, and what to send as `after` next time."""
    wanted = request.GET.getlist("topic")
    if not wanted or not all(live.may_listen(request.user, topic) for topic in wanted):
        raise Http404
    heard = live.numbers_in(request.GET.get("after", ""), len(wanted))
    if heard is None:
        return JsonResponse({"events": [], "after": live.position(wanted)})
    events = live.since(wanted, heard)
    newest = dict(zip(wanted, heard, strict=True)) | {event.topic: event.id for event in events}
    after = live.cursor_of([newest[topic] for topic in wanted])
    return JsonResponse({"events": [event._asdict() for event in events], "after": after})
