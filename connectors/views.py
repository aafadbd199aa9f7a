"""Pages of sources: the list, adding one, a source with its mapping and runs, and a run while it goes."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from connectors import actions, forms, queries
from connectors.models import SyncRun
from connectors.protocol import ConnectorError
from connectors.registry import CONNECTORS
from core.exports import csv_response
from metrics import quality
from metrics.models import Source
from metrics.rules import freshness
from portfolio.models import Team
from portfolio.rules import can, can_somewhere, require

RUNS_SHOWN = 20
LINES_SHOWN = 50


def _source(request: HttpRequest, slug: str) -> Source:
    return get_object_or_404(queries.sources(request.user), slug=slug)


def _managed(request: HttpRequest, slug: str) -> Source:
    """A source that the reader may change. Strangers get 404, others of its team's readers 403."""
    source = _source(request, slug)
    require(request.user, "manage_sources", source.team)
    return source


def _teams(request: HttpRequest) -> list[Team]:
    """The teams whose sources the reader may manage."""
    teams = Team.objects.for_user(request.user).select_related("stream")
    return [team for team in teams if can(request.user, "manage_sources", team)]


@require_GET
def source_list(request: HttpRequest) -> HttpResponse:
    may_add = can_somewhere(request.user, "manage_sources")
    context = {"lines": queries.lines(request.user), "may_add": may_add}
    return render(request, "connectors/list.html", context)


@require_GET
def choose_tool(request: HttpRequest) -> HttpResponse:
    if not can_somewhere(request.user, "manage_sources"):
        raise PermissionDenied("Only the PMO can add sources.")
    return render(request, "connectors/choose.html", {"tools": queries.tools()})


@never_cache
def add(request: HttpRequest, tool: str) -> HttpResponse:
    """One form with three buttons: ask the tool who we are, show what would come, connect."""
    if tool not in CONNECTORS:
        raise Http404
    teams = _teams(request)
    if not teams:
        raise PermissionDenied("Only the PMO of a team can add sources to it.")
    first = {"name": CONNECTORS[tool].label, "team": teams[0].pk}
    form = forms.SettingsForm(request.POST or None, request.FILES or None, tool=tool, teams=teams, initial=first)
    page: dict[str, Any] = {"form": form, "tool": queries.tool(tool)}
    if request.method == "POST" and form.is_valid():
        try:
            if run := _answer(request, form, page):
                return redirect("source-run", slug=run.source.slug, run_id=run.pk)
        except ConnectorError as error:
            form.tool_error(error.message, error.field)
        except ValidationError as error:
            form.tool_error("; ".join(error.messages), next(iter(getattr(error, "error_dict", {})), ""))
    return render(request, "connectors/add.html", page)


def _answer(request: HttpRequest, form: forms.SettingsForm, page: dict[str, Any]) -> SyncRun | None:
    """Do what the pressed button says; the first run of a source that was connected."""
    team = form.cleaned_data["team"]
    asked = {"actor": request.user, "tool": form.tool, "settings": form.tool_settings(), "team": team}
    if request.POST.get("do") == "connect":
        return _connect(request, form, asked)
    if request.POST.get("do") == "preview":
        mapping = _posted_mapping(request)
        shown = page["preview"] = actions.preview(**asked, statuses={name: state for name, state in mapping if state})
        lines = [forms.StatusLine(str(n), s.name, s.state, s.moves) for n, s in enumerate(shown.statuses)]
        page["mapping"] = forms.MappingForm(statuses=lines)
    else:
        page["check"] = actions.test_connection(**asked)
    return None


def _posted_mapping(request: HttpRequest) -> list[tuple[str, str]]:
    """(status name, state) as the preview's form posts them, in the order that was typed."""
    names = request.POST.getlist("status")
    form = forms.MappingForm(request.POST, statuses=[forms.StatusLine(str(n), name) for n, name in enumerate(names)])
    if not form.is_valid():
        raise ValidationError({"statuses": "Please choose a state from the list and whole numbers as places."})
    return [(form.names[key], state) for key, state in form.ordered()]


def _connect(request: HttpRequest, form: forms.SettingsForm, asked: dict[str, Any]) -> SyncRun:
    data = form.cleaned_data
    source = actions.connect(
        **asked,
        name=data["name"],
        service=data["service"],
        schedule_minutes=data["schedule_minutes"],
        incident_window_hours=data["incident_window_hours"],
        statuses={name: state for name, state in _posted_mapping(request) if state},
    )
    return actions.request_sync(actor=request.user, source=source)


@require_GET
def source_page(request: HttpRequest, slug: str) -> HttpResponse:
    source = _source(request, slug)
    page = Paginator(source.runs.select_related("requested_by"), RUNS_SHOWN).get_page(request.GET.get("page"))
    statuses = queries.statuses(source)
    context = {
        "source": source,
        "label": queries.tool_label(source.tool),
        "freshness": freshness(source, timezone.now()),
        "open_run": actions.open_run(source),
        "page": page,
        "runs": [queries.run_line(run) for run in page],
        "statuses": statuses,
        "unmapped": sum(status.state is None for status in statuses),
        "facts": queries.facts(source),
        "settings": queries.shown_settings(source),
        "may_manage": can(request.user, "manage_sources", source.team),
    }
    return render(request, "connectors/source.html", context)


@never_cache
def settings_page(request: HttpRequest, slug: str) -> HttpResponse:
    source = _managed(request, slug)
    first = {name: getattr(source, name) for name in ("name", "schedule_minutes", "incident_window_hours")}
    form = forms.SettingsForm(
        request.POST or None,
        request.FILES or None,
        tool=source.tool,
        teams=[source.team],
        source=source,
        initial={**first, "service": source.service_id},
    )
    page: dict[str, Any] = {"form": form, "source": source, "tool": queries.tool(source.tool)}
    if request.method == "POST" and form.is_valid():
        try:
            if _changed(request, source, form, page):
                return redirect("source", slug=slug)
        except ConnectorError as error:
            form.tool_error(error.message, error.field)
        except ValidationError as error:
            form.tool_error("; ".join(error.messages), next(iter(getattr(error, "error_dict", {})), ""))
    return render(request, "connectors/settings.html", page)


def _changed(request: HttpRequest, source: Source, form: forms.SettingsForm, page: dict[str, Any]) -> bool:
    """Test or save, as the button says; whether something was saved."""
    data, given = form.cleaned_data, form.tool_settings()
    if request.POST.get("do") == "test":
        page["check"] = actions.test_connection(
            actor=request.user, tool=source.tool, settings=given, team=source.team, source=source
        )
        return False
    actions.change_settings(
        actor=request.user,
        source=source,
        settings=given,
        name=data["name"],
        service=data["service"],
        schedule_minutes=data["schedule_minutes"],
        incident_window_hours=data["incident_window_hours"],
    )
    messages.success(request, "Saved. When a setting of the tool changed, the next sync reads everything again.")
    return True


def mapping_page(request: HttpRequest, slug: str) -> HttpResponse:
    source = _managed(request, slug)
    stored, do = queries.statuses(source), request.POST.get("do")
    form = forms.MappingForm(request.POST if do == "statuses" else None, statuses=forms.status_lines(stored))
    blocked = forms.BlockedForm(request.POST if do == "blocked" else None, statuses=stored)
    types = forms.TypesForm(request.POST if do == "types" else None, types=queries.tool_types(source))
    if do == "statuses" and form.is_valid():
        actions.map_statuses(actor=request.user, source=source, states=form.chosen())
        return _mapped(request, slug, "Mapped. The figures are being derived again; nothing is fetched anew.")
    if do == "blocked" and blocked.is_valid():
        actions.mark_blocked(actor=request.user, source=source, statuses=blocked.chosen())
        return _mapped(request, slug, "Saved. Blocked times are being derived again; nothing is fetched anew.")
    if do == "types" and types.is_valid():
        actions.map_types(actor=request.user, source=source, types=types.mapping())
        return _mapped(request, slug, "Saved. Items of these types count as you said.")
    context = {"source": source, "form": form, "blocked": blocked, "types": types}
    return render(request, "connectors/mapping.html", context)


def _mapped(request: HttpRequest, slug: str, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("source-mapping", slug=slug)


@require_GET
@never_cache
def quality_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """What is wrong with a source's data; `show` names the check whose findings are listed, paged or as CSV."""
    source = _source(request, slug)
    report = queries.inspected(source)
    result = report.result(request.GET.get("show", ""))
    if request.GET.get("show") and result is None:
        raise Http404
    if result and request.GET.get("format") == "csv":
        rows = quality.lines(source, result, 0, result.lines)
        return csv_response(f"{slug}-{result.check.key}", quality.HEAD, map(quality.cells, rows))
    page = Paginator(range(result.lines if result else 0), LINES_SHOWN).get_page(request.GET.get("page"))
    context = {
        "source": source,
        "report": report,
        "findings": queries.shown_findings(report, request.user),
        "result": result,
        "page": page,
        "lines": quality.lines(source, result, page.start_index() - 1, page.end_index()) if result else [],
        "may_manage": can(request.user, "manage_sources", source.team),
    }
    return render(request, "connectors/quality.html", context)


@require_POST
def sync(request: HttpRequest, slug: str) -> HttpResponse:
    source = _managed(request, slug)
    run = actions.request_sync(actor=request.user, source=source, full=request.POST.get("full") == "1")
    return redirect("source-run", slug=slug, run_id=run.pk)


@require_POST
def pause(request: HttpRequest, slug: str) -> HttpResponse:
    actions.pause(actor=request.user, source=_managed(request, slug))
    messages.success(request, "Paused: no sync by schedule until it is resumed.")
    return redirect("source", slug=slug)


@require_POST
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    actions.resume(actor=request.user, source=_managed(request, slug))
    messages.success(request, "Resumed: the next sync is due at once.")
    return redirect("source", slug=slug)


def delete(request: HttpRequest, slug: str) -> HttpResponse:
    source = _managed(request, slug)
    if request.method == "POST":
        actions.delete_source(actor=request.user, source=source)
        messages.success(request, f"{source.name} is gone, with everything that was pulled from it.")
        return redirect("sources")
    return render(request, "connectors/delete.html", {"source": source, "gone": actions.what_goes(source)})


def _run(request: HttpRequest, slug: str, run_id: int) -> SyncRun:
    source = _source(request, slug)
    return get_object_or_404(source.runs.select_related("source__team", "requested_by"), pk=run_id)


@require_GET
@never_cache
def run_page(request: HttpRequest, slug: str, run_id: int) -> HttpResponse:
    run = _run(request, slug, run_id)
    page = Paginator(run.rejections.all(), 50).get_page(request.GET.get("page"))
    context = {
        "source": run.source,
        "progress": queries.progress(run),
        "page": page,
        "may_manage": can(request.user, "manage_sources", run.source.team),
    }
    return render(request, "connectors/run.html", context)


@require_GET
@never_cache
def run_progress(request: HttpRequest, slug: str, run_id: int) -> HttpResponse:
    """The part of a run's page that moves; when the run is over, the whole page is asked for again."""
    run = _run(request, slug, run_id)
    may = can(request.user, "manage_sources", run.source.team)
    context = {"source": run.source, "progress": queries.progress(run), "may_manage": may}
    response = render(request, "connectors/progress.html", context)
    if run.is_over:
        response.headers["HX-Refresh"] = "true"
    return response


@require_POST
def cancel(request: HttpRequest, slug: str, run_id: int) -> HttpResponse:
    run = _run(request, slug, run_id)
    if actions.cancel(actor=request.user, run=run):
        messages.success(request, "Cancelled: it stops after its present batch, and the next sync goes on there.")
    return redirect("source-run", slug=slug, run_id=run_id)
