"""Increments: made, their page, changed, their iterations, their checklists."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from planning.actions import checks as check_verbs
from planning.actions import increments as verbs
from planning.actions.iterations import set_iterations
from planning.forms.increments import CheckForm, EditForm, IterationsForm, NewForm
from planning.models import Check, CheckList, Increment
from planning.queries import increments as queries
from planning.rules import may_manage, reach, require_manage
from planning.views.finding import find_increment, renewed, version_of
from planning.views.trains import managed_train
from planning.views.writing import clash
from portfolio.actions.writing import Conflict


def managed(request: HttpRequest, slug: str) -> Increment:
    """An increment whose train the reader may change; 403 for those who only see it."""
    found = find_increment(request, slug)
    require_manage(me(request), found.train)
    return found


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """The next increment of a train, filled in as the last one was."""
    train, user = managed_train(request, slug), me(request)
    after = train.increments.first()
    form = NewForm(request.POST or None, train=train, after=after)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: verbs.create_increment(actor=user, train=train, after=after, **form.said))
        if made:
            messages.success(request, f"{made} was made, with a row for each team.")
            return redirect("increment", made.slug)
    context = {"form": form, "train": train, "after": after, "nav": "planning"}
    return render(request, "planning/increment_new.html", context)


def show(request: HttpRequest, increment: Increment, status: int = 200, **changed: Any) -> HttpResponse:
    """The page of an increment; `changed` are bound forms that replace the empty ones."""
    found = queries.page(increment, timezone.localdate())
    may = may_manage(me(request), increment.train)
    context = {
        "increment": increment,
        "page": found,
        "finding": queries.finding(found),
        "may_manage": may,
        "is_open": increment.is_open,
        "may_add_row": increment.is_open and reach(me(request), increment).takes_part,
        "today": timezone.localdate(),
        "check_form": CheckForm(auto_id=False) if may and increment.is_open else None,
        "nav": "planning",
    }
    return render(request, "planning/increment.html", context | changed, status=status)


@require_GET
def increment(request: HttpRequest, slug: str) -> HttpResponse:
    """Where it stands, its checklists, iterations and teams, what was promised."""
    return show(request, find_increment(request, slug))


def _saved(
    request: HttpRequest, found: Increment, form: Any, verb: Callable[[], object], name: str, said: str
) -> HttpResponse:
    """The form; sent and right, back to the increment. 409: what was typed stays, to be written over what changed."""
    conflict = None
    if request.method == "POST" and form.is_valid():
        try:
            if form.accepts(verb):
                messages.success(request, said)
                return redirect("increment", found.slug)
        except Conflict as clash:
            conflict = clash
            form.data = renewed(request.POST, clash)
    context = {"form": form, "increment": found, "conflict": conflict, "nav": "planning"}
    return render(request, name, context, status=409 if conflict else 400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Its name, what it is for, how many features a team works at once."""
    found, user = managed(request, slug), me(request)
    form = EditForm(request.POST or None, increment=found)
    return _saved(
        request,
        found,
        form,
        lambda: verbs.change_increment(actor=user, increment=found, **form.cleaned_data),
        "planning/increment_edit.html",
        "Saved.",
    )


@require_http_methods(["GET", "POST"])
def iterations(request: HttpRequest, slug: str) -> HttpResponse:
    """All iterations at once; cards of those that are removed become unplanned, which is said before."""
    found, user = managed(request, slug), me(request)
    form = IterationsForm(request.POST or None, increment=found, cards=queries.cards_by_iteration(found))
    return _saved(
        request,
        found,
        form,
        lambda: set_iterations(
            actor=user, increment=found, iterations=form.spans, version=form.cleaned_data["version"]
        ),
        "planning/iterations.html",
        "The iterations were saved.",
    )


def _check(request: HttpRequest, check_id: int) -> Check:
    seen = Check.objects.filter(increment__in=Increment.objects.for_user(me(request)).order_by())
    return get_object_or_404(seen.select_related("increment__train"), pk=check_id)


def _back(
    request: HttpRequest, found: Increment, kind: str, verb: Callable[[], object], said: str = ""
) -> HttpResponse:
    """Do it; what is refused is said, and the list shows how it is now. 409: somebody was faster."""
    home = f"{reverse('increment', args=[found.slug])}#{kind}"
    try:
        verb()
    except Conflict as conflict:
        return clash(request, conflict, home, found)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        if said:
            messages.success(request, said)
    return redirect(home)


@require_POST
def tick(request: HttpRequest, check_id: int) -> HttpResponse:
    """Say of a line of a checklist that it is done, or (`done` empty) not."""
    row, user = _check(request, check_id), me(request)
    done, seen = bool(request.POST.get("done")), version_of(request)
    verb = partial(check_verbs.tick, actor=user, check=row, done=done, version=seen)
    return _back(request, row.increment, row.list, verb)


@require_POST
def add_check(request: HttpRequest, slug: str) -> HttpResponse:
    """A line of one's own for a checklist."""
    found, user = managed(request, slug), me(request)
    if (kind := request.POST.get("ready_made", "")) in CheckList.values:
        return _back(request, found, kind, partial(check_verbs.add_ready_made, actor=user, increment=found, kind=kind))
    form = CheckForm(request.POST)
    said = form.cleaned_data if form.is_valid() else {}
    if said and form.accepts(
        lambda: check_verbs.add_check(actor=user, increment=found, kind=said["list"], text=said["text"])
    ):
        return redirect(f"{reverse('increment', args=[found.slug])}#{said['list']}")
    return show(request, found, 400, check_form=form)


@require_POST
def remove_check(request: HttpRequest, check_id: int) -> HttpResponse:
    """Take a line off its checklist; the log takes it back."""
    row, user = _check(request, check_id), me(request)
    verb = partial(check_verbs.remove_check, actor=user, check=row, version=version_of(request))
    return _back(request, row.increment, row.list, verb, f"“{row.text}” was taken off the list.")
