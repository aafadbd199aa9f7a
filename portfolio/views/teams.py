"""A team: its settings, its members, its services."""

from datetime import timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.queries import me
from portfolio import actions, forms, panels, queries
from portfolio.models import Membership, Service, Team, ValueStream
from portfolio.rules import can, can_somewhere


def find(request: HttpRequest, slug: str) -> Team:
    teams = Team.objects.for_user(me(request)).select_related("stream", "calendar")
    return get_object_or_404(teams, slug=slug)


class HtmxRequest(HttpRequest):
    """A request as django-htmx's middleware marks it."""

    htmx: bool


def queue(request: HttpRequest, team: Team) -> dict[str, object]:
    """What the list of a team's features shows; closed ones on request (?closed=1)."""
    user, now, with_closed = me(request), timezone.now(), request.GET.get("closed") == "1"
    return {
        "team": team,
        "queue": queries.queue_of(team, user, now),
        "closed": queries.closed_of(team, user, now) if with_closed else [],
        "with_closed": with_closed,
        "may_rank": can(user, "manage_work", team),
    }


def _page(request: HttpRequest, team: Team, **changed: object) -> HttpResponse:
    """The team's page; `changed` are bound forms that replace the empty ones."""
    user = me(request)
    context = queue(request, team) | {
        "panels": panels.panels("team", team.pk, request),
        "memberships": team.memberships.select_related("user").order_by("user__name", "during"),
        "services": team.services.all(),
        "form": forms.TeamForm(instance=team, user=user),
        "end_form": forms.EndForm(),
        "member_form": forms.MemberForm(auto_id="member-%s"),
        "service_form": forms.ServiceForm(auto_id="service-%s"),
        "may_manage": can(user, "manage_team", team),
        "sees_money": can(user, "see_money", team),
    }
    return render(request, "portfolio/team.html", context | changed)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """`?stream=payments` chooses the value stream."""
    user = me(request)
    if not can_somewhere(user, "manage_teams"):
        raise PermissionDenied("Only the PMO can add teams.")
    chosen = ValueStream.objects.for_user(user).filter(slug=request.GET.get("stream", "").replace("\0", "")).first()
    form = forms.TeamForm(request.POST or None, user=user, initial={"stream": chosen})
    if request.method == "POST" and form.is_valid():
        team = form.attempt(lambda: actions.create_team(actor=user, **form.cleaned_data))
        if team:
            messages.success(request, f"{team.name} was created.")
            return redirect("organisation_team", team.slug)
    return render(request, "portfolio/team_new.html", {"form": form})


@require_http_methods(["GET", "POST"])
def team(request: HttpRequest, slug: str) -> HttpResponse:
    team, user = find(request, slug), me(request)
    if request.method == "GET":
        return _page(request, team)
    form = forms.TeamForm(request.POST, instance=team, user=user)
    if form.is_valid():
        fields = form.cleaned_data | {"calendar": form.cleaned_data["calendar"] or actions.default_calendar()}
        changed = form.attempt(lambda: actions.change_team(actor=user, team=team, **fields))
        if changed:
            messages.success(request, f"{changed.name} was saved.")
            return redirect("organisation_team", slug)
    return _page(request, team, form=form)


@require_POST
def end(request: HttpRequest, slug: str) -> HttpResponse:
    team, form = find(request, slug), forms.EndForm(request.POST)
    if form.is_valid():
        day = form.cleaned_data["on"]
        if form.accepts(lambda: actions.end_team(actor=me(request), team=team, on=day)):
            messages.success(request, f"{team.name} ends on {day:%-d %b %Y}.", reverse("team_reopen", args=[slug]))
            return redirect("organisation_team", slug)
    return _page(request, team, end_form=form)


@require_POST
def reopen(request: HttpRequest, slug: str) -> HttpResponse:
    team = actions.reopen_team(actor=me(request), team=find(request, slug))
    messages.success(request, f"{team.name} goes on.")
    return redirect("organisation_team", slug)


@require_POST
def add_member(request: HttpRequest, slug: str) -> HttpResponse:
    team, form = find(request, slug), forms.MemberForm(request.POST, auto_id="member-%s")
    if form.is_valid():
        added = form.attempt(lambda: actions.add_member(actor=me(request), team=team, **form.cleaned_data))
        if added:
            messages.success(request, f"{added.user} is in {team.name}.")
            return redirect("organisation_team", slug)
    return _page(request, team, member_form=form)


def find_membership(request: HttpRequest, slug: str, membership_id: int) -> Membership:
    return get_object_or_404(
        Membership.objects.select_related("user", "team"), pk=membership_id, team=find(request, slug)
    )


@require_http_methods(["GET", "POST"])
def member(request: HttpRequest, slug: str, membership_id: int) -> HttpResponse:
    """Change somebody's time in the team."""
    membership = find_membership(request, slug, membership_id)
    if not can(me(request), "manage_team", membership.team):
        raise PermissionDenied("Only the PMO of this team can change its members.")
    form = forms.MemberForm.of(membership, request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        if form.accepts(lambda: actions.change_member(actor=me(request), membership=membership, **fields)):
            messages.success(request, f"{membership.user}’s time in {membership.team} was saved.")
            return redirect("organisation_team", slug)
    return render(request, "portfolio/member.html", {"form": form, "membership": membership})


@require_POST
def remove_member(request: HttpRequest, slug: str, membership_id: int) -> HttpResponse:
    membership = find_membership(request, slug, membership_id)
    during, end = membership.during, membership.during.upper
    last = (end - timedelta(days=1)).isoformat() if end else ""
    way_back = {"user": membership.user_id, "first": during.lower, "last": last, "share": membership.share}
    actions.remove_member(actor=me(request), membership=membership)
    undo = f"{reverse('member_restore', args=[slug])}?{urlencode(way_back)}"
    messages.success(request, f"{membership.user} was removed from {membership.team}.", undo)
    return redirect("organisation_team", slug)


@require_POST
def restore_member(request: HttpRequest, slug: str) -> HttpResponse:
    """The undo of a removal: the membership's fields are in the address."""
    team, form = find(request, slug), forms.MemberForm(request.GET, auto_id="member-%s")
    if form.is_valid() and form.accepts(lambda: actions.add_member(actor=me(request), team=team, **form.cleaned_data)):
        messages.success(request, f"{form.cleaned_data['user']} is in {team.name} again.")
        return redirect("organisation_team", slug)
    return _page(request, team, member_form=form)


@require_POST
def add_service(request: HttpRequest, slug: str) -> HttpResponse:
    team, form = find(request, slug), forms.ServiceForm(request.POST, auto_id="service-%s")
    if form.is_valid():
        added = form.attempt(lambda: actions.create_service(actor=me(request), team=team, **form.cleaned_data))
        if added:
            messages.success(request, f"{added.name} belongs to {team.name}.")
            return redirect("organisation_team", slug)
    return _page(request, team, service_form=form)


@require_http_methods(["GET", "POST"])
def service(request: HttpRequest, slug: str, service_id: int) -> HttpResponse:
    team = find(request, slug)
    service = get_object_or_404(Service, pk=service_id, team=team)
    if not can(me(request), "manage_team", team):
        raise PermissionDenied("Only the PMO of this team can change its services.")
    form = forms.ServiceForm(request.POST or None, instance=service)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        if form.accepts(lambda: actions.change_service(actor=me(request), service=service, name=name)):
            messages.success(request, f"{name} was saved.")
            return redirect("organisation_team", slug)
    return render(request, "portfolio/service.html", {"form": form, "service": service, "team": team})
