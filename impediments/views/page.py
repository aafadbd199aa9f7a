"""The page of one impediment, and the steps that are taken on it."""

import functools
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.queries import me
from core.templatetags.ui import Choice, Entry
from impediments import actions, queries
from impediments.actions.comments import may_manage
from impediments.forms.channels import AttachForm
from impediments.forms.costs import until_of
from impediments.forms.steps import CommentForm, HandForm, ItemsForm, LevelForm, MergeForm, PauseForm
from impediments.models import Impediment, State
from impediments.notices import readers
from impediments.queries.cost_panel import CostPanel, cost_panel
from impediments.queries.items import SHOWN
from impediments.rules import require_work
from impediments.views import after
from impediments.views.finding import clash, find, onward, version_of
from portfolio.actions import Conflict
from portfolio.forms import View, view_of
from portfolio.forms.base import Attempt, NothingForm
from portfolio.models import Team


def _forms(request: HttpRequest, one: Impediment, bound: dict[str, Any]) -> dict[str, Any]:
    """The forms of the page; those that were posted replace the empty ones."""
    user = me(request)
    made: dict[str, Any] = {
        "comment_form": CommentForm(),
        "people": readers(one).order_by("name"),
        "hand_form": HandForm(impediment=one),
        "attach_form": AttachForm(),
    }
    if one.is_open:
        found = queries.offers(one.team, timezone.now())
        there = set(one.blocks.filter(to_at=None).values_list("item", flat=True))
        made |= {
            "level_form": LevelForm(impediment=one),
            "pause_form": PauseForm(impediment=one),
            "merge_form": MergeForm(impediment=one, user=user),
            "items_form": ItemsForm(user=user),
            "offers": [offer for offer in found if offer.item.pk not in there][:SHOWN],
        }
    return made | bound


def show(request: HttpRequest, one: Impediment, status: int = 200, **bound: Any) -> HttpResponse:
    """The page; `bound` are forms that replace the empty ones, and what else is to be said."""
    user, view = me(request), view_of(request.GET, me(request), timezone.now())
    one = get_object_or_404(queries.seen(user, view.at), pk=one.pk)
    page = queries.page_of(one, user, view.at, is_past=view.is_past)
    context: dict[str, Any] = {
        "one": one,
        "page": page,
        "row": page.row,
        "view": view,
        "may_work": page.row.may_work,
        "may_manage": may_manage(user, one) and not view.is_past,
        "columns": [state for state in State if state not in (one.state, State.RESOLVED)],
        "topic": f"impediments:{one.pk}",
        "cost": _cost(request, one, view),
        **after.links(user, one),
        "files": page.files,
        "number": f"VMO-{one.pk}",
        "pk_text": str(one.pk),
        "sees_team": Team.objects.for_user(user).filter(pk=one.team_id).exists(),
        "is_late": one.promised_on is not None and one.promised_on < timezone.localdate(view.at, one.team.zone),
        "nav": "impediments",
        **_days(view),
    }
    if page.row.may_work:
        context |= _forms(request, one, bound)
    return render(request, "impediments/page.html", context, status=status)


def _cost(request: HttpRequest, one: Impediment, view: View) -> CostPanel:
    """Its cost section; `?until=` says to which day it is reckoned ahead."""
    as_of = f"?as_of={view.as_of.isoformat()}" if view.as_of else ""
    until = until_of(request.GET, timezone.localdate(view.at, one.team.zone), view.problems)
    return cost_panel(one, me(request), view.at, until, as_of)


def _days(view: View) -> dict[str, Any]:
    day = view.as_of.isoformat() if view.as_of else ""
    return {
        "days": [Choice("Now", {"as_of": None}, current=not view.is_past)],
        "day_fields": [Entry("as_of", "End of the day", day)],
    }


@require_GET
def impediment(request: HttpRequest, impediment_id: int) -> HttpResponse:
    """What is in the way, for how long, what it blocks and costs, and what is done about it; as of `?as_of=`."""
    return show(request, find(request, impediment_id))


def _step(
    request: HttpRequest,
    one: Impediment,
    form: Attempt,
    name: str,
    verb: Callable[[], Impediment | None],
    said: str,
    undo: Callable[[Impediment], str] = lambda done: "",
) -> HttpResponse:
    """Do `verb` when the form `name` is right, say so with the way back, else show the page with what is wrong."""
    if isinstance(form, forms.BaseForm) and form.is_bound and not form.is_valid():
        return show(request, one, 400, **{name: form, "opened": name})
    try:
        done = form.attempt(verb)
    except Conflict as conflict:
        now = find(request, one.pk)
        return show(request, now, 409, **{name: form, "opened": name}, **clash(conflict, now))
    if done is None:
        return show(request, one, 400, **{name: form, "opened": name})
    messages.success(request, said, extra_tags=undo(done))
    return onward(request, one)


def _at(name: str, one: Impediment, **query: object) -> str:
    address = reverse(name, args=[one.pk])
    return f"{address}?{urlencode(query)}" if query else address


@require_POST
def take(request: HttpRequest, impediment_id: int) -> HttpResponse:
    """The reader acts from now on."""
    one, user = find(request, impediment_id), me(request)
    require_work(user, one)
    before = one.owner_id or ""
    return _step(
        request,
        one,
        NothingForm(),
        "hand_form",
        lambda: actions.take(actor=user, impediment=one, version=version_of(request)),
        "It is yours.",
        lambda done: _at("impediment-hand", done, owner=before, version=done.version),
    )


@require_POST
def hand(request: HttpRequest, impediment_id: int) -> HttpResponse:
    """Somebody else acts, or nobody."""
    one, user = find(request, impediment_id), me(request)
    require_work(user, one)
    form, before = HandForm({**request.GET.dict(), **request.POST.dict()}, impediment=one), one.owner_id or ""

    def verb() -> Impediment:
        owner = form.cleaned_data["owner"]
        return actions.change_impediment(actor=user, impediment=one, version=version_of(request), owner=owner)

    def undo(done: Impediment) -> str:
        return _at("impediment-hand", done, owner=before, version=done.version)

    return _step(request, one, form, "hand_form", verb, "Saved.", undo)


@require_POST
def level(request: HttpRequest, impediment_id: int) -> HttpResponse:
    """Raise or lower it by hand."""
    one, user = find(request, impediment_id), me(request)
    require_work(user, one)
    form, before = LevelForm({**request.GET.dict(), **request.POST.dict()}, impediment=one), one.level
    return _step(
        request,
        one,
        form,
        "level_form",
        lambda: actions.set_level(actor=user, impediment=one, **form.cleaned_data),
        "Whoever acts now was told.",
        lambda done: _at("impediment-level", done, level=before, reason="Taken back", version=done.version),
    )


@require_POST
def pause(request: HttpRequest, impediment_id: int) -> HttpResponse:
    """Stop the level's clock."""
    one, user = find(request, impediment_id), me(request)
    require_work(user, one)
    form = PauseForm(request.POST, impediment=one)
    return _step(
        request,
        one,
        form,
        "pause_form",
        lambda: actions.pause(actor=user, impediment=one, **form.cleaned_data),
        "The clock of its level stands; its age goes on.",
        lambda done: _at("impediment-resume", done),
    )


@require_POST
def resume(request: HttpRequest, impediment_id: int) -> HttpResponse:
    """Let the level's clock run again."""
    one, user = find(request, impediment_id), me(request)
    require_work(user, one)
    return _step(
        request,
        one,
        NothingForm(),
        "pause_form",
        lambda: actions.resume(actor=user, impediment=one),
        "The clock of its level runs again.",
    )


@require_POST
def merge(request: HttpRequest, impediment_id: int) -> HttpResponse:
    """It is the same as another one, which takes over what it blocks."""
    one, user = find(request, impediment_id), me(request)
    require_work(user, one)
    if request.GET.get("undo"):
        verb = functools.partial(actions.undo_merge, actor=user, impediment=one, version=version_of(request))
        return _step(request, one, NothingForm(), "merge_form", verb, "It stands for itself again.")
    form = MergeForm(request.POST, impediment=one, user=user)
    into = form.chosen if form.is_valid() else None
    if into is not None:
        try:
            made = form.attempt(
                lambda: actions.merge(actor=user, impediment=one, into=into, version=version_of(request))
            )
        except Conflict as conflict:
            now = find(request, one.pk)
            return show(request, now, 409, merge_form=form, opened="merge_form", **clash(conflict, now))
        if made:
            text = f"VMO-{one.pk} is resolved as a duplicate of this one."
            messages.success(request, text, extra_tags=_at("impediment-merge", one, undo=1))
            return redirect("impediment", made.pk)
    return show(request, one, 400, merge_form=form, opened="merge_form")


@require_POST
def block(request: HttpRequest, impediment_id: int) -> HttpResponse:
    """It blocks more items."""
    return _items(request, impediment_id, actions.block_items, "Saved: it blocks these items, too.")


@require_POST
def unblock(request: HttpRequest, impediment_id: int) -> HttpResponse:
    """It blocks an item no more."""
    return _items(request, impediment_id, actions.unblock_items, "Saved: it blocks this item no more.")


def _items(request: HttpRequest, impediment_id: int, verb: Callable[..., Impediment], said: str) -> HttpResponse:
    one, user = find(request, impediment_id), me(request)
    require_work(user, one)
    form = ItemsForm(request.POST, user=user)
    step = functools.partial(verb, actor=user, impediment=one)
    return _step(request, one, form, "items_form", lambda: step(items=form.chosen), said)
