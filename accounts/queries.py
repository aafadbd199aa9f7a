"""Who is asking."""

from typing import cast

from django.http import HttpRequest

from accounts.models import User


def me(request: HttpRequest) -> User:
    """The user of a page that needs one (LoginRequiredMiddleware has seen to that)."""
    return cast(User, request.user)
