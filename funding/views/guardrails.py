"""The four guardrails, and the form of the shares that horizons should have."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from core.exports import table_response
from funding import actions, forms, tables
from funding.guardrails import guardrails as measured
from funding.guardrails import targets_of
from funding.queries.pages import freshness_text
from funding.rollups import freshness
from funding.views.base import asked_of
from portfolio.models import ValueStream
from portfolio.queries import Scope, ScopeNotFound, find_scope
from portfolio.rules import WORDS, can


def _place(scope: Scope, asked: forms.Asked) -> ValueStream | None:
    """Whose rights count: those at the stream, or for the whole portal."""
    return asked.streams[0] if scope.kind == "stream" else None


@require_GET
def guardrails(request: HttpRequest) -> HttpResponseBase:
    """Horizons, allocation, approvals and reviews of a scope in a quarter; ?format=csv&part=horizons … for one."""
    asked, user = asked_of(request, money=False), me(request)
    # Whoever sees several streams but not the portfolio begins with the first of them.
    scope = asked.scope or find_scope(f"stream:{asked.streams[0].slug}", user)
    if asked.scope is None:
        asked = asked_of(request, money=False, scope=scope.text)
    place = _place(scope, asked)
    found = measured(scope, asked.quarter, asked.at, with_money=can(user, "see_money", place))
    if request.GET.get("format"):
        return _table(request, found, asked)
    context = forms.pickers(asked, user, money=False) | {
        "found": found,
        "scope": scope,
        "place": place,
        "may_set": asked.as_of is None and can(user, "manage_money", place),
        "freshness": freshness_text(freshness([one.pk for one in asked.streams], timezone.localdate(asked.now))),
    }
    return render(request, "funding/guardrails.html", context, status=400 if asked.problems else 200)


def _table(request: HttpRequest, found: object, asked: forms.Asked) -> HttpResponseBase:
    """One guardrail's rows as a file; 404 for one that is not there for this reader."""
    part = request.GET.get("part", "")
    make = tables.GUARDRAILS.get(part)
    if make is None or getattr(found, part) is None:
        raise Http404
    head, rows = make(getattr(found, part))
    return table_response(request.GET["format"], f"{part}-{asked.quarter.slug}", head, rows)


def _shares_place(request: HttpRequest) -> tuple[Scope, ValueStream | None]:
    """Of which scope the shares are set; 404 for strangers, 403 for who may not."""
    try:
        scope = find_scope(request.GET.get("scope", "portfolio"), me(request))
    except ScopeNotFound as error:
        raise Http404(str(error)) from None
    if scope.kind == "team":
        raise Http404
    stream = ValueStream.objects.get(slug=scope.slug) if scope.kind == "stream" else None
    if not can(me(request), "manage_money", stream):
        raise PermissionDenied(WORDS["manage_money"])
    return scope, stream


def _given(scope: Scope, stream: ValueStream | None) -> dict[str, dict[str, int]]:
    """The shares as they are, as the verb takes them; a stream that has the portfolio's has none of its own."""
    targets, is_own = targets_of(scope, [stream] if stream else [])
    known = targets if is_own or stream is None else {}
    return {
        "shares": {horizon: target.share for horizon, target in known.items()},
        "tolerances": {horizon: target.tolerance for horizon, target in known.items()},
    }


@require_http_methods(["GET", "POST"])
def shares(request: HttpRequest) -> HttpResponse:
    """Which share of spend each horizon should have: of the portfolio or of a value stream (?scope=)."""
    scope, stream = _shares_place(request)
    targets, is_own = targets_of(scope, [stream] if stream else [])
    form = forms.SharesForm(request.POST or None, targets=targets)
    if request.method == "POST" and form.is_valid():
        before = _given(scope, stream)
        if form.does(lambda: actions.set_targets(actor=me(request), stream=stream, **form.given)):
            said = before["shares"] | {f"{h}_tolerance": n for h, n in before["tolerances"].items()}
            undo = f"{reverse('horizon-shares-restore')}?{urlencode({'scope': scope.text} | said)}"
            messages.success(request, "The shares of the horizons were saved.", undo)
            return redirect(f"{reverse('guardrails')}?{urlencode({'scope': scope.text})}")
    context = {"form": form, "scope": scope, "stream": stream, "is_own": is_own, "targets": targets}
    return render(request, "funding/shares.html", context)


@require_POST
def restore_shares(request: HttpRequest) -> HttpResponse:
    """The undo: the shares before are in the address."""
    scope, stream = _shares_place(request)
    form = forms.SharesForm(request.GET, targets={})
    if form.is_valid() and form.does(lambda: actions.set_targets(actor=me(request), stream=stream, **form.given)):
        messages.success(request, "The shares of the horizons are as they were.")
    else:
        messages.error(request, "The shares could not be put back.")
    return redirect(f"{reverse('guardrails')}?{urlencode({'scope': scope.text})}")
