"""The list of impediments, and the same rows as a file."""

from dataclasses import replace

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.queries import me
from core.exports import FORMATS, table_response
from core.templatetags.ui import Choice, Entry
from impediments import queries
from impediments.forms.listing import ListForm
from impediments.queries import listing
from portfolio.forms import view_of

PAGE = 100


@require_GET
def impediments(request: HttpRequest) -> HttpResponseBase:
    """Filters and order as the address says, as of `?as_of=`; `?format=csv` (or xlsx) is the same rows as a file."""
    user, view = me(request), view_of(request.GET, me(request), timezone.now())
    form = ListForm(request.GET, user=user, is_past=view.is_past)
    asked = replace(form.asked, stream=view.stream)
    rows = queries.listed(user, asked, view.at, is_past=view.is_past)
    if (wanted := request.GET.get("format", "")) in FORMATS:
        return table_response(wanted, "impediments", listing.head(rows), listing.lines(rows))
    context = {
        "view": view,
        "form": form,
        "is_filtered": form.is_filtered,
        "finding": listing.finding(rows, view.at, is_filtered=form.is_filtered),
        "summary": queries.summary(rows),
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "shows_money": listing.shows_money(rows),
        "shows_resolved": asked.state != listing.OPEN,
        "sort": asked.sort,
        "may_log": not view.is_past and queries.may_log_somewhere(user),
        "days": [Choice("Now", {"as_of": None}, current=not view.is_past)],
        "day_fields": [Entry("as_of", "End of the day", view.as_of.isoformat() if view.as_of else "")],
        "nav": "impediments",
    }
    return render(request, "impediments/list.html", context)
