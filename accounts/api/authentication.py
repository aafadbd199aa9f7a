"""Tokens as a way to log in to the API. (Alone in its module: REST framework's own views import it.)"""

from datetime import timedelta

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.actions import digest
from accounts.models import ApiToken, User


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Token KEY` (or `Bearer KEY`)."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, key = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() not in {"token", "bearer"}:
            return None
        token = ApiToken.objects.select_related("user").filter(digest=digest(key.strip())).first()
        if token is None or not token.user.is_active:
            raise AuthenticationFailed("This token is not known.")
        if token.expires_at and token.expires_at <= timezone.now():
            raise AuthenticationFailed("This token has expired.")
        _mark_used(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Token"


def _mark_used(token: ApiToken) -> None:
    """Once a minute is enough to know whether a token is in use."""
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - timedelta(minutes=1):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
