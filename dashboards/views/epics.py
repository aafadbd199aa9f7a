"""Which items belong to a feature: the sections on its page and its team's, and the page that makes features."""

from typing import cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.queries import me
from metrics import actions
from metrics.epics import items_text, size_of_epics, sources_for, unlinked
from metrics.forms.epics import LinkForm, MakeFeaturesForm
from metrics.models import EpicLink
from portfolio.models import Feature, Team
from portfolio.panels import Panel
from portfolio.rules import WORDS, can
from portfolio.views import features, teams

# Epics named on a team's page; the others are on their own.
SHOWN = 3


class Refused(HttpRequest):
    """A request whose form of a link was refused: the feature's page shows it again."""

    link_form: LinkForm


def feature_panel(pk: int, request: HttpRequest) -> Panel:
    """The epics of a feature with their items; for those who may, the form that links another."""
    feature, user = Feature.objects.select_related("team", "initiative").get(pk=pk), me(request)
    links = list(feature.epics.select_related("source").order_by("source__name", "parent"))
    form: LinkForm | None = getattr(request, "link_form", None)
    may_link = can(user, "manage_work", feature.team) and not feature.ended_on
    context = {
        "feature": feature,
        "links": list(zip(links, size_of_epics(links, timezone.now()), strict=True)),
        "may_link": may_link,
        "form": (form or LinkForm(team=feature.team, user=user)) if may_link else None,
    }
    return Panel("dashboards/feature_items.html", context)


def team_panel(pk: int, request: HttpRequest) -> Panel | None:
    """What a team works on that belongs to no feature, when there is any."""
    team, user = Team.objects.get(pk=pk), me(request)
    found = [epic for epic in unlinked(pk, user) if epic.open]
    if not found or not can(user, "manage_work", team):
        return None
    context = {"team": team, "epics": found[:SHOWN], "more": len(found[SHOWN:])}
    return Panel("dashboards/team_epics.html", context)


@require_http_methods(["GET", "POST"])
def epics(request: HttpRequest, slug: str) -> HttpResponse:
    """The epics of a team that belong to no feature; features are made of the chosen ones in one go.

    Those without open items on request (?all=1).
    """
    team, user, everything = teams.find(request, slug), me(request), request.GET.get("all") == "1"
    if not can(user, "manage_work", team):
        raise PermissionDenied(WORDS["manage_work"])
    found = unlinked(team.pk, user)
    offered = found if everything else [epic for epic in found if epic.open]
    form = MakeFeaturesForm(request.POST if request.method == "POST" else None, epics=offered, team=team, user=user)
    if request.method == "POST" and form.is_valid():
        initiative = form.cleaned_data["initiative"]
        made = form.attempt(
            lambda: actions.make_features(actor=user, team=team, epics=form.chosen, initiative=initiative)
        )
        if made:
            what = "1 feature was made" if len(made) == 1 else f"{len(made)} features were made"
            messages.success(request, f"{what}, last in the team’s order: move them to where they belong.")
            return redirect(f"{reverse('organisation_team', args=[slug])}#features")
    finished = sum(not epic.open for epic in found)
    context = {"team": team, "form": form, "sources": sources_for(team.pk), "all": everything, "finished": finished}
    return render(request, "dashboards/epics.html", context)


@require_POST
def link(request: HttpRequest, slug: str, feature_id: int) -> HttpResponse:
    """Link an epic to a feature; the undo of an unlinking comes with its fields in the address."""
    feature, user = features.find(request, slug, feature_id), me(request)
    form = LinkForm(request.GET if "parent" in request.GET else request.POST, team=feature.team, user=user)
    if form.is_valid():
        made = form.attempt(lambda: actions.link_epic(actor=user, feature=feature, **form.cleaned_data))
        if made:
            items = size_of_epics([made], timezone.now())[0].items
            note = f"It has {items_text(items)}." if items else "No item names it yet; the first that does will count."
            messages.success(request, f"{made.parent} belongs to {feature.name}. {note}")
            return redirect("feature", slug, feature_id)
    cast(Refused, request).link_form = form
    return features.page(request, feature)


@require_POST
def unlink(request: HttpRequest, slug: str, feature_id: int, link_id: int) -> HttpResponse:
    feature = features.find(request, slug, feature_id)
    link = get_object_or_404(EpicLink.objects.select_related("source", "feature__team"), pk=link_id, feature=feature)
    way_back = {"source": link.source_id, "parent": link.parent}
    actions.unlink_epic(actor=me(request), link=link)
    undo = f"{reverse('epic_link', args=[slug, feature_id])}?{urlencode(way_back)}"
    messages.success(request, f"{link.parent} belongs to no feature any more.", undo)
    return redirect("feature", slug, feature_id)
