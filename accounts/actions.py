"""What people do with their own account. (What administrators do with other people's: portfolio/actions.py.)"""

import hashlib
import secrets
from datetime import datetime

from django.db import transaction

from accounts.models import ApiToken, User
from core import audit


def change_profile(*, user: User, name: str, theme: str, digest: bool = True) -> None:
    """Name, theme, and whether the weekly digest comes by mail."""
    with transaction.atomic():
        before = user.name if user.name == name else User.objects.get(pk=user.pk).name
        user.name, user.theme, user.digest = name, theme, digest
        user.full_clean()
        user.save(update_fields=["name", "theme", "digest"])
        if before != name:
            audit.record(actor=user, verb="changed", target=user, data={"name": [before, name]})


def choose_theme(*, user: User, theme: str) -> None:
    """A matter of taste: not audited."""
    user.theme = theme
    user.full_clean()
    user.save(update_fields=["theme"])


def record_overview(*, user: User, at: datetime) -> None:
    """The overview was read: it says what changed since. Nobody else sees when; not audited."""
    User.objects.filter(pk=user.pk).update(overview_read_at=at)
    user.overview_read_at = at


def record_login(*, user: User, address: str) -> None:
    audit.record(actor=user, verb="logged in", target=user, data={"address": address})


def record_password(*, user: User) -> None:
    """The password was changed by `user`, who knew the old one or held a link to their e-mail."""
    audit.record(actor=user, verb="changed the password of", target=user)


def digest(key: str) -> str:
    """What is kept of a key. Keys are random: a plain hash is safe, and can be looked up."""
    return hashlib.sha256(key.encode()).hexdigest()


def create_token(*, user: User, name: str, expires_at: datetime | None = None) -> tuple[ApiToken, str]:
    """Make a token; the key is returned and never stored."""
    key = f"vmo_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        token = ApiToken(user=user, name=name, prefix=key[:8], digest=digest(key), expires_at=expires_at)
        token.full_clean()
        token.save()
        audit.record(actor=user, verb="created the token", target=token)
    return token, key


def revoke_token(*, user: User, token: ApiToken) -> None:
    """End a token at once and for good."""
    with transaction.atomic():
        audit.record(actor=user, verb="revoked the token", target=token)
        token.delete()
