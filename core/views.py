"""The search, as the palette's list and as a page of its own; and pages for machines: health, and the live log
for browsers that cannot hear the stream."""

from typing import Any, cast

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from core import health, live, outbox, presence
from core.limits import may_ask, may_guess
from core.models import Notice
from core.search import find

# Notices on a page.
NOTICES = 30


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what is wrong with a request, where a page of ours says so (BadRequest); else that it is none of ours."""
    said = str(exception) if isinstance(exception, BadRequest) else ""
    # Without the request: it may be what is wrong (its host, its cookies).
    return HttpResponse(render_to_string("400.html", {"exception": said}), status=400)


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """`?q=`; a script (htmx or the palette) gets the list alone."""
    text = request.GET.get("q", "")
    hits = find(text, cast(AbstractBaseUser, request.user))
    name = "core/hits.html" if request.headers.get("HX-Request") else "core/search.html"
    return render(request, name, {"hits": hits, "q": text})


@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """What the portal told this person, the unread first."""
    own = Notice.objects.filter(user=request.user.pk).order_by(F("read_at").desc(nulls_first=True), "-at", "-pk")
    page = Paginator(own, NOTICES).get_page(request.GET.get("page"))
    unread = own.filter(read_at=None).count()
    return render(request, "core/notices.html", {"page": page, "unread": unread})


@require_GET
def notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Where a notice leads; whoever follows it has read it."""
    told = get_object_or_404(Notice, pk=notice_id, user=request.user.pk)
    outbox.mark_read(user_id=told.user_id, notice_id=told.pk)
    is_ours = url_has_allowed_host_and_scheme(told.url, allowed_hosts={request.get_host()})
    return redirect(told.url if told.url and is_ours else "notices")


@require_POST
def read_notices(request: HttpRequest) -> HttpResponse:
    """Mark one notice (`notice`) or all as read."""
    said = request.POST.get("notice", "")
    if said and not said.isdecimal():
        return HttpResponse("No such notice.", status=400, content_type="text/plain")
    user = cast(AbstractBaseUser, request.user)
    outbox.mark_read(user_id=user.pk, notice_id=int(said) if said else None)
    return redirect("notices")


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
    wanted = _wanted(request)
    if not all(live.may_listen(request.user, topic) for topic in wanted):
        raise Http404
    events, after = _news(request, wanted)
    return JsonResponse({"events": [event._asdict() for event in [*events, *_here(request, wanted)]], "after": after})


@login_not_required
@never_cache
@require_safe
def poll_by_key(request: HttpRequest) -> JsonResponse:
    """The same for a page without a login: ?key=… says what it may hear, and how much of it. 404 for a wrong key."""
    wanted, key, address = _wanted(request), request.GET.get("key", ""), request.META.get("REMOTE_ADDR", "")
    if not live.key_opens(key, wanted):
        if not may_guess(address):
            return JsonResponse({"error": "Too many wrong keys. Wait a minute."}, status=429)
        raise Http404
    if not may_ask(address, key):
        return JsonResponse({"error": "Too many questions. Wait a minute."}, status=429)
    events, after = _news(request, wanted)
    told = [shown._asdict() for event in events if (shown := live.as_told(key, event))]
    return JsonResponse({"events": told, "after": after})


def _wanted(request: HttpRequest) -> list[str]:
    """The topics that are asked for, each once; 404 for none, and for more than a page listens to."""
    wanted = list(dict.fromkeys(request.GET.getlist("topic")))
    if not 0 < len(wanted) <= live.MAX_TOPICS:
        raise Http404
    return wanted


def _news(request: HttpRequest, wanted: list[str]) -> tuple[list[live.Event], str]:
    """The events of these topics since ?after=, and what that is now."""
    heard = live.numbers_in(request.GET.get("after", ""), len(wanted))
    if heard is None:
        return [], live.position(wanted)
    events = live.since(wanted, heard)
    newest = dict(zip(wanted, heard, strict=True)) | {event.topic: event.id for event in events}
    return events, live.cursor_of([newest[topic] for topic in wanted])


def _here(request: HttpRequest, wanted: list[str]) -> list[live.Event]:
    """Who is here, for topics that keep that; a page that polls is here by polling."""
    user = cast(AbstractBaseUser, request.user)
    who = presence.Person(user.pk, str(user))
    found = [(topic, presence.renew(topic, who, "poll")) for topic in filter(presence.counts, wanted)]
    return [live.Event(0, topic, presence.KIND, presence.told(people)) for topic, people in found]
