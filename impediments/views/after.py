"""What an impediment leads to: an improvement action, a decision; each with a form that is filled in already."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.queries import me
from impediments.actions.onward import ask_leaders
from impediments.actions.onward import improve as agree
from impediments.models import Impediment
from impediments.rules import require_work
from impediments.views.finding import find
from portfolio.forms.decisions import RaiseForm
from portfolio.forms.improvements import ActionForm
from portfolio.models import DecisionKind
from portfolio.panels import Mark, Panel
from portfolio.rules import can, may_improve, require

Form = ActionForm | RaiseForm


def links(user: User, one: Impediment) -> dict[str, str]:
    """Where the reader may go on from its page; empty where they may not."""
    may_ask = can(user, "manage_portfolio", one.team.stream)
    return {
        "new_action": reverse("impediment-improve", args=[one.pk]) if may_improve(user, one.team) else "",
        "new_decision": reverse("impediment-decide", args=[one.pk]) if may_ask else "",
    }


def _page(request: HttpRequest, one: Impediment, form: Form, verb: Callable[[], Any], what: str) -> HttpResponse:
    """The form; sent and right, what was made is linked and said."""
    if request.method == "POST" and form.is_valid() and form.attempt(verb):
        said = "The improvement is agreed." if what == "action" else "The decision was raised; its evidence is kept."
        messages.success(request, said)
        return redirect("impediment", one.pk)
    return render(request, "impediments/after_new.html", {"form": form, "one": one, "what": what, "nav": "impediments"})


@require_http_methods(["GET", "POST"])
def improve(request: HttpRequest, impediment_id: int) -> HttpResponse:
    """Agree on what will change so that it does not come back."""
    one, user = find(request, impediment_id), me(request)
    require_work(user, one)
    first = {"place": f"team:{one.team_id}", "owner": user, "description": _why(one)}
    form = ActionForm(request.POST or None, user=user, initial=first)
    return _page(request, one, form, lambda: agree(actor=user, impediment=one, **form.said), "action")


def _why(one: Impediment) -> str:
    cause = f" Why it could happen: {one.get_root_cause_display().lower()}." if one.root_cause else ""
    return f"So that “{one.what}” does not come back.{cause}"


@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, impediment_id: int) -> HttpResponse:
    """Put a question to leaders; what is known of the impediment is kept with it."""
    one, user = find(request, impediment_id), me(request)
    require_work(user, one)
    require(user, "manage_portfolio", one.team.stream)
    first = {"about": f"stream:{one.team.stream_id}", "kind": DecisionKind.OTHER, "why": one.asked or one.description}
    form = RaiseForm(request.POST or None, user=user, initial=first)
    return _page(request, one, form, lambda: ask_leaders(actor=user, impediment=one, **form.said), "decision")


def marks_of_actions(ids: Collection[int], user: User, as_of: datetime) -> dict[int, list[Mark]]:
    """What improvement actions came of."""
    seen = Impediment.objects.for_user(user).filter(actions__in=ids, logged_at__lte=as_of).order_by("pk")
    found: dict[int, list[Mark]] = {}
    for action, what in seen.values_list("actions", "what"):
        found.setdefault(action, []).append(Mark(f"after “{what}”"))
    return found


def panel_of_action(pk: int, request: HttpRequest) -> Panel | None:
    """The impediments that an improvement action came of, for its page."""
    rows = Impediment.objects.for_user(me(request)).filter(actions=pk).select_related("team")
    return Panel("impediments/action_panel.html", {"rows": list(rows)}) if rows else None
