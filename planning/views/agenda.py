"""The agenda of an event: edited as a whole, from a file or ready-made, and as a file."""

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from core.exports import csv_response
from planning.actions import agenda as actions
from planning.agenda import COLUMNS, STANDARD, Part, lines, parts_of
from planning.forms.event import AgendaFileForm, parts_form
from planning.forms.versions import UNSEEN
from planning.models import Increment
from planning.rules import require_manage
from planning.views.finding import find_increment
from portfolio.actions.writing import Conflict


def _find(request: HttpRequest, slug: str) -> Increment:
    """An increment whose agenda the reader may change; 404 for strangers, 403 for readers."""
    increment = find_increment(request, slug)
    require_manage(me(request), increment.train)
    return increment


def _show(request: HttpRequest, increment: Increment, form: object, status: int = 200, **more: object) -> HttpResponse:
    context = {
        "increment": increment,
        "form": form,
        "file_form": AgendaFileForm(),
        "saw": actions.seen(increment),
        "nav": "planning",
    }
    return render(request, "planning/agenda.html", context | more, status=status)


@require_http_methods(["GET", "POST"])
def agenda(request: HttpRequest, slug: str) -> HttpResponse:
    """Its parts as fields; posted, they are the agenda. 409: somebody wrote it since."""
    increment = _find(request, slug)
    form = parts_form(request.POST if request.method == "POST" else None, parts_of(increment))
    if request.method == "GET" or not form.is_valid():
        return _show(request, increment, form, 200 if request.method == "GET" else 400)
    if not (saw := request.POST.get("saw", "")):
        return _show(request, increment, form, 400, refused=[UNSEEN])
    try:
        return _write(request, increment, form.parts(), saw)
    except ValidationError as error:
        return _show(request, increment, form, 400, refused=error.messages)
    except Conflict as conflict:
        return _show(request, increment, form, 409, conflict=conflict)


def _write(request: HttpRequest, increment: Increment, parts: list[Part], saw: str) -> HttpResponse:
    entry = actions.set_agenda(actor=me(request), increment=increment, parts=parts, saw=saw)
    if entry is None:
        messages.info(request, "Nothing was changed.")
    else:
        undo = reverse("plan-agenda-undo", args=[increment.slug, entry.pk])
        messages.success(request, f"The agenda has {len(parts)} parts now.", extra_tags=undo)
    return redirect("plan-event", increment.slug)


@require_POST
def standard(request: HttpRequest, slug: str) -> HttpResponse:
    """The ready-made agenda of two days, instead of what there is. 409: somebody wrote it since."""
    increment = _find(request, slug)
    if not (saw := request.POST.get("saw", "")):
        raise BadRequest(UNSEEN)
    try:
        return _write(request, increment, list(STANDARD), saw)
    except Conflict as conflict:
        return _show(request, increment, parts_form(None, list(STANDARD)), 409, conflict=conflict)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("plan-event", slug)


@require_POST
def undo(request: HttpRequest, slug: str, entry: int) -> HttpResponse:
    """What it was before a writing of it."""
    increment = _find(request, slug)
    try:
        actions.take_back_agenda(actor=me(request), increment=increment, entry=entry)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except Conflict as conflict:
        messages.error(request, f"{conflict} It stays as it is now.")
    else:
        messages.success(request, "The agenda is what it was before.")
    return redirect("plan-event", slug)


@require_POST
def upload(request: HttpRequest, slug: str) -> HttpResponse:
    """A file's parts as fields: nothing is written before they are saved."""
    increment = _find(request, slug)
    form = AgendaFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, increment, parts_form(None, parts_of(increment)), 400, file_form=form)
    found = form.cleaned_data["file"]
    return _show(request, increment, parts_form(None, found), is_from_file=True, count=len(found))


@require_GET
def download(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The agenda as a CSV file, as it is read again."""
    increment = find_increment(request, slug)
    return csv_response(f"agenda-{increment.slug}", list(COLUMNS), lines(parts_of(increment)))
