"""Making, changing and deleting objectives and key results; two who change the same are both heard."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.queries import me
from okrs import actions
from okrs.forms.goals import KeyResultForm, KeyResultRows, NewObjectiveForm, ObjectiveForm, place_text, places_for
from okrs.forms.merging import Editing, base_of, edit
from okrs.models import Cycle, KeyResult, Objective, Removed
from okrs.queries.pages import present_cycle
from okrs.rules import may_change, may_change_key_result
from okrs.views import objectives
from portfolio.models import Team, ValueStream
from portfolio.rules import WORDS

OF_OBJECTIVE = ["name", "description", "ambition", "owner", "theme"]
OF_KEY_RESULT = list(KeyResultForm.Meta.fields)
FIRST_ROWS = 3


def find_key_result(request: HttpRequest, key_result_id: int) -> KeyResult:
    """A key result of an objective that the reader may see."""
    seen = Objective.objects.for_user(me(request)).order_by().values("pk")
    places = ("objective__cycle", "objective__team__stream", "objective__stream", "owner", "kpi")
    return get_object_or_404(KeyResult.objects.filter(objective__in=seen).select_related(*places), pk=key_result_id)


def _first(request: HttpRequest) -> dict[str, Any]:
    """What a new objective begins with: the cycle and place that the address names, its maker as owner."""
    user, cycles = me(request), list(Cycle.objects.filter(closed_at=None))
    cycle = next((one for one in cycles if one.slug == request.GET.get("cycle")), None)
    team = Team.objects.for_user(user).filter(slug=request.GET.get("team", "")).first()
    stream = ValueStream.objects.for_user(user).filter(slug=request.GET.get("stream", "")).first()
    first: dict[str, Any] = {"cycle": cycle or present_cycle(cycles, timezone.localdate()), "owner": user.pk}
    return first | ({"place": place_text(team or stream)} if team or stream else {})


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new objective with its key results in one go; “One more” adds a row and keeps what was typed."""
    user = me(request)
    if not places_for(user):
        raise PermissionDenied(WORDS["manage_objectives"])
    data = request.POST if request.method == "POST" else None
    count = int(text) if (text := request.POST.get("rows", "")).isdecimal() and len(text) < 4 else FIRST_ROWS
    more = data is not None and "more" in data
    rows = KeyResultRows(data, user=user, count=count + more)
    form = NewObjectiveForm(data, user=user, initial=_first(request))
    if data is not None and not more and all([form.is_valid(), rows.is_valid()]):
        made = _made(request, form, rows)
        if made:
            messages.success(request, f"“{made.name}” was set for {made.cycle.name}.")
            return redirect("objective", made.pk)
    return render(request, "okrs/objective_new.html", {"form": form, "rows": rows, "more": more})


def _made(request: HttpRequest, form: NewObjectiveForm, rows: KeyResultRows) -> Objective | None:
    given = form.cleaned_data
    try:
        return actions.create_objective(
            actor=me(request), cycle=given["cycle"], place=given["place"], key_results=rows.said, **form.said
        )
    except ValidationError as error:
        told = error.error_dict if hasattr(error, "error_dict") else {}
        if told.keys() & {"key_results", "weight"}:
            rows.tell(error)
        else:
            form.tell(error)
        return None


def _asked(request: HttpRequest, edited: Editing, one: Objective, what: str) -> HttpResponse:
    """The page that shows what clashes; 409, as nothing was saved."""
    context = {"asked": edited.asked, "one": one, "what": what, "here": request.path}
    return render(request, "okrs/clash.html", context, status=409)


def _saved(request: HttpRequest, edited: Editing, name: str, one: Objective) -> HttpResponse:
    kept = f" What was changed meanwhile was kept: {', '.join(edited.kept).lower()}." if edited.kept else ""
    messages.success(request, f"“{name}” was saved.{kept}")
    return redirect("objective", one.pk)


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, objective_id: int) -> HttpResponse:
    """Change an objective; what somebody else changed meanwhile is kept, and asked where it is the same field."""
    one, user = objectives.find(request, objective_id), me(request)
    if not may_change(user, one):
        raise PermissionDenied(WORDS["manage_objectives"])
    form: ObjectiveForm = ObjectiveForm(instance=one)
    if request.method == "POST":

        def save(form: ObjectiveForm, version: int) -> Objective:
            return actions.change_objective(actor=user, objective=one, version=version, **form.said)

        edited = edit(request.POST, one, _objective_form, OF_OBJECTIVE, save)
        if edited.asked:
            return _asked(request, edited, one, one.name)
        if edited.saved:
            return _saved(request, edited, str(edited.saved), one)
        form = edited.form  # type: ignore[assignment]
    context = {"form": form, "one": one, "base": _sent(request, "base", base_of(one, OF_OBJECTIVE))}
    return render(request, "okrs/objective_edit.html", context | {"version": _sent(request, "version", one.version)})


def _sent(request: HttpRequest, name: str, otherwise: object) -> object:
    """What the form was opened with stays with it when it is shown again with messages."""
    return request.POST.get(name, otherwise) if request.method == "POST" else otherwise


def _objective_form(data: Mapping[str, Any], thing: Objective) -> ObjectiveForm:
    return ObjectiveForm(data, instance=thing)


@require_http_methods(["GET", "POST"])
def change_key_result(request: HttpRequest, key_result_id: int) -> HttpResponse:
    """The same for a key result."""
    one, user = find_key_result(request, key_result_id), me(request)
    if not may_change_key_result(user, one):
        raise PermissionDenied(WORDS["manage_objectives"])
    form = KeyResultForm(instance=one, user=user)
    if request.method == "POST":

        def save(form: KeyResultForm, version: int) -> KeyResult:
            return actions.change_key_result(actor=user, key_result=one, version=version, **form.said)

        def make(data: Mapping[str, Any], thing: KeyResult) -> KeyResultForm:
            return KeyResultForm(data, instance=thing, user=user)

        edited = edit(request.POST, one, make, OF_KEY_RESULT, save)
        if edited.asked:
            return _asked(request, edited, one.objective, one.name)
        if edited.saved:
            return _saved(request, edited, str(edited.saved), one.objective)
        form = edited.form  # type: ignore[assignment]
    context: dict[str, object] = {"form": form, "key_result": one, "one": one.objective}
    context |= {"base": _sent(request, "base", base_of(one, OF_KEY_RESULT))}
    return render(request, "okrs/key_result.html", context | {"version": _sent(request, "version", one.version)})


@require_http_methods(["GET", "POST"])
def new_key_result(request: HttpRequest, objective_id: int) -> HttpResponse:
    one, user = objectives.find(request, objective_id), me(request)
    if not may_change(user, one):
        raise PermissionDenied(WORDS["manage_objectives"])
    form = KeyResultForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: actions.create_key_result(actor=user, objective=one, **form.said))
        if made:
            messages.success(request, f"“{made.name}” was added.")
            return redirect("objective", one.pk)
    return render(request, "okrs/key_result.html", {"form": form, "one": one})


@require_POST
def delete(request: HttpRequest, objective_id: int) -> HttpResponse:
    one = objectives.find(request, objective_id)
    cycle = one.cycle.slug
    try:
        removed = actions.delete_objective(actor=me(request), objective=one)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("objective", objective_id)
    messages.success(request, f"“{one.name}” was deleted.", reverse("objective-restore", args=[removed.pk]))
    return redirect(f"{reverse('objectives')}?cycle={cycle}")


@require_POST
def delete_key_result(request: HttpRequest, key_result_id: int) -> HttpResponse:
    one = find_key_result(request, key_result_id)
    try:
        removed = actions.delete_key_result(actor=me(request), key_result=one)
        messages.success(request, f"“{one.name}” was deleted.", reverse("objective-restore", args=[removed.pk]))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("objective", one.objective_id)


@require_POST
def restore(request: HttpRequest, removed_id: int) -> HttpResponse:
    """Bring back what was deleted; strangers are told that there is no such thing."""
    removed = get_object_or_404(Removed, pk=removed_id)
    try:
        back = actions.restore_removed(actor=me(request), removed=removed)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("objectives")
    messages.success(request, f"“{removed.name}” is back, with everything that went with it.")
    return redirect("objective", back.pk)
