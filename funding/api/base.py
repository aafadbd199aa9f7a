"""What the API of money shares: what the address asks for."""

from typing import cast

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request

from accounts.models import User
from funding import forms
from portfolio.queries import ScopeNotFound

ASKED = [
    OpenApiParameter("scope", str, description="portfolio or stream:SLUG; default: the widest you see"),
    OpenApiParameter("quarter", str, description="such as 2026-q4; default: the one of as_of"),
    OpenApiParameter("as_of", str, description="a date (its end) or a past instant; default: now"),
]


def asked_of(request: Request, *, money: bool = True) -> forms.Asked:
    """What the address asks for: 400 by parameter, 404 for a place that is not there for this person, 403 without the
    right to see its money."""
    try:
        asked = forms.ask(request.query_params, cast(User, request.user), timezone.now(), money=money)
    except ScopeNotFound as error:
        raise NotFound(str(error)) from None
    if asked.problems:
        raise ValidationError({name: [problem] for name, problem in asked.problems.items()})
    return asked
