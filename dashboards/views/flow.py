"""The Flow page and its sub-pages."""

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from charts.views import with_figures
from dashboards.queries.ageing import ageing_page
from dashboards.queries.blocked import blocked_page
from dashboards.queries.compare import compare_page
from dashboards.queries.flow import flow_page
from dashboards.queries.mix import mix_page
from dashboards.queries.times import times_page
from dashboards.views.base import figures_page
from metrics.views import asked_of


@require_GET
@with_figures
def flow(request: HttpRequest) -> HttpResponse:
    return figures_page(request, flow_page, here="flow", title="Flow")


@require_GET
@with_figures
def times(request: HttpRequest) -> HttpResponse:
    return figures_page(request, times_page, here="flow-times", title="Times")


@require_GET
@with_figures
def mix(request: HttpRequest) -> HttpResponse:
    return figures_page(request, mix_page, here="flow-mix", title="Mix of work")


@require_GET
@with_figures
def ageing(request: HttpRequest) -> HttpResponse:
    return figures_page(request, ageing_page, here="flow-ageing", title="Age of work")


@require_GET
@with_figures
def blocked(request: HttpRequest) -> HttpResponse:
    return figures_page(request, blocked_page, here="flow-blocked", title="Blockers")


@require_GET
@with_figures
def compare(request: HttpRequest) -> HttpResponse:
    """Side by side; a team has nobody to stand beside and gets its own page."""
    asked = asked_of(request)
    if asked.scope.kind == "team":
        return redirect(f"{reverse('flow')}?{asked.query}")
    page = partial(compare_page, user=request.user)
    return figures_page(request, page, here="flow-compare", title="Comparison", template="dashboards/compare.html")
