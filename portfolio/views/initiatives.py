"""Initiatives: what value streams invest in."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from portfolio import actions, forms, panels, queries
from portfolio.models import Initiative
from portfolio.rules import WORDS, can, can_somewhere
from portfolio.views import streams


def find(request: HttpRequest, slug: str) -> Initiative:
    return get_object_or_404(Initiative.objects.for_user(me(request)).select_related("stream"), slug=slug)


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Initiatives by value stream, closed ones on request (?closed=1)."""
    user, with_closed = me(request), request.GET.get("closed") == "1"
    rows = queries.initiatives(user, timezone.now(), with_closed=with_closed)
    context = {
        "rows": [(row.stream, row.rows, can(user, "manage_work", row.stream)) for row in rows],
        "count": sum(len(row.rows) for row in rows),
        "streams": sum(bool(row.rows) for row in rows),
        "with_closed": with_closed,
        "tab": "initiatives",
        "may_add": can_somewhere(user, "manage_work"),
    }
    return render(request, "portfolio/initiatives.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """A new initiative of a value stream."""
    stream, user = streams.find(request, slug), me(request)
    if not can(user, "manage_work", stream):
        raise PermissionDenied(WORDS["manage_work"])
    form = forms.InitiativeForm(request.POST or None, user=user, stream=stream)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: actions.create_initiative(actor=user, stream=stream, **form.cleaned_data))
        if made:
            messages.success(request, f"{made.name} was created. Teams add their features on their pages.")
            return redirect("initiative", made.slug)
    return render(request, "portfolio/initiative_new.html", {"form": form, "stream": stream})


def _page(request: HttpRequest, initiative: Initiative, **changed: object) -> HttpResponse:
    """The initiative's page; `changed` are bound forms that replace the empty ones."""
    user = me(request)
    context = {
        "initiative": initiative,
        "features": queries.features_of(initiative, user, timezone.now()),
        "teams": initiative.teams.filter(pk__in=queries.teams_for(user).order_by().values("pk")),
        "panels": panels.panels("initiative", initiative.pk, request),
        "form": forms.InitiativeForm(instance=initiative, user=user, stream=initiative.stream),
        "end_form": forms.EndForm(),
        "may_manage": can(user, "manage_work", initiative.stream),
        "sees_stream": streams.is_open(user, initiative.stream),
    }
    return render(request, "portfolio/initiative.html", context | changed)


@require_http_methods(["GET", "POST"])
def initiative(request: HttpRequest, slug: str) -> HttpResponse:
    """What it is and its features; for those who may, the form that changes it."""
    initiative, user = find(request, slug), me(request)
    if request.method == "GET":
        return _page(request, initiative)
    form = forms.InitiativeForm(request.POST, instance=initiative, user=user, stream=initiative.stream)
    if form.is_valid():
        fields = form.cleaned_data
        changed = form.attempt(lambda: actions.change_initiative(actor=user, initiative=initiative, **fields))
        if changed:
            messages.success(request, f"{changed.name} was saved.")
            return redirect("initiative", slug)
    return _page(request, initiative, form=form)


@require_POST
def close(request: HttpRequest, slug: str) -> HttpResponse:
    initiative, form = find(request, slug), forms.EndForm(request.POST)
    if form.is_valid():
        day = form.cleaned_data["on"]
        if form.accepts(lambda: actions.close_initiative(actor=me(request), initiative=initiative, on=day)):
            undo = reverse("initiative_reopen", args=[slug])
            messages.success(request, f"{initiative.name} is closed as of {day:%-d %b %Y}.", undo)
            return redirect("initiative", slug)
    return _page(request, initiative, end_form=form)


@require_POST
def reopen(request: HttpRequest, slug: str) -> HttpResponse:
    initiative = actions.reopen_initiative(actor=me(request), initiative=find(request, slug))
    messages.success(request, f"{initiative.name} goes on.")
    return redirect("initiative", slug)
