"""Lists of what was measured: items, pull requests, deployments; an item's own history; the rows behind a figure."""

from typing import Any

import django_filters
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from core.exports import csv_response
from metrics import forms, lists
from metrics.history import history
from metrics.models import WorkItem
from metrics.queries import measure_many, only, takes_ranks
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
    request: HttpRequest, asked: forms.Asked, shown: lists.Listing, filters: django_filters.FilterSet, rows: Any = None
) -> HttpResponseBase:
    """A list page: filtered, sorted, paged; with `format=csv` all filtered rows. `rows` are those of the past."""
    found = filters.qs if rows is None else rows
    if request.GET.get("format") == "csv":
        lines = (shown.row(row) for row in found.iterator())
        return csv_response(f"{shown.name}-{asked.scope.text}", shown.head, lines)
    own = {*filters.form.fields, "sort", "page", "format"}
    context = {
        "filters": filters,
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "listing": shown,
        "kept": [(name, value) for name, values in request.GET.lists() if name not in own for value in values],
    }
    context |= forms.pickers(asked, request.user, timezone.now(), of_items=shown is lists.ITEMS, of_ranks=False)
    template = "metrics/rows.html" if request.htmx else "metrics/list.html"  # type: ignore[attr-defined]
    return render(request, template, context, status=400 if asked.problems else 200)


@require_GET
def items(request: HttpRequest) -> HttpResponseBase:
    asked = asked_of(request)
    filters = forms.ItemFilter(request.GET, queryset=lists.items(asked))
    rows = lists.items_then(asked, asked.as_of, filters) if asked.as_of else None
    return _list(request, asked, lists.ITEMS, filters, rows)


@require_GET
def pull_requests(request: HttpRequest) -> HttpResponseBase:
    asked = asked_of(request)
    rows = lists.pull_requests(asked, timezone.now())
    return _list(request, asked, lists.PULL_REQUESTS, forms.PullRequestFilter(request.GET, queryset=rows))


@require_GET
def deployments(request: HttpRequest) -> HttpResponseBase:
    asked = asked_of(request)
    rows = lists.deployments(asked, timezone.now())
    return _list(request, asked, lists.DEPLOYMENTS, forms.DeploymentFilter(request.GET, queryset=rows))


@require_GET
def item(request: HttpRequest, item_id: int) -> HttpResponse:
    """An item's history as at as_of; 404 when it was not there yet."""
    visible = WorkItem.objects.filter(team__in=Team.objects.for_user(request.user).order_by())
    shown = get_object_or_404(visible.select_related("team", "source", "flow"), pk=item_id)
    now = timezone.now()
    params = request.GET.copy()
    params["scope"] = f"team:{shown.team.slug}"
    asked = forms.ask(params, request.user, now)
    found = None if shown.deleted_at else history(shown, asked.as_of or now)
    context = forms.pickers(asked, request.user, now) | {"item": shown, "history": found}
    page = Paginator(range(len(found) if found else 0), PAGE).get_page(params.get("page"))
    stays = found[page.start_index() - 1 : page.end_index()] if found else []
    context |= {"as_of_said": context["as_of_text"], "as_of_text": forms.as_of_text(asked, now), "page": page}
    is_later = found is None and asked.as_of is not None and not shown.deleted_at
    status = 400 if asked.problems else 404 if is_later else 200
    return render(request, "metrics/item.html", context | {"stays": stays, "is_later": is_later}, status=status)


def _evidence_csv(name: str, answer: lists.Explanation) -> HttpResponseBase:
    head = ["key", "title", "counts", "rule", answer.value_label, answer.base_label or "base", "address"]
    lines = answer.lines(0, answer.total)
    return csv_response(name, head, ([x.key, x.title, x.included, x.rule, x.value, x.base, x.url] for x in lines))


@require_GET
def explain(request: HttpRequest, key: str) -> HttpResponseBase:
    """The rows behind a figure: each with why it is in or out, and what the included ones give when put together."""
    if key not in METRICS:
        raise Http404
    metric, asked = METRICS[key], asked_of(request)
    answer = lists.explanation(metric, asked, timezone.now(), request.GET.get("show", "included"))
    if request.GET.get("format") == "csv":
        return _evidence_csv(f"{key}-{asked.scope.text}", answer)
    page = Paginator(range(answer.total), PAGE).get_page(request.GET.get("page"))
    lines = answer.lines(page.start_index() - 1, page.end_index()) if answer.total else []
    context = {"metric": metric, "answer": answer, "page": page, "lines": lines}
    of_items, of_ranks = metric.family == "flow", takes_ranks(metric)
    context |= forms.pickers(asked, request.user, timezone.now(), of_items=of_items, of_ranks=of_ranks)
    return render(request, "metrics/explain.html", context, status=400 if asked.problems else 200)


@require_GET
def figure_csv(request: HttpRequest, key: str) -> HttpResponseBase:
    """A figure's data: its value, percentiles, parts and series, a line each."""
    if key not in METRICS:
        raise Http404
    asked = asked_of(request)
    if asked.problems:
        return JsonResponse(asked.problems, status=400)
    at = asked.as_of or timezone.now()
    found = measure_many([key], asked.scope, asked.window, at, asked.facets, ranks=asked.ranks)[key]
    return csv_response(f"{key}-{asked.scope.text}", lists.FIGURE_HEAD, lists.figure_rows(only(found, asked.ranks)))
