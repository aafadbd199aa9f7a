"""What comes into a plan and what is taken out of it: imports, exports."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from accounts.queries import me
from core import imports
from planning import exports
from planning.actions.printing import ask_print
from planning.forms.files import QueryForm
from planning.imports import file_of, found, sources_of, teams_for
from planning.imports.cards import SCOPE
from planning.models import Increment, PrintKind
from planning.queries.prints import drawings, print_of
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
    drawn_ones = drawings(increment, me(request))
    return {
        "increment": increment,
        "form": form,
        "may_import": bool(teams) and increment.is_open,
        "candidates": candidates,
        "new": sum(not one.on_board for one in candidates),
        "asked": form.is_bound,
        "tables": exports.TABLES,
        "drawings": drawn_ones,
        "topics": " ".join(f"print:{one.row.pk}" for one in drawn_ones if one.is_open and one.row),
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
    """The cards of the plan as csv or xlsx."""
    return exports.response(find_increment(request, slug), me(request), fmt)


@require_POST
def draw(request: HttpRequest, slug: str) -> HttpResponse:
    """Have the board drawn by a worker (`kind`: pdf or png); the page of files says how far it is."""
    increment, kind = find_increment(request, slug), request.POST.get("kind", "")
    if kind not in PrintKind.values:
        raise Http404("There is no such format.")
    ask_print(actor=me(request), increment=increment, kind=kind)
    return redirect(f"{reverse('plan-files', args=[slug])}#out")


@require_GET
def drawn(request: HttpRequest, slug: str, print_id: int) -> HttpResponse:
    """The file that the reader had drawn."""
    increment = find_increment(request, slug)
    row = print_of(increment, me(request), print_id)
    if row is None:
        raise Http404("This file was not drawn, or it is older than a day.")
    answer = HttpResponse(bytes(row.content), content_type=exports.TYPES[PrintKind(row.kind)])
    answer.headers["Content-Disposition"] = f'attachment; filename="{exports.name_of(increment)}.{row.kind}"'
    return answer
