"""Check-ins of those who are logged in: what is due, one after the other; and the check-in of one key result."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from okrs import actions
from okrs.forms.checkins import CheckInForm, asked_day
from okrs.models import CheckIn, KeyResult, Objective
from okrs.queries import due
from okrs.queries.due import said
from okrs.rules import may_check_in
from portfolio.panels import Panel
from portfolio.rules import WORDS


def find(request: HttpRequest, key_result_id: int) -> KeyResult:
    """A key result of an objective that the reader may see."""
    seen = Objective.objects.for_user(me(request)).order_by().values("pk")
    places = ("objective__cycle", "objective__team__stream", "objective__stream", "kpi", "owner")
    return get_object_or_404(KeyResult.objects.filter(objective__in=seen).select_related(*places), pk=key_result_id)


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """What the reader should check in: what is due, the longest first, then what comes next."""
    return render(request, "okrs/check_ins.html", {"work": due.work_of(me(request))})


@require_http_methods(["GET", "POST"])
def check_in(request: HttpRequest, key_result_id: int) -> HttpResponse:
    """The check-in of one key result (?on=2026-11-02: that day's, to correct it); ?queue=1 goes on to the next due."""
    one, user = find(request, key_result_id), me(request)
    form = form_of(request, one, asked_day(request.GET))
    if request.method == "POST":
        if not may_check_in(user, one):
            raise PermissionDenied(WORDS["check_in"])
        if form.is_valid():
            before = one.check_ins.filter(on=form.cleaned_data["on"]).first()
            made = form.attempt(lambda: actions.check_in(actor=user, key_result=one, **form.said))
            if made:
                return _done(request, made, before)
    return render(request, "okrs/check_in.html", page_of(request, one, form))


def form_of(request: HttpRequest, one: KeyResult, on: Any = None) -> CheckInForm:
    """The form, with the day's check-in where there is one, else the last value."""
    last = one.check_ins.order_by("-on").first()
    given = one.check_ins.filter(on=on or due.day_of(one)).first()
    data = request.POST if request.method == "POST" else None
    return CheckInForm(data, key_result=one, given=given, last=last, on=on)


def page_of(request: HttpRequest, one: KeyResult, form: CheckInForm) -> dict[str, Any]:
    user = me(request)
    return {
        "one": one,
        "form": form,
        "history": due.history(one),
        "due": next(iter(due.standing(KeyResult.objects.filter(pk=one.pk))), None),
        "may": may_check_in(user, one),
        "closed": due.closed_words(one),
        "queue": request.GET.get("queue") == "1",
        "left": due.left_of(user, besides=one) if request.GET.get("queue") == "1" else 0,
    }


def _done(request: HttpRequest, made: CheckIn, before: CheckIn | None) -> HttpResponse:
    """Say what was kept, with the way back; then the next one that is due, or the key result's page."""
    one = made.key_result
    undo = _again(before, over="1") if before else reverse("check-in-delete", args=[made.pk])
    confidence = f"confidence {made.confidence} of 10"
    messages.success(request, f"{one.name}: {said(one, made.value)} on {made.on:%-d %b}, {confidence}.", undo)
    if request.GET.get("queue") != "1":
        return redirect("check-in", one.pk)
    following = due.next_of(me(request))
    return redirect(f"{reverse('check-in', args=[following.pk])}?queue=1") if following else redirect("check-ins")


def _again(was: CheckIn, **more: str) -> str:
    """The address that says a day as it was said before; nothing where the portal had said it by itself."""
    if was.confidence is None:
        return ""
    values = {"on": was.on, "value": f"{was.value:.15g}", "confidence": was.confidence}
    said_too = {"note": was.note, "blocker": was.blocker, **more}
    return f"{reverse('check-in-restore', args=[was.key_result_id])}?{urlencode({**values, **said_too})}"


@require_POST
def delete(request: HttpRequest, check_in_id: int) -> HttpResponse:
    seen = Objective.objects.for_user(me(request)).order_by().values("pk")
    found = CheckIn.objects.filter(key_result__objective__in=seen).select_related("key_result__objective__cycle")
    thing = get_object_or_404(found, pk=check_in_id)
    one = thing.key_result
    try:
        actions.delete_check_in(actor=me(request), check_in=thing)
        messages.success(request, f"The check-in of {thing.on:%-d %b %Y} was deleted.", _again(thing))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("check-in", one.pk)


@require_POST
def restore(request: HttpRequest, key_result_id: int) -> HttpResponse:
    """Say a day as it was before it was deleted, or corrected (?over=1); the address has the values."""
    one = find(request, key_result_id)
    form = CheckInForm(request.GET, key_result=one, given=None, last=None)
    verb = actions.check_in if request.GET.get("over") == "1" else actions.restore_check_in
    if form.is_valid() and form.accepts(lambda: verb(actor=me(request), key_result=one, **form.said)):
        messages.success(request, f"The check-in of {form.cleaned_data['on']:%-d %b %Y} is as it was.")
    else:
        messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))
    return redirect("check-in", one.pk)


def team_panel(pk: int, request: HttpRequest) -> Panel | None:
    """On a team's page: the check-ins of its objectives that are due, whoever owes them."""
    rows = [one for one in due.standing(due.by_hand(KeyResult.objects.filter(objective__team=pk))) if one.is_due]
    return Panel("okrs/due_panel.html", {"rows": rows}) if rows else None
