"""Logging an impediment, and changing what was said about one."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.queries import me
from impediments import actions, queries
from impediments.forms.logging import ChangeForm, LogForm, initial_of
from impediments.models import Impediment
from impediments.queries import words
from impediments.queries.items import SHOWN
from impediments.rules import require_work
from impediments.views.finding import clash, find
from metrics.models import WorkItem
from portfolio.actions import Conflict
from portfolio.models import Team
from portfolio.rules import WORDS

# Pages of a team: what the form is filled in with when it is opened from one of them.
OF_TEAM = "organisation/teams/<slug:slug>/"


def address_for(request: HttpRequest) -> str:
    """Where the button in the frame of every page leads: the form, with the team that the page is about; empty for
    those who may log nothing."""
    if not queries.may_log_somewhere(request.user):
        return ""
    match, scope = request.resolver_match, request.GET.get("scope", "")
    team = request.GET.get("team", "")
    if match is not None and match.route.startswith(OF_TEAM):
        team = str(match.kwargs["slug"])
    elif scope.startswith("team:"):
        team = scope.removeprefix("team:")
    address = reverse("impediment-new")
    return f"{address}?{urlencode({'team': team})}" if team else address


def _teams(request: HttpRequest) -> list[Team]:
    teams = queries.teams_to_log(me(request))
    if not teams:
        raise PermissionDenied(WORDS["log_impediment"])
    return teams


def _item(request: HttpRequest) -> WorkItem | None:
    """The item that the form is asked for with `?item=`."""
    said = request.GET.get("item", "")
    if not said.isdecimal() or len(said) > 18:
        return None
    seen = WorkItem.objects.filter(team__in=Team.objects.for_user(me(request)).order_by())
    return seen.select_related("team").filter(pk=said).first()


def _chosen(request: HttpRequest, teams: list[Team], item: WorkItem | None) -> Team | None:
    """The team that was chosen, or that the page was opened for, else the reader's usual one."""
    said = request.POST.get("team") or request.GET.get("team", "") or (item.team.slug if item else "")
    named = next((team for team in teams if team.slug == said), None)
    return named or (None if "team" in request.POST else queries.usual_team(me(request), teams))


def _offers(request: HttpRequest, team: Team | None, ticked: list[int]) -> dict[str, Any]:
    found = queries.offers(team, timezone.now(), me(request), ticked) if team else []
    kept = max(SHOWN, len(ticked))
    return {"offers": found[:kept], "more_offers": found[kept:], "ticked": ticked, "team": team}


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form: `?team=falcon`, `?item=12`, `?what=` are filled in. `show` alone shows another team's items."""
    teams, item = _teams(request), _item(request)
    team = _chosen(request, teams, item)
    start: dict[str, Any] = {"what": request.GET.get("what", "")[:200], "team": team.slug if team else None}
    start |= {"items": [item.pk]} if item else {}
    shown = {**request.POST.dict(), "items": request.POST.getlist("items")} if "show" in request.POST else start
    is_said = request.method == "POST" and "show" not in request.POST
    form = LogForm(request.POST if is_said else None, user=me(request), teams=teams, team=team, initial=shown)
    if is_said and form.is_valid():
        made = form.attempt(lambda: actions.log_impediment(actor=me(request), **form.said))
        if made:
            messages.success(request, _said(made))
            return redirect("impediment", made.pk)
    context = {"form": form, "nav": "impediments", **_offers(request, team, form.ticked)}
    return render(request, "impediments/new.html", context)


def _said(made: Impediment) -> str:
    """What happens next: who has how long."""
    limit = made.spells.values_list("limit_hours", flat=True).first()
    time = f" The team has {words.hours_text(float(limit) * 3600)}, then the PMO is asked." if limit else ""
    return f"Logged as VMO-{made.pk}.{time}"


@require_GET
def items(request: HttpRequest) -> HttpResponse:
    """The items of `?team=` to tick, for a form that is open."""
    teams = _teams(request)
    team = next((one for one in teams if one.slug == request.GET.get("team")), None)
    ticked = [int(one) for one in request.GET.getlist("items") if one.isdecimal() and len(one) < 19]
    return render(request, "impediments/offers.html", _offers(request, team, ticked))


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, impediment_id: int) -> HttpResponse:
    """What was said about it, to be changed. 409: somebody was faster."""
    one, user = find(request, impediment_id), me(request)
    require_work(user, one)
    teams = queries.teams_to_log(user)
    teams = teams if one.team in teams else [one.team, *teams]
    form = ChangeForm(
        request.POST or None, user=user, teams=teams, team=one.team, owner=one.owner, initial=initial_of(one)
    )
    context: dict[str, Any] = {"one": one, "nav": "impediments"}
    if request.method == "POST" and form.is_valid():
        try:
            if form.attempt(lambda: actions.change_impediment(actor=user, impediment=one, **form.said)):
                messages.success(request, "Saved.")
                return redirect("impediment", one.pk)
        except Conflict as conflict:
            now = find(request, impediment_id)
            context |= {"form": form.renewed(now), **clash(conflict, now)}
            return render(request, "impediments/edit.html", context, status=409)
    return render(request, "impediments/edit.html", context | {"form": form})
