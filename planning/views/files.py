"""What comes into a plan and what is taken out of it: imports, exports."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from accounts.queries import me
from core import imports
from planning import exports
from planning.forms.files import QueryForm
from planning.imports import file_of, found, sources_of, teams_for
from planning.imports.cards import SCOPE
from planning.models import Increment
from planning.rules import PARTICIPANTS
from planning.views.finding import find_increment

KIND = "plan-cards"


@require_GET
def files(request: HttpRequest, slug: str) -> HttpResponse:
    """What there is to take away, and what could come in: ?source=…&team=…&kind=…&label=…&parent=… finds items."""
    increment = find_increment(request, slug)
    return render(request, "planning/files.html", _context(request, increment))


def _context(request: HttpRequest, increment: Increment) -> dict[str, Any]:
    teams = teams_for(increment, me(request))
    form = QueryForm(request.GET if "find" in request.GET else None, sources=sources_of(teams), teams=teams)
    candidates = found(increment, form.said, teams) if form.is_valid() else []
    return {
        "increment": increment,
        "form": form,
        "may_import": bool(teams) and increment.is_open,
        "candidates": candidates,
        "new": sum(not one.on_board for one in candidates),
        "asked": form.is_bound,
        "formats": exports.FORMATS,
        "import_url": f"{reverse('imports', args=[KIND])}?{urlencode({'scope': SCOPE + increment.slug})}",
    }


@require_POST
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """The parents that were chosen (`key`: "source key"), checked like a file; nothing is written before its page says
    so."""
    increment = find_increment(request, slug)
    teams = teams_for(increment, me(request))
    if not teams:
        raise PermissionDenied(PARTICIPANTS)
    form = QueryForm(request.POST, sources=sources_of(teams), teams=teams)
    wanted = set(request.POST.getlist("key"))
    candidates = found(increment, form.said, teams) if form.is_valid() else []
    chosen = [one for one in candidates if one.name in wanted and not one.on_board]
    try:
        run = imports.start(
            actor=me(request), kind=KIND, file=file_of(chosen), name="Synced items", scope=SCOPE + increment.slug
        )
    except ValidationError:
        return redirect(f"{reverse('plan-files', args=[slug])}?find=1")
    return redirect("import-run", KIND, run.pk)


@require_GET
def export(request: HttpRequest, slug: str, fmt: str) -> HttpResponseBase:
    """The plan as csv, xlsx, pdf (A3) or png."""
    return exports.response(find_increment(request, slug), me(request), fmt)
