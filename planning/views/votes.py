"""Votes for those who lead and see them: opened, shown with a QR code, closed; and the walls' links."""

import io

import segno
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from planning.actions.links import make_link, revoke_link
from planning.actions.polls import close_poll, open_poll, take_back_ballot
from planning.forms.event import LinkForm, PollForm
from planning.links import event_topic, is_over, wall_secret
from planning.models import Increment, JoinLink, Poll
from planning.queries import polls as queries
from planning.rules import may_manage, reach, require_manage
from planning.views import event
from planning.views.finding import find_increment, version_of
from planning.views.writing import clash
from portfolio.actions.writing import Conflict


def _find(request: HttpRequest, poll_id: int) -> Poll:
    seen = Poll.objects.filter(increment__in=Increment.objects.for_user(me(request)).order_by())
    return get_object_or_404(seen.select_related("increment__train", "lane__team"), pk=poll_id)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """Open a vote of `?lane=`, or of the train."""
    increment = find_increment(request, slug)
    require_manage(me(request), increment.train)
    start = {"lane": request.GET.get("lane")}
    form = PollForm(request.POST if request.method == "POST" else None, increment=increment, initial=start)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: open_poll(actor=me(request), increment=increment, **form.said))
        if made:
            return redirect("plan-vote", made.pk)
    status = 400 if form.is_bound else 200
    return render(
        request, "planning/vote_new.html", {"form": form, "increment": increment, "nav": "planning"}, status=status
    )


@never_cache
@require_GET
def vote(request: HttpRequest, poll_id: int) -> HttpResponse:
    """How many voted and the way there; when it is closed the result, and who is invited to speak."""
    poll = _find(request, poll_id)
    mine = reach(me(request), poll.increment)
    shown = queries.vote(poll)
    may_manage = mine.manages and poll.increment.is_open
    context = {
        "vote": shown,
        "poll": shown.poll,
        "increment": poll.increment,
        "may_manage": may_manage,
        "came_in": queries.came_in(poll) if may_manage and shown.is_open else [],
        "link": _vote_address(request, poll) if mine.takes_part and shown.is_open else "",
        "rounds": [
            one for one in queries.votes_of(poll.increment, only_last=False) if one.poll.lane_id == poll.lane_id
        ],
        "topic": event_topic(poll.increment),
        "nav": "planning",
    }
    return render(request, "planning/vote.html", context)


def _vote_address(request: HttpRequest, poll: Poll) -> str:
    return request.build_absolute_uri(reverse("vote", args=[poll.token]))


@require_POST
def close(request: HttpRequest, poll_id: int) -> HttpResponse:
    """Count it. Nobody votes any more, and the result is shown."""
    poll = _find(request, poll_id)
    try:
        close_poll(actor=me(request), poll=poll, version=version_of(request))
    except Conflict as conflict:
        return clash(request, conflict, reverse("plan-vote", args=[poll_id]), poll.increment)
    return redirect("plan-vote", poll_id)


@require_POST
def take_back(request: HttpRequest, poll_id: int, ballot_id: int) -> HttpResponse:
    """One vote out of an open poll; whose it was may vote again."""
    poll = _find(request, poll_id)
    try:
        take_back_ballot(actor=me(request), poll=poll, ballot=ballot_id)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, "One vote was taken back: whose it was can vote again.")
    return redirect("plan-vote", poll_id)


def _svg(address: str) -> HttpResponse:
    """A QR code that is dark on white in every theme, as scanners want it."""
    file = io.BytesIO()
    segno.make(address, error="m").save(file, kind="svg", scale=8, border=4, dark="#000", light="#fff", xmldecl=False)
    return HttpResponse(file.getvalue(), content_type="image/svg+xml")


@never_cache
@require_GET
def vote_code(request: HttpRequest, poll_id: int) -> HttpResponse:
    """The QR code of an open vote, for those who take part."""
    poll = _find(request, poll_id)
    if poll.closed_at is not None or not reach(me(request), poll.increment).takes_part:
        return HttpResponse("There is no link to show.", status=404, content_type="text/plain")
    return _svg(_vote_address(request, poll))


@require_POST
def new_wall(request: HttpRequest, slug: str) -> HttpResponse:
    """A link for a screen on the wall."""
    increment = find_increment(request, slug)
    require_manage(me(request), increment.train)
    form = LinkForm(request.POST)
    if form.is_valid():
        made = form.attempt(lambda: make_link(actor=me(request), increment=increment, **form.said))
        if made:
            return redirect("plan-wall", made.pk)
    return event.show(request, increment, 400, link_form=form)


def _wall(request: HttpRequest, link_id: int) -> JoinLink:
    """A link of a train that the reader manages; 404 for everybody else."""
    seen = JoinLink.objects.filter(increment__in=Increment.objects.for_user(me(request)).order_by())
    link = get_object_or_404(seen.select_related("increment__train"), pk=link_id)
    require_manage(me(request), link.increment.train)
    return link


def _wall_address(request: HttpRequest, link: JoinLink) -> str:
    return request.build_absolute_uri(reverse("wall", args=[wall_secret(link)]))


@never_cache
@require_GET
def wall(request: HttpRequest, link_id: int) -> HttpResponse:
    """The address of a wall, as text and as QR code, and the button that revokes it."""
    link = _wall(request, link_id)
    over = is_over(link)
    context = {
        "link": link,
        "increment": link.increment,
        "address": "" if over else _wall_address(request, link),
        "is_over": over,
        "may_manage": may_manage(me(request), link.increment.train),
        "nav": "planning",
    }
    return render(request, "planning/wall_link.html", context)


@never_cache
@require_GET
def wall_code(request: HttpRequest, link_id: int) -> HttpResponse:
    """Its QR code."""
    link = _wall(request, link_id)
    if is_over(link):
        return HttpResponse("There is no link to show.", status=404, content_type="text/plain")
    return _svg(_wall_address(request, link))


@require_POST
def revoke(request: HttpRequest, link_id: int) -> HttpResponse:
    """It opens nothing from now on."""
    link = _wall(request, link_id)
    try:
        revoke_link(actor=me(request), link=link)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"“{link.name}” opens nothing any more; open walls went dark.")
    return redirect("plan-event", link.increment.slug)
