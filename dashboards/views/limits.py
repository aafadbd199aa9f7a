"""The Limits page, and the baselines that are set on it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.queries import me
from charts.views import with_figures
from core.exports import csv_response
from dashboards.queries.limits import CSV_HEAD, csv_rows, later_baselines, limits_page
from metrics import actions, behaviour, forms
from metrics.forms.standards import BaselineForm, NewBaselineForm
from metrics.models import Baseline
from metrics.rules import of_sources, sources_of
from metrics.standards import baselines_for, place_of, scope_text
from metrics.views import asked_of
from portfolio.rules import can


def _page(request: HttpRequest, bad: NewBaselineForm | None = None) -> HttpResponse:
    """The page; `bad` is the form that was sent and could not be done, shown at its chart."""
    now, asked = timezone.now(), asked_of(request)
    at = asked.as_of or now
    finding, panels = limits_page(asked, at)
    may = can(request.user, "set_standards", place_of(asked.scope))
    shown = bad.data.get("measure") if bad else None
    # A form per chart, each with ids of its own.
    made = {panel.key: NewBaselineForm(auto_id=f"{panel.key}-%s") for panel in panels if may}
    context: dict[str, Any] = forms.pickers(asked, request.user, now) | {
        "finding": finding,
        "panels": [(panel, bad if bad and panel.key == shown else made.get(panel.key)) for panel in panels],
        "later": later_baselines(asked, at),
        "may_set": may,
        "freshness": of_sources(sources_of(asked.scope.teams), now, asked.as_of),
        "as_of_text": forms.as_of_text(asked, now),
    }
    return render(request, "dashboards/limits.html", context, status=400 if asked.problems else 200)


def _back(query: str, measure: str) -> HttpResponse:
    """To the page as it was, at the chart."""
    return redirect(f"{reverse('flow-limits')}?{query}#{measure}")


def _query(request: HttpRequest, baseline: Baseline) -> QueryDict:
    """What was asked, of the baseline's own scope."""
    query = QueryDict(asked_of(request).query, mutable=True)
    query["scope"] = scope_text(baseline.team or baseline.stream)
    return query


@require_http_methods(["GET", "POST"])
@with_figures
def limits(request: HttpRequest) -> HttpResponseBase:
    """The five charts; sent to it, a baseline is set."""
    if request.method == "POST":
        return _set(request)
    measure = request.GET.get("measure", "")
    if request.GET.get("format") == "csv" and measure in behaviour.MEASURES:
        asked = asked_of(request)
        chart = behaviour.chart(measure, asked, asked.as_of or timezone.now())
        return csv_response(f"{measure}-limits-{asked.scope.text}", CSV_HEAD, csv_rows(chart))
    return _page(request)


def _set(request: HttpRequest) -> HttpResponse:
    """Set a baseline for one chart, or for all that have none from that day on."""
    asked, measure = asked_of(request), request.POST.get("measure", "")
    if measure not in behaviour.MEASURES:
        raise Http404
    place, form = place_of(asked.scope), NewBaselineForm(request.POST, auto_id=f"{measure}-%s")
    if form.is_valid():
        fields = dict(form.cleaned_data)
        measures = behaviour.MEASURES if fields.pop("for_all") else [measure]
        verb = actions.set_baselines
        if made := form.attempt(lambda: verb(actor=me(request), place=place, measures=measures, **fields)):
            messages.success(request, f"New limits from {made[0].starts_on:%-d %b %Y} on: {made[0].reason}.")
            return _back(asked.query, measure)
    return _page(request, form)


def _find(request: HttpRequest, baseline_id: int) -> Baseline:
    return get_object_or_404(baselines_for(me(request)), pk=baseline_id)


@require_http_methods(["GET", "POST"])
def change_baseline(request: HttpRequest, baseline_id: int) -> HttpResponse:
    baseline = _find(request, baseline_id)
    if not can(me(request), "set_standards", baseline.team or baseline.stream):
        raise PermissionDenied("Only the PMO, leaders and coaches of this place can set its baselines.")
    form = BaselineForm.of(baseline, request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        if form.accepts(lambda: actions.change_baseline(actor=me(request), baseline=baseline, **fields)):
            messages.success(request, "The baseline was saved.")
            return _back(_query(request, baseline).urlencode(safe=":,"), baseline.measure)
    context = {"form": form, "baseline": baseline, "query": _query(request, baseline).urlencode(safe=":,")}
    return render(request, "dashboards/baseline.html", context)


@require_POST
def remove_baseline(request: HttpRequest, baseline_id: int) -> HttpResponse:
    baseline = _find(request, baseline_id)
    back = _query(request, baseline).urlencode(safe=":,")
    way_back = {"measure": baseline.measure, "starts_on": baseline.starts_on, "ends_on": baseline.ends_on or ""}
    undo = f"{reverse('baseline-restore')}?{back}&{urlencode(way_back | {'reason': baseline.reason})}"
    actions.remove_baseline(actor=me(request), baseline=baseline)
    messages.success(request, f"The baseline of {baseline.starts_on:%-d %b %Y} was removed.", undo)
    return _back(back, baseline.measure)


@require_POST
def restore_baseline(request: HttpRequest) -> HttpResponse:
    """The undo of a removal: the baseline's fields are in the address."""
    asked, measure = asked_of(request), request.GET.get("measure", "").replace("\0", "")
    place, form = place_of(asked.scope), NewBaselineForm(request.GET, auto_id=f"{measure}-%s")
    if form.is_valid():
        fields = {name: value for name, value in form.cleaned_data.items() if name != "for_all"}
        verb = actions.set_baseline
        if form.accepts(lambda: verb(actor=me(request), place=place, measure=measure, **fields)):
            messages.success(request, "The baseline is there again.")
            return _back(asked.query, measure)
    return _page(request, form)
