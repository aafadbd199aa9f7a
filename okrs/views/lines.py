"""Lines from and to objectives: what they support, and which work should move their key results."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.queries import me
from okrs import actions
from okrs.forms.goals import SupportForm, WorkForm
from okrs.models import Contribution, KeyResult, Objective, Support
from okrs.rules import may_change_key_result
from okrs.views import objectives
from okrs.views.editing import find_key_result
from portfolio.models import Feature, Initiative
from portfolio.rules import WORDS


@require_POST
def support(request: HttpRequest, objective_id: int) -> HttpResponse:
    """Say what an objective supports; a circle is refused at the field."""
    one, user = objectives.find(request, objective_id), me(request)
    form = SupportForm(request.POST, user=user, objective=one)
    if form.is_valid():
        try:
            made = actions.link_support(actor=user, objective=one, **form.said)
        except ValidationError as error:
            form.add_error("above", error.messages)
        else:
            undo = reverse("support-remove", args=[made.pk])
            messages.success(request, f"It supports “{made.above or made.key_result}” now.", undo)
            return redirect("objective", one.pk)
    return objectives.page(request, one, status=400, support=form)


@require_POST
def unsupport(request: HttpRequest, support_id: int) -> HttpResponse:
    seen = Objective.objects.for_user(me(request)).order_by().values("pk")
    line = get_object_or_404(Support.objects.filter(objective__in=seen).select_related("objective"), pk=support_id)
    try:
        actions.unlink_support(actor=me(request), support=line)
        back = (
            f"{reverse('support-restore', args=[line.objective_id])}?above={_named(line.above_id, line.key_result_id)}"
        )
        messages.success(request, "The alignment was taken away.", back)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("objective", line.objective_id)


def _named(above_id: int | None, key_result_id: int | None) -> str:
    return f"o{above_id}" if above_id else f"k{key_result_id}"


@require_POST
def support_again(request: HttpRequest, objective_id: int) -> HttpResponse:
    """Undo of taking an alignment away: the address says which."""
    one, user = objectives.find(request, objective_id), me(request)
    text, seen = request.GET.get("above", ""), Objective.objects.for_user(user).order_by().values("pk")
    number = int(text[1:]) if text[1:].isdecimal() and len(text) < 19 else 0
    try:
        if text.startswith("k"):
            key_result = get_object_or_404(KeyResult.objects.filter(objective__in=seen), pk=number)
            actions.link_support(actor=user, objective=one, key_result=key_result)
        else:
            goal = get_object_or_404(Objective.objects.for_user(user), pk=number)
            actions.link_support(actor=user, objective=one, above=goal)
        messages.success(request, "It is aligned as before.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("objective", one.pk)


@require_http_methods(["GET", "POST"])
def work(request: HttpRequest, key_result_id: int) -> HttpResponse:
    """Link an initiative or a feature to a key result, with the lift expected of it."""
    one, user = find_key_result(request, key_result_id), me(request)
    if not may_change_key_result(user, one):
        raise PermissionDenied(WORDS["manage_objectives"])
    form = WorkForm(request.POST or None, user=user, key_result=one)
    if request.method == "POST" and form.is_valid():
        made = form.attempt(lambda: actions.link_contribution(actor=user, key_result=one, **form.said))
        if made:
            undo = reverse("work-remove", args=[made.pk])
            messages.success(request, f"{made.initiative or made.feature} should move “{one.name}”.", undo)
            return redirect("objective", one.objective_id)
    return render(request, "okrs/work.html", {"form": form, "key_result": one, "one": one.objective})


@require_POST
def unlink(request: HttpRequest, contribution_id: int) -> HttpResponse:
    seen = Objective.objects.for_user(me(request)).order_by().values("pk")
    found = Contribution.objects.filter(key_result__objective__in=seen).select_related("key_result__objective")
    line = get_object_or_404(found, pk=contribution_id)
    kind, pk = ("i", line.initiative_id) if line.initiative_id else ("f", line.feature_id)
    try:
        actions.unlink_contribution(actor=me(request), contribution=line)
        back = f"{reverse('work-restore', args=[line.key_result_id])}?work={kind}{pk}&lift={line.lift:.15g}"
        messages.success(request, f"{line.initiative or line.feature} was taken from the key result.", back)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("objective", line.key_result.objective_id)


@require_POST
def work_again(request: HttpRequest, key_result_id: int) -> HttpResponse:
    """Undo of taking work from a key result: the address says which, and its lift."""
    one, user, text = find_key_result(request, key_result_id), me(request), request.GET.get("work", "")
    number = int(text[1:]) if text[1:].isdecimal() and len(text) < 19 else 0
    try:
        lift = float(request.GET.get("lift", ""))
        if text.startswith("f"):
            feature = get_object_or_404(Feature.objects.for_user(user), pk=number)
            actions.link_contribution(actor=user, key_result=one, feature=feature, lift=lift)
        else:
            initiative = get_object_or_404(Initiative.objects.for_user(user), pk=number)
            actions.link_contribution(actor=user, key_result=one, initiative=initiative, lift=lift)
        messages.success(request, "The work is linked as before.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except ValueError:
        messages.error(request, "This address says no lift.")
    return redirect("objective", one.objective_id)
