"""Value streams with their teams."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.queries import me
from portfolio import actions, forms, panels, queries
from portfolio.models import Initiative, ValueStream
from portfolio.rules import WORDS, can, can_somewhere


def find(request: HttpRequest, slug: str) -> ValueStream:
    return get_object_or_404(ValueStream.objects.for_user(me(request)), slug=slug)


def is_open(user: User, stream: ValueStream) -> bool:
    """Whether the page of `stream` is there for `user`."""
    return ValueStream.objects.for_user(user).filter(pk=stream.pk).exists()


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Streams with their teams, ended ones on request (?ended=1)."""
    user, with_ended = me(request), request.GET.get("ended") == "1"
    rows = queries.organisation(user, with_ended=with_ended)
    context = {
        "rows": rows,
        "teams": sum(len(row.teams) for row in rows),
        "people": sum(team.people for row in rows for team in row.teams),  # type: ignore[attr-defined]
        "with_ended": with_ended,
        "tab": "streams",
        "may_manage": can(user, "manage_organisation"),
        "may_add_team": can_somewhere(user, "manage_teams"),
    }
    return render(request, "portfolio/organisation.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not can(user, "manage_organisation"):
        raise PermissionDenied("Only the PMO can add value streams.")
    form = forms.StreamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        stream = form.attempt(lambda: actions.create_stream(actor=user, **form.cleaned_data))
        if stream:
            messages.success(request, f"{stream.name} was created. Now add its teams.")
            return redirect("organisation_stream", stream.slug)
    return render(request, "portfolio/stream_new.html", {"form": form})


@require_http_methods(["GET", "POST"])
def stream(request: HttpRequest, slug: str) -> HttpResponse:
    """A stream's facts and teams; for those who may, the form that changes it."""
    stream, user = find(request, slug), me(request)
    form = forms.StreamForm(request.POST or None, instance=stream)
    if request.method == "POST" and form.is_valid():
        changed = form.attempt(lambda: actions.change_stream(actor=user, stream=stream, **form.cleaned_data))
        if changed:
            messages.success(request, f"{changed.name} was saved.")
            return redirect("organisation_stream", slug)
    return render(request, "portfolio/stream.html", _context(request, stream, form=form))


def _context(request: HttpRequest, stream: ValueStream, **forms_: object) -> dict[str, object]:
    user = me(request)
    own = Initiative.objects.for_user(user).filter(stream=stream, ended_on=None)
    return {
        "stream": stream,
        "initiatives": queries.initiative_rows(own, user, timezone.now()),
        "shares": queries.policy_of(stream),
        "panels": panels.panels("stream", stream.pk, request),
        "may_plan": can(user, "manage_work", stream),
        "teams": stream.teams.select_related("calendar"),
        "end_form": forms.EndForm(),
        "may_manage": can(user, "manage_organisation"),
        "may_add_team": can(user, "manage_teams", stream),
        **forms_,
    }


@require_POST
def end(request: HttpRequest, slug: str) -> HttpResponse:
    stream, form = find(request, slug), forms.EndForm(request.POST)
    if form.is_valid():
        day = form.cleaned_data["on"]
        if form.accepts(lambda: actions.end_stream(actor=me(request), stream=stream, on=day)):
            messages.success(request, f"{stream.name} ends on {day:%-d %b %Y}.", reverse("stream_reopen", args=[slug]))
            return redirect("organisation_stream", slug)
    context = _context(request, stream, form=forms.StreamForm(instance=stream), end_form=form)
    return render(request, "portfolio/stream.html", context)


@require_POST
def reopen(request: HttpRequest, slug: str) -> HttpResponse:
    stream = actions.reopen_stream(actor=me(request), stream=find(request, slug))
    messages.success(request, f"{stream.name} goes on.")
    return redirect("organisation_stream", slug)


@require_http_methods(["GET", "POST"])
def allocation(request: HttpRequest, slug: str) -> HttpResponse:
    """The allocation policy: which share of the finished work each kind should have."""
    stream, user = find(request, slug), me(request)
    if not can(user, "manage_work", stream):
        raise PermissionDenied(WORDS["manage_work"])
    form = forms.AllocationForm(request.POST or None, stream=stream)
    if request.method == "POST" and form.is_valid():
        before = queries.policy_of(stream)
        given = {"shares": form.shares, "tolerance": form.cleaned_data["tolerance"]}
        if form.does(lambda: actions.set_allocation(actor=user, stream=stream, **given)):
            undo = urlencode({kind.value: share for kind, share in before} | {"tolerance": stream.allocation_tolerance})
            way_back = f"{reverse('allocation_restore', args=[slug])}?{undo}"
            messages.success(request, f"The allocation policy of {stream.name} was saved.", way_back)
            return redirect("organisation_stream", slug)
    return render(request, "portfolio/allocation.html", {"form": form, "stream": stream})


@require_POST
def restore_allocation(request: HttpRequest, slug: str) -> HttpResponse:
    """The undo of a change: the shares before it are in the address."""
    stream, form = find(request, slug), forms.AllocationForm(request.GET, stream=find(request, slug))
    if form.is_valid():
        given = {"shares": form.shares, "tolerance": form.cleaned_data["tolerance"]}
        if form.does(lambda: actions.set_allocation(actor=me(request), stream=stream, **given)):
            messages.success(request, f"The allocation policy of {stream.name} is as it was.")
            return redirect("organisation_stream", slug)
    return render(request, "portfolio/allocation.html", {"form": form, "stream": stream})
