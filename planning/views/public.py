"""Pages that need no login: a voter's phone, and the board on a wall.

Whoever has the link sees as little as it is for. They write nothing but one vote; guesses are counted, and so are those
who ask too often. No page of these names a person.
"""

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms import client_address
from core.limits import within
from planning import links
from planning.actions.polls import cast_vote, device_mark
from planning.forms.event import VoteForm
from planning.models import JoinLink, Poll
from planning.queries import polls as queries
from planning.queries.board import board_of
from planning.queries.timer import timer_now

# Addresses nobody made that one address may ask for in a minute, and what one address may ask of a link: a whole room
# may sit behind one.
GUESSES, ASKED = 120, 1200
MINUTE = 60
NO_COOKIES = (
    "Your browser keeps nothing for this page, so nobody could tell a second vote. Allow cookies and try again."
)


def _page(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page that no search engine keeps and that nobody frames."""
    response = render(request, name, context, status=status)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _missing(request: HttpRequest) -> HttpResponse:
    """An address that nobody made, or that is over for so long that nobody remembers it."""
    if not within(f"guess:{client_address(request)}", GUESSES, MINUTE):
        return _busy(request)
    return _page(request, "planning/link_over.html", {"why": "unknown"}, 404)


def _busy(request: HttpRequest) -> HttpResponse:
    response = _page(request, "planning/link_over.html", {"why": "busy"}, 429)
    response.headers["Retry-After"] = str(MINUTE)
    return response


def _asks_too_often(request: HttpRequest, link: Poll | JoinLink) -> bool:
    key = f"{link._meta.model_name}:{link.pk}:{client_address(request)}"
    return not within(key, ASKED, MINUTE)


def _cookie(poll: Poll) -> str:
    """A cookie for each vote: no device is known again in another one."""
    return f"vote-{poll.pk}"


def _device(request: HttpRequest, poll: Poll) -> str:
    """The mark that this device keeps for this vote; empty: it has none yet, or one that we did not make."""
    return str(request.get_signed_cookie(_cookie(poll), "", salt=poll.token) or "")


def _remember(response: HttpResponse, poll: Poll) -> HttpResponse:
    response.set_signed_cookie(
        _cookie(poll),
        secrets.token_urlsafe(16),
        salt=poll.token,
        max_age=links.VOTE_DAYS * 86400,
        path="/vote/",
        httponly=True,
        samesite="Lax",
        secure=settings.HTTPS,
    )
    return response


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def vote(request: HttpRequest, token: str) -> HttpResponse:
    """Five fingers and a button; when the vote is closed, its result without names."""
    poll = links.poll(token)
    if poll is None:
        return _missing(request)
    if _asks_too_often(request, poll):
        return _busy(request)
    device = _device(request, poll)
    is_open = poll.closed_at is None and poll.increment.is_open
    form = VoteForm(request.POST if request.method == "POST" else None, asks_name=poll.invitations.exists())
    if request.method == "POST" and is_open:
        if device and form.is_valid() and form.accepts(lambda: cast_vote(token=token, device=device, **form.said)):
            return redirect("vote", token)
        if not device:
            form.add_error(None, NO_COOKIES)
    has_voted = bool(device) and poll.ballots.filter(device=device_mark(poll, device)).exists()
    response = _vote_page(request, poll, form, has_voted=has_voted, is_open=is_open)
    return response if device or not is_open else _remember(response, poll)


def _vote_page(request: HttpRequest, poll: Poll, form: VoteForm, *, has_voted: bool, is_open: bool) -> HttpResponse:
    """What the phone shows. A vote that came twice or too late is told so, with 409."""
    came_late = request.method == "POST" and (has_voted or not is_open)
    context = {
        "poll": poll,
        "of": poll.lane.name if poll.lane else poll.increment.train.name,
        "form": form,
        "has_voted": has_voted,
        "is_open": is_open,
        "came_late": came_late,
        "vote": queries.vote(poll) if poll.closed_at else None,
        "live_key": f"vote:{poll.token}",
        "topic": links.event_topic(poll.increment),
        "timer": timer_now(poll.increment),
    }
    return _page(request, "planning/vote_public.html", context, 409 if came_late else 400 if form.is_bound else 200)


@login_not_required
@never_cache
@require_safe
def vote_state(request: HttpRequest, token: str) -> HttpResponse:
    """The timer with the server's time, and whether the vote is closed."""
    poll = links.poll(token)
    if poll is None:
        return _missing(request)
    if _asks_too_often(request, poll):
        return _busy(request)
    return JsonResponse(timer_now(poll.increment) | {"is_closed": poll.closed_at is not None})


def _wall(request: HttpRequest, secret: str) -> JoinLink | HttpResponse:
    """The link of an address that may be shown, or what to say instead."""
    link = links.wall(secret)
    if link is None:
        return _missing(request)
    if _asks_too_often(request, link):
        return _busy(request)
    if links.is_over(link):
        why = "revoked" if link.revoked_at else "expired"
        return _page(request, "planning/link_over.html", {"why": why}, 410)
    return link


# Exempt, so that a write is refused for what it is (405) and not for a missing token.
@csrf_exempt
@login_not_required
@never_cache
@require_safe
def wall(request: HttpRequest, secret: str) -> HttpResponse:
    """The board, read-only; `?part=board` is what a script puts in again."""
    link = _wall(request, secret)
    if isinstance(link, HttpResponse):
        return link
    _note_use(link)
    board = board_of(link.increment, AnonymousUser())
    context = {
        "increment": link.increment,
        "link": link,
        "secret": secret,
        "board": board,
        "strings": [one.as_json() for one in board.strings],
        "timer": timer_now(link.increment),
        "topics": f"increment:{link.increment_id} {links.event_topic(link.increment)}",
        "live_key": f"wall:{secret}",
        "is_wall": True,
    }
    is_part = request.GET.get("part") == "board"
    return _page(request, "planning/wall_board.html" if is_part else "planning/wall.html", context)


@csrf_exempt
@login_not_required
@never_cache
@require_safe
def wall_state(request: HttpRequest, secret: str) -> HttpResponse:
    """The timer with the server's time."""
    link = _wall(request, secret)
    return link if isinstance(link, HttpResponse) else JsonResponse(timer_now(link.increment))


def _note_use(link: JoinLink) -> None:
    """When it was last shown, to the minute: those who manage links see which are in use."""
    now = timezone.now()
    if link.used_at is None or (now - link.used_at).total_seconds() > MINUTE:
        JoinLink.objects.filter(pk=link.pk).update(used_at=now)
