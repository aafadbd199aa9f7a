"""Forecasts: the page that answers, commitments as they were, and whether they came true."""

from datetime import datetime

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.queries import me
from charts.views import with_figures
from dashboards.forms import CommitForm, QuestionForm, WhatIfForm, kept
from dashboards.queries.forecast import ForecastPage, forecast_page
from dashboards.queries.forecast_calibration import calibration_page
from dashboards.queries.forecast_commit import commit, commit_form
from dashboards.queries.forecast_stored import commitments, outcome_text, stored_page, what_now
from metrics import actions, forecasts, forms
from metrics.models import Forecast
from metrics.rules import of_sources, sources_of
from metrics.views import asked_of


def _render(
    request: HttpRequest, asked: forms.Asked, page: ForecastPage, now: datetime, form: CommitForm | None
) -> HttpResponse:
    what_if = tuple(WhatIfForm.base_fields)
    query = request.GET.urlencode()
    context = forms.pickers(asked, request.user, now) | {
        "page": page,
        "commit_form": form,
        "may_commit": form is not None and bool(form.fields["subject"].choices),  # type: ignore[attr-defined]
        "commit_address": f"{reverse('forecast-commit')}?{query}#commit",
        "commitments": commitments(asked, request.user, asked.as_of or now, page.known),
        "ask_kept": kept(request.GET, *QuestionForm.base_fields),
        "what_if_kept": kept(request.GET, *what_if),
        "base_address": f"?{without(request, *what_if)}",
        "is_several": len(asked.scope.teams) > 1,
        "of_items": True,
        "of_ranks": True,
        "freshness": of_sources(sources_of(asked.scope.teams), now, asked.as_of),
        "as_of_text": forms.as_of_text(asked, now),
    }
    is_bad = asked.problems or page.is_bad or (form is not None and form.errors)
    return render(request, "dashboards/forecast.html", context, status=400 if is_bad else 200)


def without(request: HttpRequest, *names: str) -> str:
    """The page's query without some parameters."""
    query = request.GET.copy()
    for name in names:
        query.pop(name, None)
    return query.urlencode()


@require_GET
@with_figures
def forecast(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    asked = asked_of(request)
    page = forecast_page(asked, asked.as_of or now, request.GET, me(request))
    return _render(request, asked, page, now, commit_form(asked, page, me(request), request.GET.get("subject", "")))


@require_POST
@with_figures
def forecast_commit(request: HttpRequest) -> HttpResponse:
    """Store what the page of this address shows; with bad values the page again, with the messages at the fields."""
    now = timezone.now()
    asked, user = asked_of(request), me(request)
    page = forecast_page(asked, asked.as_of or now, request.GET, user)
    form = commit_form(asked, page, user, "", request.POST)
    made = commit(form, asked, page, user, asked.as_of or now)
    if made is None:
        return _render(request, asked, page, now, form)
    messages.success(request, f"Committed to: {made}.", reverse("forecast-withdraw", args=[made.pk]))
    return redirect("forecast-stored", made.pk)


def find(request: HttpRequest, forecast_id: int) -> Forecast:
    rows = forecasts.stored_for(me(request)).select_related("made_by", "team", "stream", "feature", "initiative")
    return get_object_or_404(rows, pk=forecast_id)


@require_GET
@with_figures
def forecast_stored(request: HttpRequest, forecast_id: int) -> HttpResponse:
    row = find(request, forecast_id)
    context = {
        "page": stored_page(row, me(request)),
        "row": row,
        "outcome": outcome_text(row),
        "now": what_now(row, me(request), timezone.now()),
        "nav": "flow",
    }
    return render(request, "dashboards/forecast_stored.html", context)


@require_POST
def forecast_withdraw(request: HttpRequest, forecast_id: int) -> HttpResponse:
    row = find(request, forecast_id)
    try:
        actions.withdraw_forecast(actor=me(request), forecast=row)
        undo = reverse("forecast-reopen", args=[forecast_id])
        messages.success(request, f"{row} was withdrawn: it will not be scored.", undo)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("forecast-stored", forecast_id)


@require_POST
def forecast_reopen(request: HttpRequest, forecast_id: int) -> HttpResponse:
    """The undo of a withdrawal."""
    row = find(request, forecast_id)
    try:
        actions.reopen_forecast(actor=me(request), forecast=row)
        messages.success(request, f"{row} is open again.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("forecast-stored", forecast_id)


@require_GET
@with_figures
def calibration(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    asked = asked_of(request)
    context = forms.pickers(asked, request.user, now) | calibration_page(asked, me(request), asked.as_of or now)
    context |= {"as_of_text": forms.as_of_text(asked, now)}
    return render(request, "dashboards/calibration.html", context, status=400 if asked.problems else 200)
