"""The event of an increment: timer, agenda, votes, walls on one page; the timer's buttons."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.queries import me
from planning.actions import timers
from planning.actions.agenda import seen
from planning.forms.event import LinkForm, MoreForm, PollForm, TimerForm
from planning.links import event_topic
from planning.models import Increment, Timer
from planning.queries.event import event_page
from planning.queries.timer import timer_now
from planning.rules import may_manage, require_manage
from planning.views.finding import back, find_increment, renewed, version_of
from portfolio.actions.writing import Conflict


def show(request: HttpRequest, increment: Increment, status: int = 200, **bound: Any) -> HttpResponse:
    """The page; `bound` are forms that replace the empty ones."""
    manages = may_manage(me(request), increment.train)
    page = event_page(increment, manages=manages)
    context: dict[str, Any] = {
        "increment": increment,
        "page": page,
        "may_manage": manages and increment.is_open,
        "manages": manages,
        "topic": event_topic(increment),
        "nav": "planning",
    }
    if manages and increment.is_open:
        context |= {
            "timer_form": TimerForm(increment=increment, version=page.timer.version),
            "poll_form": PollForm(increment=increment),
            "link_form": LinkForm(),
            # What the button that fills an empty agenda saw.
            "saw": "" if page.days else seen(increment),
        }
    is_part = request.GET.get("part") == "body"
    name = "planning/event_parts.html" if is_part else "planning/event.html"
    return render(request, name, context | bound, status=status)


@require_GET
def event(request: HttpRequest, slug: str) -> HttpResponse:
    """Timer, agenda, votes and walls; `?part=body` is what a script puts in again."""
    return show(request, find_increment(request, slug))


@never_cache
@require_GET
def timer(request: HttpRequest, slug: str) -> JsonResponse:
    """The timer, and the server's time."""
    return JsonResponse(timer_now(find_increment(request, slug)))


def _start(request: HttpRequest, increment: Increment) -> HttpResponse | None:
    form = TimerForm(request.POST, increment=increment)
    given: dict[str, Any] = {"actor": me(request), "increment": increment}
    if form.is_valid() and form.accepts(lambda: timers.start_timer(**given, **form.cleaned_data)):
        return None
    return show(request, increment, 400, timer_form=form)


def _add(request: HttpRequest, increment: Increment) -> HttpResponse | None:
    form = MoreForm(request.POST)
    if not form.is_valid():
        return show(request, increment, 400, more_form=form)
    timers.add_to_timer(
        actor=me(request), increment=increment, version=version_of(request), minutes=form.cleaned_data["minutes"]
    )
    return None


def _plain(verb: Callable[..., Timer]) -> Callable[[HttpRequest, Increment], HttpResponse | None]:
    def step(request: HttpRequest, increment: Increment) -> None:
        verb(actor=me(request), increment=increment, version=version_of(request))

    return step


STEPS: dict[str, Callable[[HttpRequest, Increment], HttpResponse | None]] = {
    "start": _start,
    "pause": _plain(timers.pause_timer),
    "resume": _plain(timers.resume_timer),
    "add": _add,
    "stop": _plain(timers.stop_timer),
}


ANYWAY = {
    "start": "Start this one anyway",
    "pause": "Pause it anyway",
    "resume": "Let it go on anyway",
    "add": "Change it anyway",
    "stop": "Stop it anyway",
}


def _again(request: HttpRequest, conflict: Conflict, step: str) -> dict[str, Any]:
    """The same button on what is there now: its step, its words, what it posts."""
    posted = renewed(request.POST, conflict)
    fields = [(name, posted[name]) for name in ("version", "item", "title", "minutes") if name in posted]
    return {"step": step, "label": ANYWAY[step], "fields": fields}


@require_POST
def timer_step(request: HttpRequest, slug: str, step: str) -> HttpResponse:
    """start, pause, resume, add or stop."""
    increment = find_increment(request, slug)
    require_manage(me(request), increment.train)
    if step not in STEPS:
        raise Http404
    try:
        refused = STEPS[step](request, increment)
    except Conflict as conflict:
        return show(request, increment, 409, conflict=conflict, again=_again(request, conflict, step))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return show(request, increment, 400)
    return refused or redirect(back(request) or "plan-event", *([] if back(request) else [slug]))
