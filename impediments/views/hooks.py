"""Calls to other programs: set up, tried, changed, taken away; what they answered."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.queries import me
from core.hooks import place
from core.models import Hook, JobState
from impediments.actions import hooks as actions
from impediments.forms.channels import HookForm
from impediments.queries import channels as queries
from impediments.views.settings import manager
from portfolio.models import ValueStream
from portfolio.rules import can

CALLS_SHOWN = 20


def _find(request: HttpRequest, hook_id: int) -> Hook:
    """A hook that the reader manages; 403 for who manages none, 404 for those of others."""
    return get_object_or_404(queries.hooks_for(manager(request)), pk=hook_id)


@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Set one up; its secret is on the answer, and never again."""
    user = manager(request)
    for_all = can(user, "manage_impediments")
    form = HookForm(request.POST or None, streams=queries.managed_streams(user), for_all=for_all)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: actions.make_hook(actor=user, **form.said))
        if made:
            return _show(request, made[0], secret=made[1])
    return render(request, "impediments/hook_new.html", {"form": form, "nav": "impediments"})


def _show(request: HttpRequest, row: Hook, **more: Any) -> HttpResponse:
    names = dict(ValueStream.objects.values_list("slug", "name"))
    context = {
        "hook": row,
        "server": place(row.url),
        "of": queries.scope_words(row, names),
        "form": HookForm(hook=row),
        "calls": row.calls.order_by("-pk")[:CALLS_SHOWN],
        "nav": "impediments",
    }
    return render(request, "impediments/hook.html", context | more)


@never_cache
@require_http_methods(["GET", "POST"])
def hook(request: HttpRequest, hook_id: int) -> HttpResponse:
    """Its calls with their answers, and the form that changes it."""
    row = _find(request, hook_id)
    if request.method == "GET":
        return _show(request, row)
    form = HookForm(request.POST, hook=row)
    if form.is_valid() and form.accepts(lambda: actions.change_hook(actor=me(request), hook=row, **form.said)):
        messages.success(request, "Saved.")
        return redirect("impediment-hook", row.pk)
    return _show(request, row, form=form)


@require_POST
def trial(request: HttpRequest, hook_id: int) -> HttpResponse:
    """Call it now, and say what it answered."""
    row = _find(request, hook_id)
    try:
        call = actions.try_hook(actor=me(request), hook=row)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        is_well = call.state == JobState.SUCCEEDED
        say = messages.success if is_well else messages.error
        say(request, f"It answered {call.status}: it works." if is_well else call.error or "It was not called.")
    return redirect("impediment-hook", row.pk)


@never_cache
@require_POST
def secret(request: HttpRequest, hook_id: int) -> HttpResponse:
    """A new secret, shown this once."""
    row = _find(request, hook_id)
    return _show(request, row, secret=actions.renew_secret(actor=me(request), hook=row))


@require_POST
def remove(request: HttpRequest, hook_id: int) -> HttpResponse:
    """Take it away."""
    row = _find(request, hook_id)
    actions.remove_hook(actor=me(request), hook=row)
    messages.success(request, f"“{row.name}” is told nothing any more.")
    return redirect("impediment-settings")
