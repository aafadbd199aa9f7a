"""Decisions: what is due, what was decided, and deciding."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from core.exports import FORMATS, table_response
from core.templatetags.ui import Choice, Entry
from portfolio import actions, forms
from portfolio.actions.decisions import place_of
from portfolio.forms.decisions import AssignForm, DecideForm, DismissForm, LogForm, RaiseForm, initial_of
from portfolio.models import Decision, DecisionState, Initiative, ValueStream
from portfolio.panels import Panel
from portfolio.queries import decisions as queries
from portfolio.queries import streams_for
from portfolio.rules import can, can_somewhere, require

PAGE = 50


def find(request: HttpRequest, decision_id: int) -> Decision:
    return get_object_or_404(queries.decisions_for(me(request)), pk=decision_id)


def _pickers(request: HttpRequest, view: forms.View) -> dict[str, Any]:
    streams = [Choice(one.name, {"stream": one.slug}, current=one == view.stream) for one in streams_for(me(request))]
    return {
        "streams": [Choice("All value streams", {"stream": None}, current=not view.stream), *streams],
        "days": [Choice("Now", {"as_of": None}, current=not view.is_past)],
        "day_fields": [Entry("as_of", "End of the day", view.as_of.isoformat() if view.as_of else "")],
    }


@require_GET
def overview(request: HttpRequest) -> HttpResponseBase:
    """What is due, then the log; `?format=csv` (or xlsx) is the log as a file."""
    user, view = me(request), forms.view_of(request.GET, me(request), timezone.now())
    log = LogForm(request.GET)
    rows = queries.decision_log(user, log.wanted(view.stream), view.at)
    if (wanted := request.GET.get("format", "")) in FORMATS:
        return table_response(wanted, "decisions", queries.LOG_HEAD, map(queries.as_row, rows.iterator(500)))
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    due = queries.decisions_due(user, [view.stream] if view.stream else None, view.at)
    context = {
        "view": view,
        "due": due,
        "late": sum(one.is_late for one in due),
        "log": log,
        "is_filtered": any(request.GET.get(name) for name in log.fields),
        "page": page,
        "rows": [(row, queries.choice_text(row)) for row in page],
        "may_raise": can_somewhere(user, "manage_portfolio") and not view.is_past,
    }
    return render(request, "portfolio/decisions.html", context | _pickers(request, view))


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Raise a decision: `?about=initiative:5` is chosen already."""
    user = me(request)
    if not can_somewhere(user, "manage_portfolio"):
        require(user, "manage_portfolio")
    form = RaiseForm(request.POST or None, user=user, initial={"about": request.GET.get("about", "")})
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: actions.raise_decision(actor=user, **form.said))
        if made:
            messages.success(request, "The decision was raised; its evidence as of today is kept with it.")
            return redirect("decision", made.pk)
    return render(request, "portfolio/decision_new.html", {"form": form, "nav": "portfolio"})


def _page(request: HttpRequest, row: Decision, status: int = 200, **changed: object) -> HttpResponse:
    """The decision's page; `changed` are bound forms that replace the empty ones."""
    user, view = me(request), forms.view_of(request.GET, me(request), timezone.now())
    place, is_open = place_of(row), row.state == DecisionState.OPEN and not view.is_past
    may_manage = can(user, "manage_portfolio", place)
    context = {
        "view": view,
        "decision": row,
        "due": queries.due_of(row, user, view.at),
        "choice": queries.choice_text(row),
        "pairs": queries.fact_pairs(row, user, view.at),
        "form": DecideForm(decision=row) if is_open and can(user, "decide", place) else None,
        "assign_form": AssignForm(initial=initial_of(row)) if is_open and may_manage else None,
        "dismiss_form": DismissForm() if is_open and may_manage else None,
        "may_restore": row.state == DecisionState.DISMISSED and may_manage,
        "days": [Choice("Now", {"as_of": None}, current=not view.is_past)],
        "day_fields": [Entry("as_of", "End of the day", view.as_of.isoformat() if view.as_of else "")],
        "nav": "portfolio",
    }
    return render(request, "portfolio/decision.html", context | changed, status=status)


@require_http_methods(["GET", "POST"])
def decision(request: HttpRequest, decision_id: int) -> HttpResponse:
    """The question, its options and its evidence; for those who may, the form that decides. 409: it was closed."""
    row, user = find(request, decision_id), me(request)
    if request.method == "GET":
        return _page(request, row)
    require(user, "decide", place_of(row))
    form = DecideForm(request.POST, decision=row)
    if form.is_valid():
        try:
            made = form.attempt(lambda: actions.decide(actor=user, decision=row, **form.said))
        except actions.Conflict as conflict:
            return _page(request, find(request, decision_id), 409, conflict=conflict)
        if made:
            messages.success(request, "Decided. The evidence as it is now is kept with it.")
            return redirect("decision", row.pk)
    return _page(request, row, form=form)


@require_POST
def dismiss(request: HttpRequest, decision_id: int) -> HttpResponse:
    row, form = find(request, decision_id), DismissForm(request.POST)
    require(me(request), "manage_portfolio", place_of(row))
    if form.is_valid():
        try:
            done = form.accepts(
                lambda: actions.dismiss_decision(actor=me(request), decision=row, reason=form.cleaned_data["reason"])
            )
        except actions.Conflict as conflict:
            return _page(request, find(request, decision_id), 409, conflict=conflict)
        if done:
            messages.success(request, "Dismissed.", reverse("decision-restore", args=[row.pk]))
            return redirect("decisions")
    return _page(request, row, dismiss_form=form)


@require_POST
def restore(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Undo of a dismissal."""
    row, form = find(request, decision_id), forms.NothingForm(request.POST)
    if form.accepts(lambda: actions.restore_decision(actor=me(request), decision=row)):
        messages.success(request, "The decision is open again.")
    else:
        messages.error(request, " ".join(map(str, form.non_field_errors())))
    return redirect("decision", row.pk)


@require_POST
def assign(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Who is asked, and by when."""
    row, form = find(request, decision_id), AssignForm(request.POST)
    require(me(request), "manage_portfolio", place_of(row))
    if form.is_valid():
        try:
            made = form.attempt(lambda: actions.assign_decision(actor=me(request), decision=row, **form.cleaned_data))
        except actions.Conflict as conflict:
            return _page(request, find(request, decision_id), 409, conflict=conflict)
        if made:
            messages.success(request, "Saved.")
            return redirect("decision", row.pk)
    return _page(request, row, assign_form=form)


def _panel(request: HttpRequest, subject: Initiative | ValueStream) -> Panel:
    """The decisions about a thing, for its page, with the way to a new one."""
    user = me(request)
    stream = subject.stream if isinstance(subject, Initiative) else subject
    kind = "initiative" if isinstance(subject, Initiative) else "stream"
    may_raise = can(user, "manage_portfolio", stream)
    new = f"{reverse('decision-new')}?about={kind}:{subject.pk}" if may_raise else ""
    rows = [(row, queries.choice_text(row)) for row in queries.decisions_about(user, subject)]
    return Panel("portfolio/decisions_panel.html", {"rows": rows, "new": new})


def initiative_panel(pk: int, request: HttpRequest) -> Panel | None:
    """The decisions about an initiative."""
    return _panel(request, Initiative.objects.select_related("stream").get(pk=pk))


def stream_panel(pk: int, request: HttpRequest) -> Panel | None:
    """The decisions about a value stream itself."""
    return _panel(request, ValueStream.objects.get(pk=pk))
