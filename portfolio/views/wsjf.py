"""The order of WSJF with its warnings, and ranks given by hand."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from core.templatetags.ui import Choice
from portfolio import actions
from portfolio.forms.scoring import RankForm
from portfolio.formulas.wsjf import PARTS, SCALE
from portfolio.models import ValueStream
from portfolio.queries import ranking, scoring
from portfolio.rules import WORDS, can, can_somewhere
from portfolio.views.initiatives import find

PAGE = 100


def stream_of(request: HttpRequest) -> ValueStream | None:
    """The value stream of the address (?stream=), among those that are open to the reader."""
    slug = request.GET.get("stream", "").replace("\0", "")
    return ValueStream.objects.for_user(me(request)).filter(slug=slug).first() if slug else None


@require_GET
def order(request: HttpRequest) -> HttpResponse:
    """?stream=…: open initiatives in the order of their WSJF, its parts, what is odd about them, open sessions."""
    user, stream = me(request), stream_of(request)
    everything = ValueStream.objects.for_user(user)
    rows = ranking.ranking(user, stream)
    page = Paginator(rows.rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "ranking": rows,
        "page": page,
        "lines": [(row, can(user, "manage_portfolio", row.initiative.stream)) for row in page],
        "first": next((row for row in rows.rows if row.rank.value is not None), None),
        "parts": PARTS.values(),
        "stream": stream,
        "streams": [Choice("All", {"stream": None}, current=stream is None)]
        + [Choice(one.name, {"stream": one.slug}, current=one == stream) for one in everything],
        "sessions": scoring.open_sessions(user, stream),
        "closed": scoring.sessions_for(user).exclude(closed_at=None)[:5],
        "scale": ", ".join(map(str, SCALE)),
        "may_open": can_somewhere(user, "manage_portfolio"),
        "nav": "portfolio",
    }
    return render(request, "portfolio/wsjf/order.html", context)


@require_http_methods(["GET", "POST"])
def rank(request: HttpRequest, slug: str) -> HttpResponse:
    """A place given by hand, with its reason."""
    initiative, user = find(request, slug), me(request)
    if not can(user, "manage_portfolio", initiative.stream):
        raise PermissionDenied(WORDS["manage_portfolio"])
    before = {"manual_rank": initiative.manual_rank or "", "manual_rank_reason": initiative.manual_rank_reason}
    form = RankForm(request.POST or None, initial=before | {"version": initiative.version})
    conflict = None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        verb = {"rank": given["manual_rank"], "reason": given["manual_rank_reason"], "version": given["version"]}
        try:
            if form.accepts(lambda: actions.rank_by_hand(actor=user, initiative=initiative, **verb)):
                undo = f"{reverse('wsjf-rank-restore', args=[slug])}?{urlencode(before)}"
                messages.success(request, f"The rank of {initiative.name} was saved.", extra_tags=undo)
                return redirect("wsjf")
        except actions.Conflict as error:
            conflict = error
    own = {row.initiative.pk: row for row in ranking.ranking(user).rows}.get(initiative.pk)
    context = {"form": form, "initiative": initiative, "row": own, "conflict": conflict, "nav": "portfolio"}
    return render(request, "portfolio/wsjf/rank.html", context)


@require_POST
def restore_rank(request: HttpRequest, slug: str) -> HttpResponse:
    """Undo: the rank that the address says."""
    initiative, form = find(request, slug), RankForm(request.GET)
    if form.is_valid():
        given = form.cleaned_data
        verb = {"rank": given["manual_rank"], "reason": given["manual_rank_reason"]}
        if form.accepts(lambda: actions.rank_by_hand(actor=me(request), initiative=initiative, **verb)):
            messages.success(request, f"The rank of {initiative.name} is what it was.")
    return redirect("wsjf")
