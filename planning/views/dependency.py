"""One dependency: asked for, and the steps of its answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.queries import me
from planning.actions import dependencies as verbs
from planning.forms import dependencies as forms
from planning.models import Agreement, Card, Dependency, Event, Increment, Iteration
from planning.queries.dependencies import Line, line_of, seen
from planning.queries.late import tallies
from planning.rules import PARTICIPANTS, Reach, reach
from planning.views.finding import back, find_increment, is_board
from portfolio.actions.writing import Conflict

LIVE = frozenset(verbs.LIVE)


@dataclass(frozen=True, slots=True)
class Step:
    """What can be done to a dependency in some states, by one side or (None) by either; `label` is its button."""

    key: str
    label: str
    form: type[forms.StepForm]
    verb: Callable[..., Dependency]
    states: frozenset[str]
    side: str | None
    hint: str = ""

    def is_open(self, line: Line) -> bool:
        """Whether the reader may do it now."""
        may = {"provider": line.may_answer, "consumer": line.may_ask, None: line.may_answer or line.may_ask}
        return line.row.agreement in self.states and may[self.side]


ANY = frozenset(Agreement.values)
_LIST = (
    Step("accept", "Accept the offer", forms.StepForm, verbs.accept_counter, frozenset({"countered"}), "consumer"),
    Step("agree", "Agree, with a card", forms.AgreeForm, verbs.agree_dependency, LIVE, "provider"),
    Step("counter", "Offer another iteration", forms.CounterForm, verbs.counter_dependency, LIVE, "provider"),
    Step("decline", "Decline", forms.DeclineForm, verbs.decline_dependency, LIVE, "provider"),
    Step("deliver", "Mark as delivered", forms.DeliverForm, verbs.deliver_dependency, LIVE, None),
    Step("ask", "Ask again", forms.AskForm, verbs.ask_again, LIVE | {"declined"}, "consumer"),
    Step(
        "undeliver", "It was not delivered", forms.StepForm, verbs.undeliver_dependency, frozenset({"delivered"}), None
    ),
    Step("withdraw", "Withdraw", forms.StepForm, verbs.withdraw_dependency, ANY, "consumer"),
)
STEPS = {one.key: one for one in _LIST}


def _find(request: HttpRequest, dependency_id: int) -> tuple[Line, Reach]:
    """A dependency of a board that the reader sees, as they may answer it; 404 for everybody else."""
    row = get_object_or_404(seen(me(request)), pk=dependency_id)
    mine = reach(me(request), row.increment)
    return line_of(row, mine, tallies(timezone.localdate())), mine


def _show(request: HttpRequest, line: Line, status: int = 200, **said: Any) -> HttpResponse:
    """Its page, or the part that the board's dialog shows; `said` is the form that was posted, and what is wrong."""
    bound = said.get("bound", {})
    steps = [(one, bound.get(one.key) or one.form(line=line, name=one.key)) for one in _LIST if one.is_open(line)]
    context = {
        "line": line,
        "row": line.row,
        "increment": line.row.increment,
        "steps": steps,
        "next": back(request),
        "is_part": is_board(request),
        "nav": "planning",
        **said,
    }
    name = "planning/dependencies/body.html" if is_board(request) else "planning/dependencies/page.html"
    return render(request, name, context, status=status)


@require_GET
def dependency(request: HttpRequest, dependency_id: int) -> HttpResponse:
    """Who needs what of whom until when, whether it can work, and what the reader can do about it."""
    line, _ = _find(request, dependency_id)
    return _show(request, line)


@require_http_methods(["POST"])
def step(request: HttpRequest, dependency_id: int, step: str) -> HttpResponse:
    """Do one step. 400 shows the page with what is wrong, 409 with who was faster."""
    if (wanted := STEPS.get(step)) is None:
        raise Http404
    line, mine = _find(request, dependency_id)
    if not mine.takes_part:
        raise PermissionDenied(PARTICIPANTS)
    form = wanted.form(request.POST, line=line, name=step)
    try:
        done = _do(request, wanted, form, line) if form.is_valid() else None
    except Conflict as conflict:
        now, _ = _find(request, dependency_id)
        bound = {step: form.renewed(now, step)}
        return _show(request, now, 409, bound=bound, opened=step, conflict=conflict)
    if done is None:
        return _show(request, line, 400, bound={step: form}, opened=step, problem=form.non_field_errors())
    return _written(request, done, step)


def _do(request: HttpRequest, step: Step, form: forms.StepForm, line: Line) -> Dependency | None:
    """The step's verb; None when it refused and the form says why."""
    return form.attempt(lambda: step.verb(actor=me(request), dependency=line.row, **form.said))


def _written(request: HttpRequest, row: Dependency, step: str) -> HttpResponse:
    """What was done, with the way back: for the board's script as JSON, else as a message."""
    event = _line(row)
    text = f"You {event.text}." if event else "Nothing changed."
    undo = reverse("plan-undo", args=[row.increment.slug, event.number]) if event else ""
    if is_board(request):
        return JsonResponse({"number": event.number if event else 0, "text": text, "undo": undo})
    messages.success(request, text, extra_tags=undo)
    there = reverse("plan-dependency", args=[row.pk])
    if step == "withdraw":
        there = reverse("plan-dependencies", args=[row.increment.slug])
    return redirect(back(request) or there)


def _line(row: Dependency) -> Event | None:
    """The newest line of the log about it."""
    wrote = [{"kind": "dependency", "id": row.pk}]
    found = Event.objects.filter(increment=row.increment_id, changes__contains=wrote)
    return found.order_by("-number").first()


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask a row or a card for what a card needs; `?consumer=`, `?provider=` and `?row=` fill the form in."""
    increment = find_increment(request, slug)
    mine = reach(me(request), increment)
    if not mine.takes_part:
        raise PermissionDenied(PARTICIPANTS)
    start = _start(request, increment)
    form = forms.RequestForm(request.POST or None, increment=increment, mine=mine, initial=start)
    if form.is_bound and form.is_valid():
        done = form.attempt(lambda: verbs.request_dependency(actor=me(request), **form.said))
        if done is not None:
            return _written(request, done, "new")
    context = {
        "increment": increment,
        "form": form,
        "next": back(request),
        "is_part": is_board(request),
        "is_empty": not form.cards,
        "nav": "planning",
    }
    name = "planning/dependencies/new_form.html" if is_board(request) else "planning/dependencies/new.html"
    return render(request, name, context, status=400 if form.errors else 200)


def _start(request: HttpRequest, increment: Increment) -> dict[str, Any]:
    """What the address says of the request; needed in the iteration before the card's, which is healthy."""
    said = {name: text for name in ("consumer", "provider", "row") if (text := request.GET.get(name, "")).isdecimal()}
    start: dict[str, Any] = {"consumer": said.get("consumer", "")}
    if "provider" in said:
        start["provider"] = f"card-{said['provider']}"
    elif "row" in said:
        start["provider"] = f"row-{said['row']}"
    card = Card.objects.filter(increment=increment, pk=start["consumer"] or 0).select_related("iteration").first()
    if card and card.iteration:
        before = Iteration.objects.filter(increment=increment, number__lt=card.iteration.number)
        start["needed_in"] = before.order_by("-number").first() or card.iteration
    return start
