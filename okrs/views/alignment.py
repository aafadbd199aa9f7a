"""The alignment of objectives: drawn and as an outline, with lines that can be drawn and taken away."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.queries import me
from okrs import actions
from okrs.forms.alignment import AlignForm, AskedMap, ask, pickers
from okrs.map import draw
from okrs.models import KeyResult, Level, Objective, Support
from okrs.queries.alignment import Map, alignment

# With more teams' objectives than this the drawing leaves them out, unless a value stream is chosen.
MOST_DRAWN = 60


@require_http_methods(["GET", "POST"])
def okr_map(request: HttpRequest) -> HttpResponse:
    """?cycle=, ?stream=, ?as_of=; a POST says that an objective supports what is above it (not on past days)."""
    user = me(request)
    asked = ask(request.GET, user, timezone.localdate())
    found = alignment(user, asked.objectives(user), asked.day)
    if request.method == "POST" and not asked.is_past:
        form = AlignForm(request.POST, of=found)
        if form.is_valid() and (made := form.attempt(lambda: _link(request, form.cleaned_data))):
            undo = f"{reverse('okr-map-remove', args=[made.pk])}?{asked.query}"
            messages.success(request, f"“{made.objective}” supports “{made.above or made.key_result}”.", undo)
            return _back(asked.query)
    else:
        form = AlignForm(of=found, chosen=request.GET.get("align", ""))
    return render(request, "okrs/map.html", _context(request, asked, found, form))


def _link(request: HttpRequest, said: dict[str, Any]) -> Support:
    goal = {"above": said["above"], "key_result": said["key_result"]}
    return actions.link_support(actor=me(request), objective=said["child"], **goal)


def _context(request: HttpRequest, asked: AskedMap, found: Map, form: AlignForm) -> dict[str, Any]:
    user = me(request)
    teams = sum(node.column == 2 for node in found.nodes.values())
    without_teams = teams > MOST_DRAWN and asked.stream is None
    drawn = found
    if without_teams:
        drawn = alignment(user, asked.objectives(user).exclude(level=Level.TEAM), asked.day)
    return {
        "asked": asked,
        "map": found,
        "drawing": draw(drawn) if drawn.nodes else None,
        "left_out": teams if without_teams else 0,
        "form": form,
        "may": form.is_offered and not asked.is_past,
        **pickers(asked, user),
    }


@require_POST
def remove(request: HttpRequest, support_id: int) -> HttpResponse:
    """Take a line away; the message brings it back."""
    seen = Objective.objects.for_user(me(request)).order_by().values("pk")
    places = ("objective__stream", "objective__team", "objective__cycle", "above", "key_result")
    support = get_object_or_404(Support.objects.filter(objective__in=seen).select_related(*places), pk=support_id)
    goal = {"above": support.above_id, "key_result": support.key_result_id}
    again = {"objective": support.objective_id, **{name: pk for name, pk in goal.items() if pk}}
    undo = f"{reverse('okr-map-restore')}?{urlencode(again)}&{request.GET.urlencode()}"
    try:
        actions.unlink_support(actor=me(request), support=support)
        words = f"“{support.objective}” does not support “{support.above or support.key_result}” any more."
        messages.success(request, words, undo)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return _back(request.GET.urlencode())


@require_POST
def restore(request: HttpRequest) -> HttpResponse:
    """Draw a line again; the address says which."""
    seen = Objective.objects.for_user(me(request))
    key_results = KeyResult.objects.filter(objective__in=seen.order_by().values("pk")).select_related("objective")
    said = {name: _number(request.GET.get(name)) for name in ("objective", "above", "key_result")}
    objective = get_object_or_404(seen, pk=said["objective"])
    above = get_object_or_404(seen, pk=said["above"]) if said["above"] else None
    key_result = get_object_or_404(key_results, pk=said["key_result"]) if said["key_result"] else None
    try:
        actions.link_support(actor=me(request), objective=objective, above=above, key_result=key_result)
        messages.success(request, f"“{objective}” supports “{above or key_result}” again.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    kept = {name: value for name, value in request.GET.items() if name not in said}
    return _back(urlencode(kept))


def _number(text: str | None) -> int:
    """A number in the address; 0, which no row has, for none and for nonsense."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _back(query: str) -> HttpResponse:
    return redirect(f"{reverse('okr-map')}?{query}" if query else reverse("okr-map"))
