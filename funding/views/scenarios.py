"""Scenarios: the list, one with what it funds, several side by side, and the adoption of one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.queries import me
from core.exports import table_response
from funding import actions
from funding.forms.scenarios import AdoptForm, CopyForm, FundingForm
from funding.models import Scenario
from funding.queries import scenarios as queries
from portfolio.actions import Conflict
from portfolio.quarters import Quarter
from portfolio.rules import can, require


def _find(request: HttpRequest, scenario_id: int) -> Scenario:
    """The scenario, for somebody who sees the whole portfolio's money."""
    require(me(request), "see_money")
    return get_object_or_404(queries.scenarios(with_discarded=True), pk=scenario_id)


@require_http_methods(["GET", "POST"])
def overview(request: HttpRequest) -> HttpResponse:
    """Scenarios by quarter; sent to it, the present is copied. ?discarded=1 shows those too."""
    user = me(request)
    require(user, "see_money")
    form = CopyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: actions.copy_present(actor=user, **form.cleaned_data))
        if made:
            messages.success(request, f"{made.name} was made: it is the present until you change it.")
            return redirect("scenario", made.pk)
    with_discarded = request.GET.get("discarded") == "1"
    context = {
        "columns": [queries.column_of(one) for one in queries.scenarios(with_discarded=with_discarded)],
        "with_discarded": with_discarded,
        "form": form,
        "may_change": can(user, "manage_money"),
        "most": queries.MOST,
    }
    return render(request, "funding/scenarios.html", context)


def _page(request: HttpRequest, scenario: Scenario, form: FundingForm | None = None, **more: Any) -> HttpResponse:
    user, column = me(request), queries.column_of(scenario)
    now = queries.present(column.quarter)
    may = can(user, "manage_money") and not scenario.decision_id and not scenario.discarded_at
    context = {
        "scenario": scenario,
        "column": column,
        "present": now,
        "comparison": queries.compare([now, column]),
        "form": form or FundingForm(column=column, streams=queries.streams_of(column.quarter)),
        "copy_form": CopyForm(with_quarter=False, auto_id="copy-%s", initial={"name": f"{scenario.name} (copy)"}),
        "may_change": may,
        "may_copy": can(user, "manage_money"),
        "may_adopt": may and can(user, "decide"),
        "waiting": queries.waiting_for_approval(column),
    }
    return render(request, "funding/scenario.html", context | more, status=409 if "conflict" in more else 200)


@require_http_methods(["GET", "POST"])
def scenario(request: HttpRequest, scenario_id: int) -> HttpResponse:
    """What it funds, against the present. 409 when somebody else changed it meanwhile: what was typed stays."""
    found = _find(request, scenario_id)
    if request.method == "GET":
        return _page(request, found)
    streams = queries.streams_of(Quarter.of(found.quarter))
    form = FundingForm(request.POST, column=queries.column_of(found), streams=streams)
    if not form.is_valid():
        return _page(request, found, form)
    try:
        changed = form.attempt(lambda: actions.change_scenario(actor=me(request), scenario=found, **form.given))
    except Conflict as conflict:
        data = request.POST.copy()
        data["version"] = str(found.version)
        again = FundingForm(data, column=queries.column_of(found), streams=streams)
        return _page(request, found, again, conflict=conflict)
    if changed is None:
        return _page(request, found, form)
    messages.success(request, f"{changed.name} was saved.")
    return redirect("scenario", scenario_id)


@require_POST
def copy(request: HttpRequest, scenario_id: int) -> HttpResponse:
    found, form = _find(request, scenario_id), CopyForm(request.POST, with_quarter=False, auto_id="copy-%s")
    if form.is_valid():
        name = form.cleaned_data["name"]
        made = form.attempt(lambda: actions.copy_scenario(actor=me(request), scenario=found, name=name))
        if made:
            messages.success(request, f"{made.name} is a copy of {found.name}.")
            return redirect("scenario", made.pk)
    return _page(request, found, copy_form=form)


@require_POST
def discard(request: HttpRequest, scenario_id: int) -> HttpResponse:
    gone = actions.discard_scenario(actor=me(request), scenario=_find(request, scenario_id))
    messages.success(request, f"{gone.name} was discarded.", reverse("scenario-restore", args=[scenario_id]))
    return redirect("scenarios")


@require_POST
def restore(request: HttpRequest, scenario_id: int) -> HttpResponse:
    back = actions.restore_scenario(actor=me(request), scenario=_find(request, scenario_id))
    messages.success(request, f"{back.name} is there again.")
    return redirect("scenario", scenario_id)


@require_GET
def compare(request: HttpRequest) -> HttpResponseBase:
    """Two to four side by side: ?s=present&s=3&s=4, or ?format=csv."""
    require(me(request), "see_money")
    wanted = list(dict.fromkeys(request.GET.getlist("s")))
    columns, problem = queries.columns(wanted)
    if problem:
        rows = [queries.column_of(one) for one in queries.scenarios()]
        context: dict[str, Any] = {"columns": rows, "problem": problem, "wanted": wanted, "most": queries.MOST}
        return render(request, "funding/compare_choose.html", context, status=400 if wanted else 200)
    comparison = queries.compare(columns)
    if request.GET.get("format"):
        head, lines = queries.table(comparison)
        return table_response(request.GET["format"], "scenarios", head, lines)
    return render(request, "funding/compare.html", {"comparison": comparison, "columns": columns})


@require_http_methods(["GET", "POST"])
def adopt(request: HttpRequest, scenario_id: int) -> HttpResponse:
    """What adopting it would do, and the form that does it."""
    found, user = _find(request, scenario_id), me(request)
    require(user, "decide")
    quarter = Quarter.of(found.quarter)
    start = {"version": found.version, "seen": actions.latest_amendment(quarter)}
    form, conflict = AdoptForm(request.POST or None, initial=start), None
    if request.method == "POST" and form.is_valid():
        try:
            done = form.attempt(lambda: actions.adopt_scenario(actor=user, scenario=found, **form.cleaned_data))
            if done:
                return _adopted(request, found, done)
        except Conflict as caught:
            conflict, form = caught, AdoptForm({**request.POST.dict(), **start})
    column = queries.column_of(found)
    context = {"scenario": found, "column": column, "comparison": queries.compare([queries.present(quarter), column])}
    context |= {"form": form, "conflict": conflict, "waiting": queries.waiting_for_approval(column)}
    return render(request, "funding/adopt.html", context, status=409 if conflict else 200)


def _adopted(request: HttpRequest, scenario: Scenario, done: actions.Adopted) -> HttpResponse:
    name = Quarter.of(scenario.quarter).name
    messages.success(
        request, f"{scenario.name} was adopted: its budgets are those of {name}, the decision is recorded."
    )
    if done.started:
        messages.success(request, f"Started: {', '.join(one.name for one in done.started)}.")
    for one, why in done.waiting:
        messages.warning(request, f"{one.name} was not started: {why}")
    return redirect("scenario", scenario.pk)
