"""What the pages of money share."""

from django.http import Http404, HttpRequest
from django.utils import timezone

from accounts.queries import me
from funding.forms import Asked, ask
from portfolio.queries import ScopeNotFound


def asked_of(request: HttpRequest, *, money: bool = True, scope: str | None = None) -> Asked:
    """What the address asks for (`scope` goes before it). A place that is not there for this reader is a 404."""
    params = request.GET.copy()
    if scope is not None:
        params["scope"] = scope
    try:
        return ask(params, me(request), timezone.now(), money=money)
    except ScopeNotFound as error:
        raise Http404(str(error)) from None
