"""The ledger: what accounting posted, by quarter, with a way to import more."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.queries import me
from core.exports import table_response
from funding import forms, tables
from funding.queries.ledger import ledger_page, lines_of
from funding.views.base import asked_of
from portfolio.rules import can

PAGE = 50


@require_GET
def ledger(request: HttpRequest) -> HttpResponseBase:
    """The lines of a quarter, searched and paged; ?format=csv or xlsx has all of them."""
    asked, user = asked_of(request), me(request)
    form = forms.LedgerFilter(request.GET)
    last = min(asked.quarter.last, timezone.localdate(asked.at))
    lines = lines_of(asked.streams, asked.quarter.first, last, form.chosen)
    if request.GET.get("format"):
        rows = map(tables.ledger_row, lines.iterator())
        return table_response(request.GET["format"], f"ledger-{asked.quarter.slug}", tables.LEDGER, rows)
    own = {*form.fields, "page", "format"}
    context = forms.pickers(asked, user) | {
        "form": form,
        "page": Paginator(lines, PAGE).get_page(request.GET.get("page")),
        "found": ledger_page(lines),
        "kept": [(name, value) for name, values in request.GET.lists() if name not in own for value in values],
        "may_import": asked.as_of is None and any(can(user, "manage_money", one) for one in asked.streams),
    }
    return render(request, "funding/ledger.html", context, status=400 if asked.problems else 200)
