"""The pages of imports, the same for all kinds: upload, dry run, import, roll back."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import imports
from core.exports import table_response
from core.imports.tables import MOST_BYTES
from core.models import ImportRun

RUNS_SHOWN = 20
PROBLEMS_SHOWN = 200


class UploadForm(forms.Form):
    file = forms.FileField(
        label="File",
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
        allow_empty_file=True,
    )

    def __init__(self, *args: Any, most_rows: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        most = f"at most {most_rows:,} rows and {MOST_BYTES // 2**20} MB"
        self.fields["file"].help_text = f"CSV or XLSX, {most}. The first line names the columns."


def _page(kind: str, scope: str = "") -> str:
    query = f"?{urlencode({'scope': scope})}" if scope else ""
    return reverse("imports", args=[kind]) + query


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, kind: str) -> HttpResponse:
    """?scope=…: what a file may hold, the form, and the last runs; a file that is sent is checked."""
    scope, importer = request.GET.get("scope", ""), imports.find(kind)
    importer.allow(request.user, scope)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*sent, most_rows=importer.most_rows)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            run = imports.start(actor=request.user, kind=kind, file=file.file, name=file.name, scope=scope)
            return redirect("import-run", kind, run.pk)
        except ValidationError as error:
            form.add_error("file", error.messages)
    context = _about(importer, scope) | {
        "form": form,
        "columns": importer.columns_for(request.user, scope),
        "runs": imports.runs_for(request.user, kind, scope)[:RUNS_SHOWN],
        "query": request.GET.urlencode(),
    }
    return render(request, "core/imports/upload.html", context)


def _about(importer: imports.Importer, scope: str) -> dict[str, Any]:
    return {
        "importer": importer,
        "plural": importer.plural or f"{importer.noun}s",
        "upload_url": _page(importer.kind, scope),
        "back_url": importer.address(scope),
        "nav": importer.nav,
    }


@require_GET
def template(request: HttpRequest, kind: str) -> HttpResponseBase:
    """?format=csv or xlsx: a file with the heading only."""
    scope, importer = request.GET.get("scope", ""), imports.find(kind)
    importer.allow(request.user, scope)
    names = [column.name for column in importer.columns_for(request.user, scope)]
    return table_response(request.GET.get("format", "csv"), kind, names, [])


@require_GET
def run(request: HttpRequest, kind: str, run_id: int) -> HttpResponse:
    """What the file would do, or did; problems by line."""
    found, importer = imports.run_for(request.user, kind, run_id), imports.find(kind)
    context = _about(importer, found.scope) | {
        "run": found,
        "count": found.created + found.changed,
        "problems": found.problems[:PROBLEMS_SHOWN],
        "more_problems": max(len(found.problems) - PROBLEMS_SHOWN, 0),
        "ignored": found.undo.get("ignored", []),
    }
    return render(request, "core/imports/run.html", context)


@require_POST
def apply(request: HttpRequest, kind: str, run_id: int) -> HttpResponse:
    found = imports.run_for(request.user, kind, run_id)
    try:
        done = imports.apply(actor=request.user, run=found)
    except ValidationError as error:
        messages.error(request, f"Nothing was imported. {' '.join(error.messages)}")
    else:
        words = f"Imported: {_counted(done)}."
        messages.success(request, words, extra_tags=reverse("import-roll-back", args=[kind, run_id]))
    return redirect("import-run", kind, run_id)


def _counted(done: ImportRun) -> str:
    counts = [(done.created, "new"), (done.changed, "changed"), (done.unchanged, "as they were")]
    return ", ".join(f"{count:,} {word}" for count, word in counts if count) or "nothing"


@require_POST
def roll_back(request: HttpRequest, kind: str, run_id: int) -> HttpResponse:
    found = imports.run_for(request.user, kind, run_id)
    try:
        imports.roll_back(actor=request.user, run=found)
        messages.success(request, "The import was rolled back: everything is as it was before.")
    except ValidationError as error:
        messages.error(request, f"Nothing was rolled back. {' '.join(error.messages)}")
    return redirect("import-run", kind, run_id)
