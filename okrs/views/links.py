"""The check-in by a signed link from a mail: no log-in, one key result, nothing else."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from okrs import actions, links
from okrs.forms.checkins import CheckInForm
from okrs.models import CheckIn, KeyResult
from okrs.queries import due
from okrs.views.checkins import form_of


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def by_link(request: HttpRequest, signed: str) -> HttpResponse:
    """The form for the person whom the mail was sent to; a link that has ended says why."""
    try:
        user, one = links.read(signed)
    except links.LinkUnknown:
        return _private(render(request, "okrs/link_ended.html", {"reason": ""}, status=404))
    except links.LinkEnded as ended:
        return _private(render(request, "okrs/link_ended.html", {"reason": str(ended)}, status=410))
    form = form_of(request, one)
    if request.method == "POST" and form.is_valid() and form.accepts(lambda: _said(user, one, form)):
        return _private(redirect(f"{request.path}?done=1"))
    return _private(render(request, "okrs/check_in_link.html", _context(request, user, one) | {"form": form}))


def _said(user: User, one: KeyResult, form: CheckInForm) -> CheckIn:
    return actions.check_in(actor=user, key_result=one, **form.said)


def _context(request: HttpRequest, user: User, one: KeyResult) -> dict[str, object]:
    newest = one.check_ins.filter(by=user).order_by("-at").first() if request.GET.get("done") == "1" else None
    return {
        "person": user,
        "one": one,
        "done": newest if request.method == "GET" else None,
        "due": next(iter(due.standing(KeyResult.objects.filter(pk=one.pk))), None),
    }


def _private(response: HttpResponse) -> HttpResponse:
    """The address is a key: no search engine, no other site and no cache may get it."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    # Not "no-referrer": then the form's own request would come from nowhere, and be refused.
    response["Referrer-Policy"] = "same-origin"
    return response
