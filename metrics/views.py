"""Lists of what was measured: items, pull requests, deployments; an item's own history; the rows behind a figure."""

from collections.abc import Callable
from typing import Any

import django_filters
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from core.exports import csv_response
from metrics import forms, lists
from metrics.history import history
from metrics.models import WorkItem
from metrics.queries import measure_many
from metrics.registry import METRICS
from portfolio.models import Team
from portfolio.queries import ScopeNotFound

PAGE = 50


def asked_of(request: HttpRequest) -> forms.Asked:
    """What the address asks for. A scope that is not there for this reader is a 404."""
    try:
        return forms.ask(request.GET, request.user, timezone.now())
    except ScopeNotFound as error:
        raise Http404(str(error)) from None


def _list(
    request: HttpRequest,
    shown: lists.Listing,
    rows: Callable[[forms.Asked], QuerySet[Any]],
    filter_class: type[django_filters.FilterSet],
) -> HttpResponseBase:
    """A list page: filtered, sorted, paged; with `format=csv` all filtered rows."""
    asked = asked_of(request)
    filters = filter_class(request.GET, queryset=rows(asked))
    found = filters.qs
    if request.GET.get("format") == "csv":
        return csv_response(
            f"{shown.name}-{asked.scope.text}", shown.head, (shown.row(row) for row in found.iterator())
        )
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {"filters": filters, "page": page, "listing": shown}
    context |= forms.pickers(asked, request.user, timezone.now())
    template = "metrics/rows.html" if request.htmx else "metrics/list.html"  # type: ignore[attr-defined]
    return render(request, template, context, status=400 if asked.problems else 200)


@require_GET
def items(request: HttpRequest) -> HttpResponseBase:
    return _list(request, lists.ITEMS, lists.items, forms.ItemFilter)


@require_GET
def pull_requests(request: HttpRequest) -> HttpResponseBase:
    return _list(request, lists.PULL_REQUESTS, lists.pull_requests, forms.PullRequestFilter)


@require_GET
def deployments(request: HttpRequest) -> HttpResponseBase:
    return _list(request, lists.DEPLOYMENTS, lists.deployments, forms.DeploymentFilter)


@require_GET
def item(request: HttpRequest, item_id: int) -> HttpResponse:
    visible = WorkItem.objects.filter(team__in=Team.objects.for_user(request.user).order_by())
    shown = get_object_or_404(visible.select_related("team", "status", "source", "flow"), pk=item_id)
    now = timezone.now()
    context = {"item": shown, "history": history(shown, now), "now": now}
    return render(request, "metrics/item.html", context)


def _evidence_csv(name: str, answer: lists.Explanation) -> HttpResponseBase:
    head = ["key", "title", "counts", "rule", answer.value_label, answer.base_label or "base", "address"]
    lines = answer.lines(0, answer.total)
    return csv_response(name, head, ([x.key, x.title, x.included, x.rule, x.value, x.base, x.url] for x in lines))


@require_GET
def explain(request: HttpRequest, key: str) -> HttpResponseBase:
    """The rows behind a figure: each with why it is in or out, and what the included ones give when put together."""
    if key not in METRICS:
        raise Http404
    asked = asked_of(request)
    answer = lists.explanation(METRICS[key], asked, timezone.now(), request.GET.get("show", "included"))
    if request.GET.get("format") == "csv":
        return _evidence_csv(f"{key}-{asked.scope.text}", answer)
    page = Paginator(range(answer.total), PAGE).get_page(request.GET.get("page"))
    lines = answer.lines(page.start_index() - 1, page.end_index()) if answer.total else []
    context = {"metric": METRICS[key], "answer": answer, "page": page, "lines": lines}
    context |= forms.pickers(asked, request.user, timezone.now())
    return render(request, "metrics/explain.html", context, status=400 if asked.problems else 200)


@require_GET
def figure_csv(request: HttpRequest, key: str) -> HttpResponseBase:
    """A figure's data: its value, percentiles, parts and series, a line each."""
    if key not in METRICS:
        raise Http404
    asked = asked_of(request)
    if asked.problems:
        return JsonResponse(asked.problems, status=400)
    found = measure_many([key], asked.scope, asked.window, asked.as_of or timezone.now(), asked.facets)[key]
    return csv_response(f"{key}-{asked.scope.text}", lists.FIGURE_HEAD, lists.figure_rows(found))
