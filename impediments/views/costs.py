"""The costs page, and the days behind what one impediment costs."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.queries import me
from charts.views import with_figures
from core.exports import csv_response
from impediments.forms.costs import until_of, until_picker
from impediments.models import Impediment
from impediments.queries import cost_tables
from impediments.queries.cost_words import words
from impediments.queries.costs import costs_page
from metrics import forms
from metrics.views import asked_of


@require_GET
@with_figures
def overview(request: HttpRequest) -> HttpResponseBase:
    """What blocked work took and delays; ?format=csv&part=category, place, month, impediment or day."""
    asked, user, now = asked_of(request), me(request), timezone.now()
    today = (asked.as_of or now).astimezone(asked.scope.zone).date()
    until = until_of(request.GET, today, asked.problems)
    page = costs_page(asked, user, now, until)
    if request.GET.get("format") == "csv":
        part = request.GET.get("part", "impediment")
        return csv_response(f"impediment-costs-{part}", *cost_tables.table(page, part, user))
    pickers = forms.pickers(asked, user, now, of_items=False, of_ranks=False)
    context = pickers | until_picker(until, today) | {"page": page, "nav": "impediments"}
    context |= words(page) | {"as_of_line": forms.as_of_text(asked, now)}
    return render(request, "impediments/costs.html", context, status=400 if asked.problems else 200)


@require_GET
def days(request: HttpRequest, impediment_id: int) -> HttpResponseBase:
    """The working days on which an impediment took something, as CSV: the rows of its formula."""
    user = me(request)
    one = get_object_or_404(Impediment.objects.for_user(user), pk=impediment_id)
    asked = asked_of(request)
    return csv_response(f"impediment-{one.pk}-days", *cost_tables.days_table(one, asked.as_of or timezone.now(), user))
