"""The list of initiatives, and the same rows as a file that can be imported again."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.queries import me
from core.exports import FORMATS, table_response
from portfolio import imports
from portfolio.forms.listing import ListForm
from portfolio.queries import listing
from portfolio.rules import can_somewhere

PAGE = 100


@require_GET
def initiatives(request: HttpRequest) -> HttpResponseBase:
    """Filters, order and groups as the address says; ?format=csv or xlsx is the same rows as a file."""
    user, form = me(request), ListForm(request.GET, user=me(request))
    if (wanted := request.GET.get("format", "")) in FORMATS:
        head, lines = imports.exported(user, form.asked)
        return table_response(wanted, "initiatives", head, lines)
    rows, group = listing.listing(user, form.asked), form.asked.get("group", "")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "groups": listing.grouped(rows, list(page), group, user, timezone.now()),
        "first": next((row for row in rows if row.rank and row.rank.place == 1), None),
        "sees_money": any(row.sees_money for row in rows),
        "is_filtered": any(value for name, value in form.asked.items() if name not in ("group", "sort")),
        "sort": request.GET.get("sort") or "rank",
        "may_import": can_somewhere(user, "manage_work"),
        "nav": "portfolio",
    }
    part = request.headers.get("HX-Target") == "rows"
    return render(request, "portfolio/list_rows.html" if part else "portfolio/list.html", context)
