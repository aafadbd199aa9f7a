"""The funding page, and that of a value stream's quarter, where its budget is set."""

from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from core.exports import table_response
from funding import actions, forms, tables
from funding.models import Amendment
from funding.queries.pages import funding_page, stream_page
from funding.templatetags.costs import whole_money
from funding.views.base import asked_of
from portfolio.models import ValueStream
from portfolio.rules import WORDS, can


@require_GET
def funding(request: HttpRequest) -> HttpResponseBase:
    """Budget, spend and forecast of every value stream in a quarter; ?format=csv or xlsx."""
    asked = asked_of(request)
    page = funding_page(asked)
    if request.GET.get("format"):
        name = f"funding-{asked.quarter.slug}"
        return table_response(request.GET["format"], name, tables.MONEY, map(tables.money_row, page.lines))
    context = forms.pickers(asked, me(request)) | {"page": page}
    return render(request, "funding/funding.html", context, status=400 if asked.problems else 200)


def _page(
    request: HttpRequest, asked: forms.Asked, stream: ValueStream, form: forms.BudgetForm | None = None
) -> HttpResponse:
    """The page of a stream's quarter; `form` is one that was refused."""
    user, page = me(request), stream_page(stream, asked, me(request))
    may_set = asked.is_open and can(user, "manage_money", stream)
    context = forms.pickers(asked, user) | {"page": page, "line": page.line, "stream": stream, "may_set": may_set}
    context["form"] = form or forms.BudgetForm(latest=page.latest)
    status = 400 if asked.problems else 200
    return render(request, "funding/stream.html", context, status=status)


@require_http_methods(["GET", "POST"])
def stream(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A stream's quarter: its budget's history, months, teams, initiatives; POST sets the budget."""
    asked = asked_of(request, scope=f"stream:{slug}")
    [stream] = asked.streams or [None]
    if stream is None:
        raise Http404
    if request.method == "POST":
        return _set(request, asked, stream)
    if request.GET.get("format"):
        name = f"spend-{slug}-{asked.quarter.slug}"
        rows = tables.spend_rows([stream], asked, me(request))
        return table_response(request.GET["format"], name, tables.SPEND, rows)
    return _page(request, asked, stream)


def _latest(stream: ValueStream, asked: forms.Asked) -> Amendment | None:
    return stream.amendments.filter(quarter=asked.quarter.first).order_by("-at", "-id").first()


def _back(stream: ValueStream, asked: forms.Asked) -> str:
    query = asked.query_of()
    return reverse("funding-stream", args=[stream.slug]) + (f"?{query}" if query else "")


def _set(request: HttpRequest, asked: forms.Asked, stream: ValueStream) -> HttpResponse:
    user, before = me(request), _latest(stream, asked)
    if asked.as_of or not can(user, "manage_money", stream):
        raise PermissionDenied(WORDS["manage_money"])
    said = request.POST.copy()
    form = forms.BudgetForm(said, latest=before)
    if form.is_valid():
        given = form.cleaned_data
        made = form.attempt(lambda: actions.set_budget(actor=user, stream=stream, quarter=asked.quarter, **given))
        if made:
            messages.success(request, _told(made, asked), _undo(before, made, asked))
            return redirect(_back(stream, asked))
        # What somebody else wrote meanwhile is on the page now: saving again is meant for it.
        said["seen"] = str(before.pk if before else 0)
    return _page(request, asked, stream, form)


def _told(made: Amendment, asked: forms.Asked) -> str:
    return f"The budget of {made.stream} for {asked.quarter.name} is {whole_money(made.amount)}."


def _undo(before: Amendment | None, made: Amendment, asked: forms.Asked) -> str:
    """The address that amends it back; a first budget stays."""
    if before is None or before == made:
        return ""
    query = urlencode({"quarter": asked.quarter.slug, "amount": before.amount, "seen": made.pk})
    return f"{reverse('funding-restore', args=[made.stream.slug])}?{query}"


@require_POST
def restore(request: HttpRequest, slug: str) -> HttpResponse:
    """The undo of an amendment: the amount before it is in the address."""
    asked = asked_of(request, scope=f"stream:{slug}")
    [stream] = asked.streams
    try:
        amount, seen = Decimal(request.GET.get("amount", "")), int(request.GET.get("seen", ""))
    except (InvalidOperation, ValueError):
        raise Http404 from None
    try:
        actions.set_budget(
            actor=me(request), stream=stream, quarter=asked.quarter, amount=amount, reason="Undone", seen=seen
        )
        messages.success(request, f"The budget of {stream} for {asked.quarter.name} is {whole_money(amount)} again.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(_back(stream, asked))
