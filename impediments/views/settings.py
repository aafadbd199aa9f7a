"""Settings of impediments: limits, ways in of teams, mails that came; for who manages them."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.queries import me
from impediments import actions
from impediments.actions import channels
from impediments.forms.channels import LEVELS, LimitsForm
from impediments.limits import Limits
from impediments.queries import channels as queries
from portfolio.models import Team
from portfolio.rules import WORDS, can, can_somewhere, require

PAGE = 50


def manager(request: HttpRequest) -> User:
    """The reader. Raises PermissionDenied unless they manage impediments somewhere."""
    user = me(request)
    if not can_somewhere(user, "manage_impediments"):
        raise PermissionDenied(WORDS["manage_impediments"])
    return user


def _show(request: HttpRequest, user: User, status: int = 200, form: LimitsForm | None = None) -> HttpResponse:
    mails = queries.mails_for(user)
    context: dict[str, Any] = {
        "limits": form or LimitsForm(limits=Limits()),
        "levels": LEVELS,
        "may_limit": can(user, "manage_impediments"),
        "teams": queries.team_lines(user),
        "hooks": queries.hook_lines(user),
        "mails": mails[: queries.MAILS_SHOWN],
        "mail_domain": settings.MAIL_DOMAIN,
        "nav": "impediments",
    }
    return render(request, "impediments/settings.html", context, status=status)


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Everything on one page."""
    return _show(request, manager(request))


@require_POST
def limits(request: HttpRequest) -> HttpResponse:
    """Save the limits that were changed, all or none."""
    user = me(request)
    require(user, "manage_impediments")
    form = LimitsForm(request.POST, limits=Limits())
    if form.is_valid() and form.does(lambda: _save(user, form)):
        messages.success(request, "The limits were saved; they hold for the clocks that run, too.")
        return redirect("impediment-settings")
    return _show(request, user, 400, form)


@transaction.atomic
def _save(user: User, form: LimitsForm) -> None:
    for category, level, hours in form.wanted:
        if hours is None:
            actions.remove_limit(actor=user, level=level, category=category)
        else:
            actions.set_limit(actor=user, level=level, category=category, hours=hours)


def _team(request: HttpRequest, slug: str) -> Team:
    """A team whose impediments the reader manages; 404 for strangers, 403 for others who see it."""
    team = get_object_or_404(Team.objects.for_user(me(request)).select_related("stream"), slug=slug)
    require(me(request), "manage_impediments", team)
    return team


def _back() -> HttpResponse:
    return redirect(f"{reverse('impediment-settings')}#teams")


@require_POST
def address(request: HttpRequest, slug: str) -> HttpResponse:
    """A new mail address for a team, or (`do=remove`) none."""
    team, user = _team(request, slug), me(request)
    try:
        if request.POST.get("do") == "remove":
            channels.remove_address(actor=user, team=team)
            messages.success(request, f"{team} takes no mails any more.")
        else:
            channels.make_address(actor=user, team=team)
            messages.success(request, f"{team} has a new address; one it had before takes no mails any more.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return _back()


@require_POST
def marks(request: HttpRequest, slug: str) -> HttpResponse:
    """Whether marks of a team's tools log impediments; the message undoes it."""
    team, wanted = _team(request, slug), request.POST.get("logs_marks") == "1"
    channels.set_logs_marks(actor=me(request), team=team, logs_marks=wanted)
    said = "From now on, items marked as blocked" if wanted else "Items marked as blocked"
    how = "log an impediment" if wanted else "log nothing by themselves any more"
    messages.success(request, f"{said} in the tools of {team} {how}.")
    return _back()


@require_GET
def mails(request: HttpRequest) -> HttpResponse:
    """All mails that came, with what became of them."""
    page = Paginator(queries.mails_for(manager(request)), PAGE).get_page(request.GET.get("page"))
    return render(request, "impediments/mails.html", {"page": page, "nav": "impediments"})
