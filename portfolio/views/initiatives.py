"""Initiatives: what value streams invest in."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from accounts.queries import me
from portfolio import actions, forms, panels, queries
from portfolio.models import Initiative, ValueStream
from portfolio.rules import WORDS, can, can_somewhere, require
from portfolio.views import streams


def find(request: HttpRequest, slug: str) -> Initiative:
    found = Initiative.objects.for_user(me(request)).select_related("stream", "theme", "owner")
    return get_object_or_404(found, slug=slug)


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Initiatives by value stream, closed ones on request (?closed=1)."""
    user, with_closed = me(request), request.GET.get("closed") == "1"
    rows = queries.initiatives(user, timezone.now(), with_closed=with_closed)
    context = {
        "rows": [(row.stream, row.rows, can(user, "manage_work", row.stream)) for row in rows],
        "count": sum(len(row.rows) for row in rows),
        "streams": sum(bool(row.rows) for row in rows),
        "with_closed": with_closed,
        "tab": "initiatives",
        "may_add": can_somewhere(user, "manage_work"),
    }
    return render(request, "portfolio/initiatives.html", context)


def _place(request: HttpRequest, user: User) -> ValueStream:
    """The value stream that is named (?stream=), else the first where the user may add initiatives."""
    named = request.POST.get("stream_slug") or request.GET.get("stream", "")
    if named:
        return streams.find(request, named.replace("\0", ""))
    mine = [one for one in ValueStream.objects.for_user(user).filter(ended_on=None) if can(user, "manage_work", one)]
    if not mine:
        raise PermissionDenied(WORDS["manage_work"])
    return mine[0]


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new initiative of a value stream (?stream=payments); it begins in the funnel."""
    user = me(request)
    stream = _place(request, user)
    require(user, "manage_work", stream)
    form = forms.InitiativeForm(request.POST or None, user=user, stream=stream)
    if request.method == "POST" and form.is_valid():
        given = {"stream": stream} | form.given
        made = form.attempt(lambda: actions.create_initiative(actor=user, **given))
        if made:
            messages.success(request, f"{made.name} is in the funnel. Teams add their features on their pages.")
            return redirect("initiative", made.slug)
    return render(request, "portfolio/initiative_new.html", {"form": form, "stream": stream})


def page(request: HttpRequest, initiative: Initiative, **changed: object) -> HttpResponse:
    """The initiative's page; `changed` are bound forms that replace the empty ones."""
    user = me(request)
    view = forms.view_of(request.GET, user, timezone.now())
    money = queries.money_of(initiative, user)
    way = queries.way_of(initiative, view.at)
    context = {
        "view": view,
        "initiative": initiative,
        "stage": way[0].entry.get_stage_display() if way else initiative.get_stage_display(),
        "features": queries.features_of(initiative, user, view.at),
        "teams": initiative.teams.filter(pk__in=queries.teams_for(user).order_by().values("pk")),
        "panels": panels.panels("initiative", initiative.pk, request),
        "marks": panels.marks("initiative", [initiative.pk], user, view.at)[initiative.pk],
        "way": way,
        "wsjf": queries.wsjf_of(initiative),
        "money": money,
        "reviews": queries.reviews_of(initiative, timezone.localdate(view.at)),
        "changes": queries.changes_of(initiative, user, view.at),
        "approval_form": forms.ApprovalForm(initial={"amount": initiative.estimated_cost}),
        "review_form": forms.ReviewForm(),
        "sees_stream": streams.is_open(user, initiative.stream),
    }
    return render(request, "portfolio/initiative.html", context | _rights(user, initiative, view) | changed)


def _rights(user: User, initiative: Initiative, view: forms.View) -> dict[str, bool]:
    """What the page offers: nothing when it shows the past."""
    stream, is_now = initiative.stream, not view.is_past
    may_steer = is_now and can(user, "manage_portfolio", stream)
    return {
        "may_manage": is_now and can(user, "manage_work", stream),
        "may_steer": may_steer,
        "may_approve": is_now and can(user, "approve", stream),
        "may_review": may_steer or (is_now and initiative.owner_id == user.pk),
    }


@require_GET
def initiative(request: HttpRequest, slug: str) -> HttpResponse:
    """All there is to know about it; `?as_of=` as it was at the end of a day."""
    return page(request, find(request, slug))


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change what it is. 409 when somebody else did meanwhile: what they did is said, what was typed stays."""
    initiative, user = find(request, slug), me(request)
    require(user, "manage_work", initiative.stream)
    form = forms.InitiativeForm(request.POST or None, instance=initiative, user=user, stream=initiative.stream)
    if request.method == "POST" and form.is_valid():
        fields = form.given
        try:
            changed = form.attempt(lambda: actions.change_initiative(actor=user, initiative=initiative, **fields))
        except actions.Conflict as conflict:
            return _conflict(request, initiative, conflict)
        if changed:
            messages.success(request, f"{changed.name} was saved.")
            return redirect("initiative", slug)
    return render(request, "portfolio/initiative_edit.html", {"form": form, "initiative": initiative})


def _conflict(request: HttpRequest, initiative: Initiative, conflict: actions.Conflict) -> HttpResponse:
    """The form again with what was typed, on the version there is now: saving it once more writes it over."""
    user = me(request)
    data = request.POST.copy()
    data["version"] = str(initiative.version)
    form = forms.InitiativeForm(data, instance=initiative, user=user, stream=initiative.stream)
    told = queries.told_to(user, initiative, conflict.data or {})
    context = {"form": form, "initiative": initiative, "conflict": conflict, "told": told}
    return render(request, "portfolio/initiative_edit.html", context, status=409)
