"""The overview: the leader's page, all rows of each of its widgets, and the page as PDF."""

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from accounts.actions import record_overview
from accounts.queries import me
from core.exports import csv_response
from dashboards import paper
from dashboards.queries.home import ask_of, page, part
from metrics import forms
from metrics.views import asked_of
from portfolio.overview import Ask
from portfolio.queries import ScopeNotFound

# Who comes back within this time is still on the same visit: what changed before it stays on the page.
VISIT = timedelta(hours=1)
SINCE = "overview_since"


def _since(request: HttpRequest, now: datetime) -> datetime | None:
    """When the reader's last visit was, before this one; None: they never were here."""
    user = me(request)
    read, kept = user.overview_read_at, request.session.get(SINCE)
    is_new = read is None or now - read > VISIT
    if kept is None or is_new:
        # On another device within the same visit nobody knows any more: the week is shown.
        kept = request.session[SINCE] = read.isoformat() if read and is_new else ""
    record_overview(user=user, at=now)
    return datetime.fromisoformat(kept) if kept else None


def _asked(request: HttpRequest, now: datetime) -> tuple[forms.Asked, Ask]:
    """What is asked of a part of the overview, on the same visit as the page."""
    asked, kept = asked_of(request), request.session.get(SINCE)
    return asked, ask_of(asked, request.user, now, datetime.fromisoformat(kept) if kept else None)


def _context(request: HttpRequest, asked: forms.Asked, ask: Ask, now: datetime) -> dict[str, Any]:
    context = forms.pickers(asked, request.user, now, of_ranks=False, of_items=False)
    said = forms.as_of_text(asked, now)
    # The time of day is enough to know now by, where the page's head says the day.
    short = said if asked.as_of else date_format(now.astimezone(asked.scope.zone), "H:i")
    back = f"{reverse('home')}?{asked.query}"
    return context | {"ask": ask, "as_of_text": said, "as_of_short": short, "back": back}


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The overview of the widest scope the reader may see; who sees no team is told what to do."""
    now = timezone.now()
    try:
        asked = forms.ask(request.GET, request.user, now)
    except ScopeNotFound:
        if "scope" in request.GET:
            asked_of(request)
        return render(request, "dashboards/nothing.html")
    if asked.scope.kind == "team" and "scope" in request.GET:
        return redirect(f"/flow/?{asked.query}")
    ask = ask_of(asked, request.user, now, None if asked.as_of else _since(request, now))
    context = _context(request, asked, ask, now) | {"overview": page(ask), "nav": "overview"}
    context["pdf_url"] = f"{reverse('home-pdf')}?{asked.query}"
    return render(request, "dashboards/home.html", context, status=400 if asked.problems else 200)


@require_GET
def home_part(request: HttpRequest, key: str) -> HttpResponse:
    """All rows of one widget, and how it is made."""
    now = timezone.now()
    asked, ask = _asked(request, now)
    tile = part(key, ask)
    if tile is None:
        raise Http404
    context = _context(request, asked, ask, now) | {"tile": tile, "nav": "overview"}
    return render(request, "dashboards/home/part.html", context, status=400 if asked.problems else 200)


@require_GET
def home_csv(request: HttpRequest, key: str) -> HttpResponseBase:
    """The rows of one widget as CSV."""
    asked, ask = _asked(request, timezone.now())
    tile = part(key, ask)
    if tile is None:
        raise Http404
    return csv_response(f"{key} {asked.scope.name}", *tile.table)


@require_GET
def home_pdf(request: HttpRequest) -> HttpResponse:
    """The overview on one A4 page."""
    now = timezone.now()
    asked, ask = _asked(request, now)
    context = _context(request, asked, ask, now) | {"overview": page(ask), "made_at": timezone.localtime(now)}
    context["address"] = request.build_absolute_uri(reverse("home"))
    try:
        made = paper.pdf(request, context)
    except paper.NoPaper:
        return render(request, "dashboards/home/no_pdf.html", context, status=501)
    response = HttpResponse(made, content_type="application/pdf")
    name = slugify(f"overview {asked.scope.name} {ask.day}")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response
