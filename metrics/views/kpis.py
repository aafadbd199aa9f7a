"""Key figures of value streams and leading measures of initiatives: the list, a figure's page, its values."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from charts.views import with_figures
from core.exports import csv_response
from core.templatetags.ui import Choice, Entry
from metrics import actions, kpis
from metrics.forms.kpis import KpiForm, ValueForm, day_asked
from metrics.kpi_pages import CSV_HEAD, VALUES_HEAD, answer, csv_rows, drawn, measure_text, value_lines, value_rows
from metrics.models import Kpi
from portfolio.forms import EndForm
from portfolio.models import Initiative, ValueStream
from portfolio.rules import WORDS, can

PAGE = 20


def _as_of(request: HttpRequest) -> dict[str, Any]:
    """What every page of figures says of its day, and the picker that changes it."""
    day, is_past, problem = day_asked(request.GET, timezone.now())
    return {
        "day": day,
        "is_past": is_past,
        "problem": problem,
        "as_of_query": f"as_of={day.isoformat()}" if is_past else "",
        "as_of_text": f"{day:%-d %b %Y}" if is_past else "now",
        "as_of_choices": [Choice("Now", {"as_of": None}, current=not is_past)],
        "as_of_fields": [Entry("as_of", "As of the end of", day.isoformat() if is_past else "")],
    }


@require_GET
def overview(request: HttpRequest) -> HttpResponseBase:
    """Every figure by value stream; ended ones on request (?ended=1), one stream's with ?stream=."""
    user, about, stream = me(request), _as_of(request), request.GET.get("stream", "").replace("\0", " ")
    with_ended = request.GET.get("ended") == "1"
    groups = kpis.groups(user, about["day"], with_ended=with_ended, stream=stream)
    if request.GET.get("format") == "csv":
        return csv_response("key-figures", CSV_HEAD, csv_rows(groups))
    streams = ValueStream.objects.for_user(user).filter(ended_on=None)
    chosen = next((one for one in streams if one.slug == stream), None)
    context = about | {
        "groups": groups,
        "finding": kpis.finding([line for group in groups for line in group.lines]),
        "with_ended": with_ended,
        "streams": [Choice("All value streams", {"stream": None}, current=not stream)]
        + [Choice(one.name, {"stream": one.slug}, current=one == chosen) for one in streams],
        "chosen": chosen,
        "addable": [one for one in streams if can(user, "manage_kpis", one)],
    }
    return render(request, "metrics/kpis.html", context, status=400 if about["problem"] else 200)


def _find(request: HttpRequest, slug: str) -> Kpi:
    return get_object_or_404(kpis.kpis_for(me(request)), slug=slug)


def _managed(request: HttpRequest, slug: str) -> Kpi:
    """The figure, for somebody who may change it."""
    kpi = _find(request, slug)
    if not kpis.may_manage(me(request), kpi):
        raise PermissionDenied(WORDS["manage_kpis"])
    return kpi


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new figure of ?stream=, or a leading measure of ?initiative=."""
    user, said = me(request), {name: request.GET.get(name, "").replace("\0", " ") for name in ("stream", "initiative")}
    initiative = Initiative.objects.for_user(user).filter(slug=said["initiative"]).select_related("stream").first()
    streams = ValueStream.objects.for_user(user)
    stream = initiative.stream if initiative else get_object_or_404(streams, slug=said["stream"])
    if not can(user, "manage_kpis", stream):
        raise PermissionDenied(WORDS["manage_kpis"])
    form = KpiForm(request.POST or None, stream=stream, initial={"initiative": initiative})
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: actions.create_kpi(actor=user, stream=stream, **form.cleaned_data))
        if made:
            how = "The portal measures it from now on." if made.measure else "Now enter its first value."
            messages.success(request, f"{made.name} was added. {how}")
            return redirect("kpi", made.slug)
    return render(request, "metrics/kpi_new.html", {"form": form, "stream": stream, "initiative": initiative})


def _page(request: HttpRequest, kpi: Kpi, **changed: object) -> HttpResponse:
    """The figure's page; `changed` are bound forms that replace the empty ones."""
    about, user = _as_of(request), me(request)
    values = kpis.history(kpi.pk, about["day"])
    line = kpis.lines([kpi], about["day"])[0]
    may = kpis.may_record(user, kpi) and not about["is_past"] and not kpi.measure
    context = about | {
        "kpi": kpi,
        "line": line,
        "answer": answer(line),
        "measure_text": measure_text(kpi),
        "figure": drawn(line, values),
        "page": Paginator(value_lines(kpi, values), PAGE).get_page(request.GET.get("page")),
        "form": ValueForm(initial=_initial(request, values), unit=kpi.unit),
        # A form that was sent and refused is shown, whatever it was about.
        "may_record": may or "form" in changed,
        "may_manage": kpis.may_manage(user, kpi) and not about["is_past"],
        "end_form": EndForm(),
        "sees_stream": ValueStream.objects.for_user(user).filter(pk=kpi.stream_id).exists(),
    }
    return render(request, "metrics/kpi.html", context | changed, status=400 if about["problem"] else 200)


def _initial(request: HttpRequest, values: list[kpis.At]) -> dict[str, object]:
    """Today, or the day that is to be corrected (?on=) as it stands."""
    known = next((at for at in values if at.on.isoformat() == request.GET.get("on", "")), None)
    return {"on": known.on, "value": known.value, "note": known.note} if known else {"on": timezone.localdate()}


@require_GET
@with_figures
def kpi(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A figure with its history; `format=csv` gives the values."""
    found = _find(request, slug)
    if request.GET.get("format") == "csv":
        return csv_response(slug, VALUES_HEAD, value_rows(found, day_asked(request.GET, timezone.now())[0]))
    return _page(request, found)


@require_POST
@with_figures
def record(request: HttpRequest, slug: str) -> HttpResponse:
    """Enter a day's value, or correct it. An undo sends the value before in the address."""
    kpi = _find(request, slug)
    form = ValueForm(request.POST if "value" in request.POST else request.GET, unit=kpi.unit)
    if form.is_valid():
        given = form.cleaned_data
        before = kpi.values.filter(on=given["on"]).first()
        if form.accepts(lambda: actions.record_value(actor=me(request), kpi=kpi, **given)):
            undo = reverse("kpi_remove", args=[slug]) + f"?on={given['on']}"
            if before:
                undo = _way_back(slug, before.on, before.value, before.note)
            word = "corrected" if before else "recorded"
            said = kpis.value_text(given["value"], kpi.unit)
            messages.success(request, f"{kpi.name}: {said} on {given['on']:%-d %b %Y} was {word}.", undo)
            return redirect("kpi", slug)
    return _page(request, kpi, form=form)


def _way_back(slug: str, on: date, value: float, note: str) -> str:
    """The address that records a value again."""
    return f"{reverse('kpi_record', args=[slug])}?{urlencode({'on': on, 'value': repr(value), 'note': note})}"


@require_POST
def remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Take back what was recorded for the day ?on=."""
    kpi = _find(request, slug)
    try:
        day = date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        raise Http404("There is no such day.") from None
    row = actions.remove_value(actor=me(request), kpi=kpi, on=day)
    if row is not None:
        undo = _way_back(slug, day, row.value, row.note)
        messages.success(request, f"{kpi.name}: the value of {day:%-d %b %Y} was removed.", undo)
    return redirect("kpi", slug)


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """What the figure is."""
    kpi = _managed(request, slug)
    form = KpiForm(request.POST or None, stream=kpi.stream, instance=kpi)
    if request.method == "POST" and form.is_valid():
        changed = form.attempt(lambda: actions.change_kpi(actor=me(request), kpi=kpi, **form.cleaned_data))
        if changed:
            messages.success(request, f"{changed.name} was saved.")
            return redirect("kpi", slug)
    return render(request, "metrics/kpi_change.html", {"form": form, "kpi": kpi})


@require_POST
@with_figures
def end(request: HttpRequest, slug: str) -> HttpResponse:
    kpi, form = _find(request, slug), EndForm(request.POST)
    if form.is_valid():
        day = form.cleaned_data["on"]
        if form.accepts(lambda: actions.end_kpi(actor=me(request), kpi=kpi, on=day)):
            messages.success(request, f"{kpi.name} ends on {day:%-d %b %Y}.", reverse("kpi_reopen", args=[slug]))
            return redirect("kpi", slug)
    return _page(request, kpi, end_form=form)


@require_POST
def reopen(request: HttpRequest, slug: str) -> HttpResponse:
    kpi = actions.reopen_kpi(actor=me(request), kpi=_find(request, slug))
    messages.success(request, f"{kpi.name} goes on.")
    return redirect("kpi", slug)
