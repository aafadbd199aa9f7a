"""The overview."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from dashboards.queries.home import overview
from metrics import forms
from metrics.rules import of_sources
from metrics.views import asked_of
from portfolio.queries import ScopeNotFound


def _overview(request: HttpRequest, asked: forms.Asked) -> HttpResponse:
    now = timezone.now()
    shown = overview(asked, asked.as_of or now, now, request.user)
    context: dict[str, Any] = forms.pickers(asked, request.user, now, of_ranks=False) | {"overview": shown}
    sources = [source for source, _ in shown.sources]
    context |= {"as_of_text": forms.as_of_text(asked, now), "fresh": of_sources(sources, now, asked.as_of)}
    return render(request, "dashboards/home.html", context, status=400 if asked.problems else 200)


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The overview of the widest scope the reader may see; who sees no team is told what to do."""
    try:
        asked = forms.ask(request.GET, request.user, timezone.now())
    except ScopeNotFound:
        if "scope" in request.GET:
            asked_of(request)
        return render(request, "dashboards/nothing.html")
    if asked.scope.kind == "team" and "scope" in request.GET:
        return redirect(f"/flow/?{asked.query}")
    return _overview(request, asked)
