"""Features of a team: what they are, and the order in which they are worked."""

from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.queries import me
from portfolio import actions, forms, panels
from portfolio.models import Feature, Initiative
from portfolio.rules import WORDS, can
from portfolio.views import teams


def find(request: HttpRequest, slug: str, feature_id: int) -> Feature:
    features = Feature.objects.for_user(me(request)).select_related("team__stream", "initiative")
    return get_object_or_404(features, pk=feature_id, team__slug=slug)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """A new feature at the end of a team's queue; `?initiative=one-sign-in` chooses what it is part of."""
    team, user = teams.find(request, slug), me(request)
    if not can(user, "manage_work", team):
        raise PermissionDenied(WORDS["manage_work"])
    wanted = request.GET.get("initiative", "").replace("\0", "")
    chosen = Initiative.objects.for_user(user).filter(slug=wanted, ended_on=None).first()
    form = forms.FeatureForm(request.POST or None, user=user, team=team, initial={"initiative": chosen})
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: actions.create_feature(actor=user, team=team, **form.cleaned_data))
        if made:
            messages.success(request, f"{made.name} is number {made.rank} of {team.name}. Now say which items it has.")
            return redirect("feature", slug, made.pk)
    return render(request, "portfolio/feature_new.html", {"form": form, "team": team})


def page(request: HttpRequest, feature: Feature, **changed: object) -> HttpResponse:
    """The feature's page; `changed` are bound forms that replace the empty ones."""
    user = me(request)
    context = {
        "feature": feature,
        "team": feature.team,
        "of": feature.team.features.filter(ended_on=None).count(),
        "marks": panels.marks("feature", [feature.pk], user, timezone.now())[feature.pk],
        "panels": panels.panels("feature", feature.pk, request),
        "form": forms.FeatureForm(instance=feature, user=user, team=feature.team),
        "end_form": forms.EndForm(),
        "may_manage": can(user, "manage_work", feature.team),
    }
    return render(request, "portfolio/feature.html", context | changed)


@require_http_methods(["GET", "POST"])
def feature(request: HttpRequest, slug: str, feature_id: int) -> HttpResponse:
    feature, user = find(request, slug, feature_id), me(request)
    if request.method == "GET":
        return page(request, feature)
    form = forms.FeatureForm(request.POST, instance=feature, user=user, team=feature.team)
    if form.is_valid():
        changed = form.attempt(lambda: actions.change_feature(actor=user, feature=feature, **form.cleaned_data))
        if changed:
            messages.success(request, f"{changed.name} was saved.")
            return redirect("feature", slug, feature_id)
    return page(request, feature, form=form)


@require_POST
def close(request: HttpRequest, slug: str, feature_id: int) -> HttpResponse:
    feature, form = find(request, slug, feature_id), forms.EndForm(request.POST)
    if form.is_valid():
        day = form.cleaned_data["on"]
        if form.accepts(lambda: actions.close_feature(actor=me(request), feature=feature, on=day)):
            undo = f"{reverse('feature_reopen', args=[slug, feature_id])}?place={feature.rank}"
            messages.success(request, f"{feature.name} is closed as of {day:%-d %b %Y}.", undo)
            return redirect("feature", slug, feature_id)
    return page(request, feature, end_form=form)


@require_POST
def reopen(request: HttpRequest, slug: str, feature_id: int) -> HttpResponse:
    """`?place=2` is where it comes back in the queue, else at the end."""
    place = _number(request.GET.get("place", ""))
    feature = actions.reopen_feature(actor=me(request), feature=find(request, slug, feature_id), place=place)
    messages.success(request, f"{feature.name} goes on as number {feature.rank} of {feature.team.name}.")
    return redirect("feature", slug, feature_id)


@require_POST
def move(request: HttpRequest, slug: str, feature_id: int) -> HttpResponse:
    """Rank a feature: `to` is its new place, or `by` how many places it goes back (-1: one up)."""
    feature = find(request, slug, feature_id)
    form = forms.MoveForm(request.POST)
    if not form.is_valid() or not form.accepts(
        lambda: actions.move_feature(actor=me(request), feature=feature, to=form.to, by=form.by)
    ):
        return _refused(request, feature, form)
    moved = Feature.objects.get(pk=feature_id)
    said = f"{moved.name} is number {moved.rank} of {moved.team.features.filter(ended_on=None).count()}."
    if not cast("teams.HtmxRequest", request).htmx:
        messages.success(request, said)
        return redirect(f"{reverse('organisation_team', args=[slug])}#features")
    return render(request, "portfolio/queue.html", teams.queue(request, feature.team) | {"said": said})


def _refused(request: HttpRequest, feature: Feature, form: forms.MoveForm) -> HttpResponse:
    messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))
    return redirect("organisation_team", feature.team.slug)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
