"""The audit trail: who did what, when."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.queries import me
from portfolio import forms, queries
from portfolio.rules import require


@require_GET
def trail(request: HttpRequest) -> HttpResponse:
    require(me(request), "see_audit")
    form = forms.AuditForm(request.GET)
    form.is_valid()  # A filter that cannot be read shows its message and does not filter.
    wanted = form.cleaned_data
    entries = queries.audit_trail(
        what=wanted.get("q", ""), who=wanted.get("who", ""), first=wanted.get("first"), last=wanted.get("last")
    )
    page = Paginator(entries, 50).get_page(request.GET.get("page"))
    return render(request, "portfolio/audit.html", {"page": page, "form": form, "tab": "audit"})
