"""Votes of confidence: asked for, given, revealed."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.queries import me
from okrs import actions
from okrs.forms.goals import VoteForm
from okrs.models import Objective, Poll
from okrs.views import objectives


def find(request: HttpRequest, poll_id: int) -> Poll:
    """A vote on an objective that the reader may see."""
    seen = Objective.objects.for_user(me(request)).order_by().values("pk")
    places = ("objective__cycle", "objective__team__stream", "objective__stream", "objective__owner")
    return get_object_or_404(Poll.objects.filter(objective__in=seen).select_related(*places), pk=poll_id)


def _do(request: HttpRequest, objective_id: int, verb: Callable[[], object], said: str, undo: str = "") -> HttpResponse:
    try:
        verb()
        messages.success(request, said, undo)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(f"{reverse('objective', args=[objective_id])}#votes")


@require_POST
def ask(request: HttpRequest, objective_id: int) -> HttpResponse:
    one, user = objectives.find(request, objective_id), me(request)
    said = "The vote is open: everybody who works on it can vote on this page."
    return _do(request, one.pk, lambda: actions.open_poll(actor=user, objective=one), said)


@require_POST
def give(request: HttpRequest, poll_id: int) -> HttpResponse:
    poll, form, user = find(request, poll_id), VoteForm(request.POST), me(request)
    if not form.is_valid():
        return objectives.page(request, objectives.find(request, poll.objective_id), status=400, vote=form)
    confidence = form.cleaned_data["confidence"]
    said = "Your vote is in. You can change it until all are revealed."
    return _do(request, poll.objective_id, lambda: actions.vote(actor=user, poll=poll, confidence=confidence), said)


@require_POST
def reveal(request: HttpRequest, poll_id: int) -> HttpResponse:
    poll, user = find(request, poll_id), me(request)
    return _do(request, poll.objective_id, lambda: actions.reveal(actor=user, poll=poll), "The votes are revealed.")


@require_POST
def drop(request: HttpRequest, poll_id: int) -> HttpResponse:
    poll, user = find(request, poll_id), me(request)
    return _do(request, poll.objective_id, lambda: actions.drop_poll(actor=user, poll=poll), "The vote was withdrawn.")
