"""The Expectations page, and the service level expectations that are set on it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.queries import me
from charts.views import with_figures
from core.exports import csv_response
from dashboards.queries.expectations import CSV_HEAD, csv_rows, expectations_page, proposed_fields, sentence
from metrics import actions, forms
from metrics.forms.standards import ExpectationForm
from metrics.models import Expectation
from metrics.rules import of_sources, sources_of
from metrics.standards import expectations_for, scope_text
from metrics.views import asked_of
from portfolio.models import Team
from portfolio.queries import teams_for
from portfolio.rules import can


def _page(request: HttpRequest, bad: ExpectationForm | None = None, slug: str = "") -> HttpResponseBase:
    """The page; `bad` is the form of the team `slug` that was sent and could not be done."""
    now, asked = timezone.now(), asked_of(request)
    at = asked.as_of or now
    teams = teams_for(me(request)).filter(pk__in=asked.scope.teams).select_related("stream")
    page = expectations_page(asked, at, teams)
    if request.GET.get("format") == "csv":
        return csv_response(f"late-{asked.scope.text}", CSV_HEAD, csv_rows([*page.about, *page.past]))
    wanted = request.GET.get("propose", "")
    start = proposed_fields(page, wanted, at.astimezone(asked.scope.zone).date())
    may = {team.slug for team in teams if can(request.user, "set_standards", team)}
    made = {name: ExpectationForm(initial=start[name], auto_id=f"{name}-%s") for name in may} | (
        {slug: bad} if bad else {}
    )
    context: dict[str, Any] = forms.pickers(asked, request.user, now) | {
        "page": page,
        "panels": [(panel, made.get(panel.team.slug) if panel.team.slug in may else None) for panel in page.panels],
        # Where nothing is expected of the only team yet, what starts it is in view.
        "open_form": slug or wanted.partition(":")[0] or (asked.scope.slug if page.is_empty else ""),
        "freshness": of_sources(sources_of(asked.scope.teams), now, asked.as_of),
        "as_of_text": forms.as_of_text(asked, now),
    }
    return render(request, "dashboards/expectations.html", context, status=400 if asked.problems else 200)


@require_http_methods(["GET", "POST"])
@with_figures
def expectations(request: HttpRequest) -> HttpResponseBase:
    """What is expected of each team of a scope; sent to it, an expectation is set."""
    if request.method != "POST":
        return _page(request)
    slug = request.POST.get("team", "")
    team, form = _team(request, slug), ExpectationForm(request.POST, auto_id=f"{slug}-%s")
    if form.is_valid():
        fields = form.cleaned_data
        if made := form.attempt(lambda: actions.set_expectation(actor=me(request), team=team, **fields)):
            undo = f"{reverse('expectation-remove', args=[made.pk])}?{asked_of(request).query}"
            messages.success(request, f"{team.name}: {sentence(made)} is expected.", undo)
            return _back(asked_of(request).query, team)
    return _page(request, form, slug)


def _team(request: HttpRequest, slug: str) -> Team:
    # PostgreSQL takes no NUL: there is no such team.
    return get_object_or_404(teams_for(me(request)).select_related("stream"), slug=slug.replace("\0", " "))


def _find(request: HttpRequest, expectation_id: int) -> Expectation:
    return get_object_or_404(expectations_for(me(request)), pk=expectation_id)


def _back(query: str, team: Team) -> HttpResponse:
    return redirect(f"{reverse('expectations')}?{query}#{team.slug}")


def _query(request: HttpRequest, team: Team) -> str:
    """What was asked; where nothing was, the team."""
    if request.GET.get("scope"):
        return asked_of(request).query
    return QueryDict(f"scope={scope_text(team)}").urlencode(safe=":")


@require_http_methods(["GET", "POST"])
def change_expectation(request: HttpRequest, expectation_id: int) -> HttpResponse:
    expectation = _find(request, expectation_id)
    if not can(me(request), "set_standards", expectation.team):
        raise PermissionDenied("Only the PMO, leaders and coaches of this team can set its expectations.")
    form, query = ExpectationForm.of(expectation, request.POST or None), _query(request, expectation.team)
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        if form.accepts(lambda: actions.change_expectation(actor=me(request), expectation=expectation, **fields)):
            messages.success(request, "The expectation was saved.")
            return _back(query, expectation.team)
    return render(request, "dashboards/expectation.html", {"form": form, "expectation": expectation, "query": query})


@require_POST
def remove_expectation(request: HttpRequest, expectation_id: int) -> HttpResponse:
    expectation = _find(request, expectation_id)
    team, query = expectation.team, _query(request, expectation.team)
    names = ("kind", "percent", "days", "valid_from")
    way_back = {"team": team.slug} | {name: getattr(expectation, name) for name in names}
    undo = f"{reverse('expectation-restore')}?{query}&{urlencode(way_back)}"
    said = sentence(expectation)
    actions.remove_expectation(actor=me(request), expectation=expectation)
    messages.success(request, f"{team.name}: {said} is expected no more.", undo)
    return _back(query, team)


@require_POST
def restore_expectation(request: HttpRequest) -> HttpResponseBase:
    """The undo of a removal: the expectation's fields are in the address."""
    slug = request.GET.get("team", "")
    team, form = _team(request, slug), ExpectationForm(request.GET, auto_id=f"{slug}-%s")
    if form.is_valid():
        fields = form.cleaned_data
        if made := form.attempt(lambda: actions.set_expectation(actor=me(request), team=team, **fields)):
            messages.success(request, f"{team.name}: {sentence(made)} is expected again.")
            return _back(_query(request, team), team)
    return _page(request, form, slug)
