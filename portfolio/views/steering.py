"""What keeps the portfolio in bounds: limits of stages, approvals of spending, reviews by business owners."""

from decimal import Decimal

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.queries import me
from portfolio import actions, forms, queries
from portfolio.models import Approval, ApprovalThreshold, Review, StageLimit, ValueStream
from portfolio.rules import WORDS, Verb, can, require
from portfolio.views import initiatives


def places(user: User, verb: Verb) -> list[ValueStream | None]:
    """Where `user` may do `verb`: None (the whole portfolio) first, then the value streams."""
    streams = [one for one in ValueStream.objects.for_user(user).filter(ended_on=None) if can(user, verb, one)]
    return [*([None] if can(user, verb) else []), *streams]


@require_http_methods(["GET", "POST"])
def limits(request: HttpRequest) -> HttpResponse:
    """How many initiatives each stage holds: of the portfolio and of each value stream."""
    user = me(request)
    mine = places(user, "manage_portfolio")
    if not mine:
        raise PermissionDenied(WORDS["manage_portfolio"])
    known = {(one.stream_id, one.stage): one.most for one in StageLimit.objects.all()}
    form = forms.LimitsForm(request.POST or None, places=mine, limits=known)
    if request.method == "POST" and form.is_valid():
        for place, stage, most in form.wanted:
            actions.set_stage_limit(actor=user, stage=stage, most=most, stream=place)
        messages.success(request, "The limits were saved." if form.wanted else "Nothing was changed.")
        return redirect("stage-limits")
    return render(request, "portfolio/limits.html", {"form": form, "stages": forms.OPEN_STAGES})


@require_GET
def approvals(request: HttpRequest) -> HttpResponse:
    """Requests that wait for a decision, the latest decisions, and above which cost one is needed."""
    return _approvals(request)


def _approvals(request: HttpRequest, **changed: object) -> HttpResponse:
    user = me(request)
    seen = places(user, "see_money")
    if not seen:
        raise PermissionDenied(WORDS["see_money"])
    amounts: dict[int | None, Decimal] = {one.stream_id: one.amount for one in ApprovalThreshold.objects.all()}
    rows = [
        (forms.ThresholdForm(place=p, amount=amounts.get(p.pk if p else None)), can(user, "manage_money", p))
        for p in seen
    ]
    requests = [
        (one, can(user, "approve", one.initiative.stream) and one.asked_by_id != user.pk, one.asked_by_id == user.pk)
        for one in queries.requests_for(user)
    ]
    context = {
        "requests": requests,
        "waiting": sum((one.amount for one, _, _ in requests), Decimal(0)),
        "decided": queries.decided_for(user),
        "thresholds": rows,
    }
    return render(request, "portfolio/approvals.html", context | changed)


@require_POST
def threshold(request: HttpRequest) -> HttpResponse:
    """`place` is the short name of a value stream, or “-” for the portfolio."""
    user, slug = me(request), request.POST.get("place", "-").replace("\0", "")
    place = None if slug == "-" else get_object_or_404(ValueStream.objects.for_user(user), slug=slug)
    require(user, "manage_money", place)
    form = forms.ThresholdForm(request.POST, place=place, amount=None)
    if form.is_valid():
        amount = form.cleaned_data["amount"]
        if form.does(lambda: actions.set_threshold(actor=user, amount=amount, stream=place)):
            messages.success(request, f"The threshold of {place or 'the portfolio'} was saved.")
            return redirect("approvals")
    messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))
    return redirect("approvals")


@require_POST
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    initiative, user = initiatives.find(request, slug), me(request)
    require(user, "manage_portfolio", initiative.stream)
    form = forms.ApprovalForm(request.POST)
    if form.is_valid() and form.accepts(
        lambda: actions.ask_approval(actor=user, initiative=initiative, **form.cleaned_data)
    ):
        messages.success(request, "The approval is asked for. A leader who did not ask decides.")
        return redirect("initiative", slug)
    return initiatives.page(request, initiative, approval_form=form)


def _approval(request: HttpRequest, approval_id: int) -> Approval:
    """A request that the reader may see."""
    user = me(request)
    rows = Approval.objects.select_related("initiative__stream", "asked_by")
    found = get_object_or_404(rows, pk=approval_id)
    initiatives.find(request, found.initiative.slug)
    require(user, "see_money", found.initiative.stream)
    return found


@require_POST
def decide(request: HttpRequest, approval_id: int) -> HttpResponse:
    """`approve` 1 or 0, with a note."""
    approval, form = _approval(request, approval_id), forms.VerdictForm(request.POST)
    if form.is_valid():
        given = {"approve": form.is_yes, "note": form.cleaned_data["note"]}
        done = form.attempt(lambda: actions.decide_approval(actor=me(request), approval=approval, **given))
        if done:
            messages.success(request, f"{approval.initiative.name}: {done.get_state_display().lower()}.")
    _tell_errors(request, form)
    return redirect("initiative", approval.initiative.slug)


@require_POST
def withdraw(request: HttpRequest, approval_id: int) -> HttpResponse:
    approval = _approval(request, approval_id)
    form = forms.NothingForm({})
    if form.is_valid() and form.accepts(lambda: actions.withdraw_approval(actor=me(request), approval=approval)):
        messages.success(request, "The request was withdrawn.")
    _tell_errors(request, form)
    return redirect("initiative", approval.initiative.slug)


def _tell_errors(request: HttpRequest, form: forms.Attempt) -> None:
    if form.errors:
        messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))


@require_POST
def review(request: HttpRequest, slug: str) -> HttpResponse:
    """A business owner looked at it."""
    initiative, form = initiatives.find(request, slug), forms.ReviewForm(request.POST)
    if form.is_valid() and form.accepts(
        lambda: actions.record_review(actor=me(request), initiative=initiative, **form.cleaned_data)
    ):
        messages.success(request, "The review is recorded.")
        return redirect("initiative", slug)
    return initiatives.page(request, initiative, review_form=form)


@require_POST
def remove_review(request: HttpRequest, slug: str, review_id: int) -> HttpResponse:
    initiative = initiatives.find(request, slug)
    found = get_object_or_404(Review.objects.select_related("initiative__stream"), pk=review_id, initiative=initiative)
    actions.remove_review(actor=me(request), review=found)
    messages.success(request, "The review was removed.")
    return redirect("initiative", slug)
