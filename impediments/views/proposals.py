"""What data propose, and the answers: accept as an impediment, dismiss, take that back."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from core.templatetags.ui import Choice
from impediments.forms.proposals import AcceptForm, DismissProposalForm
from impediments.models import Answer, Proposal
from impediments.proposals import accept_proposal, dismiss_proposal, restore_proposal
from impediments.proposals.writing import require_answer
from impediments.queries import proposals as queries
from portfolio import forms
from portfolio.actions import Conflict
from portfolio.queries import streams_for


def find(request: HttpRequest, proposal_id: int) -> Proposal:
    return get_object_or_404(queries.proposals_for(me(request)), pk=proposal_id)


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """`?stream=`."""
    user, view = me(request), forms.view_of(request.GET, me(request), timezone.now())
    lines = queries.open_lines(user, view.stream)
    streams = [Choice(one.name, {"stream": one.slug}, current=one == view.stream) for one in streams_for(user)]
    context = {
        "view": view,
        "finding": queries.finding(lines),
        "lines": lines,
        "answers": queries.answered(user, view.stream),
        "streams": [Choice("All value streams", {"stream": None}, current=not view.stream), *streams],
        "nav": "impediments",
    }
    return render(request, "impediments/proposals.html", context)


def _answered(request: HttpRequest, conflict: Conflict) -> HttpResponse:
    """Somebody was faster: said, and what it is now is on the page."""
    messages.warning(request, f"{conflict.who or 'The portal'} {conflict.verb} it meanwhile. Nothing was written.")
    return redirect("impediment-proposals")


@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """The form that logs it, filled in from the data."""
    row, user = find(request, proposal_id), me(request)
    require_answer(user, row)
    if row.state != Answer.OPEN:
        return _answered(request, Conflict(row, str(row.answered_by or ""), row.state, row.answered_at))
    form = AcceptForm(request.POST or None, proposal=row, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            made = form.attempt(lambda: accept_proposal(actor=user, proposal=row, **form.said))
        except Conflict as conflict:
            return _answered(request, conflict)
        if made:
            messages.success(request, f"Logged: {made.what}.")
            return redirect("impediment", made.pk)
    context = {"form": form, "line": queries.line_of(user, row), "nav": "impediments"}
    return render(request, "impediments/proposal_accept.html", context)


@require_POST
def dismiss(request: HttpRequest, proposal_id: int) -> HttpResponse:
    row, form, user = find(request, proposal_id), DismissProposalForm(request.POST), me(request)
    require_answer(user, row)
    if not form.is_valid():
        raise PermissionDenied("A reason has at most 300 characters.")
    try:
        done = form.accepts(lambda: dismiss_proposal(actor=user, proposal=row, **form.cleaned_data))
    except Conflict as conflict:
        return _answered(request, conflict)
    if done:
        undo = reverse("impediment-proposal-restore", args=[row.pk])
        messages.success(request, f"Dismissed: {row.what}. These items are not proposed for it again.", undo)
    else:
        messages.error(request, " ".join(map(str, form.non_field_errors())))
    return redirect("impediment-proposals")


@require_POST
def restore(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Undo of a dismissal."""
    row, form = find(request, proposal_id), forms.NothingForm(request.POST)
    if form.accepts(lambda: restore_proposal(actor=me(request), proposal=row)):
        messages.success(request, "The proposal waits for an answer again.")
    else:
        messages.error(request, " ".join(map(str, form.non_field_errors())))
    return redirect("impediment-proposals")
