"""Calls to other programs: set up, changed, tried and taken away by who manages impediments at their place.

Addresses of chat tools are secrets themselves: the audit trail names the server only.
"""

import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit, hooks, outbox, posting
from core.models import Hook, HookCall
from portfolio.actions.writing import SIGNATURE, lock, save
from portfolio.models import ValueStream
from portfolio.rules import Person, require


def scope_of(stream: ValueStream | None) -> str:
    """The scope of a hook: a value stream, or (empty) everything."""
    return f"stream:{stream.slug}" if stream else ""


def stream_of(hook: Hook) -> ValueStream | None:
    """The value stream whose impediments a hook is called for; None: of all."""
    name = hook.scope.removeprefix("stream:")
    return ValueStream.objects.filter(slug=name).first() if name else None


def require_hook(actor: Person, hook: Hook) -> None:
    """Raise PermissionDenied unless `actor` may change it; one of a stream that is gone belongs to the whole portal."""
    require(actor, "manage_impediments", stream_of(hook))


def make_hook(*, actor: Person, name: str, url: str, stream: ValueStream | None = None) -> tuple[Hook, str]:
    """Have impediments of a stream (None: of all) told to `url`; the hook, and the secret that signs its calls.

    The secret is shown this once. Raises ValidationError for addresses that are not asked.
    """
    require(actor, "manage_impediments", stream)
    secret = hooks.new_secret()
    row = Hook(
        name=name.strip(),
        url=_checked(url),
        scope=scope_of(stream),
        sealed=hooks.sealed(secret),
        made_by=actor if isinstance(actor, User) else None,
        made_at=timezone.now(),
    )
    with transaction.atomic():
        row.full_clean(exclude=SIGNATURE, validate_constraints=False)
        save(row)
        audit.record(actor=actor, verb="set up calls to", target=row, data=_said(row))
    return row, secret


def _said(row: Hook) -> dict[str, Any]:
    return {"server": hooks.place(row.url), "scope": row.scope or "everything"}


def _checked(url: str) -> str:
    """`url`, if it leads where the portal may ask. Raises ValidationError at the field."""
    try:
        posting.addresses(posting.target(url))
    except posting.NotSent as error:
        raise ValidationError({"url": str(error)}) from None
    return url.strip()


def change_hook(*, actor: Person, hook: Hook, name: str, url: str = "", is_active: bool = True) -> Hook:
    """Change its name, switch it on or off, send it elsewhere (`url` empty: as before)."""
    require_hook(actor, hook)
    address = _checked(url) if url.strip() and url.strip() != hook.url else hook.url
    with transaction.atomic():
        row = lock(hook)
        changed = [what for what, old, new in _changes(row, name.strip(), address, is_active) if old != new]
        if not changed:
            return row
        row.name, row.url, row.is_active = name.strip(), address, is_active
        row.full_clean(exclude=SIGNATURE, validate_constraints=False)
        save(row, ["name", "url", "is_active"])
        audit.record(actor=actor, verb="changed calls to", target=row, data=_said(row) | {"changed": changed})
    return row


def _changes(row: Hook, name: str, url: str, is_active: bool) -> list[tuple[str, object, object]]:
    return [("name", row.name, name), ("address", row.url, url), ("active", row.is_active, is_active)]


def renew_secret(*, actor: Person, hook: Hook) -> str:
    """A new secret for its calls, shown this once; the old one signs nothing any more."""
    require_hook(actor, hook)
    secret = hooks.new_secret()
    with transaction.atomic():
        row = lock(hook)
        row.sealed = hooks.sealed(secret)
        save(row, ["sealed"])
        audit.record(actor=actor, verb="renewed the secret of calls to", target=row)
    return secret


def remove_hook(*, actor: Person, hook: Hook) -> None:
    """Take it away, with what was sent to it."""
    require_hook(actor, hook)
    with transaction.atomic():
        audit.record(actor=actor, verb="removed calls to", target=hook, data=_said(hook))
        hook.delete()


def try_hook(*, actor: Person, hook: Hook) -> HookCall:
    """Call it now, while the person waits (at most posting.SECONDS); the call with its answer."""
    require_hook(actor, hook)
    if not hook.is_active:
        raise ValidationError("It is switched off: switch it on first.")
    text = f"This is a test of the VMO portal, asked for by {actor or 'the portal'}."
    body = {"text": text, "event": "test", "url": outbox.absolute("/")}
    row = HookCall.objects.create(hook=hook, key=f"test:{secrets.token_hex(8)}", event="test", body=body)
    hooks.deliver(row.pk, once=True)
    row.refresh_from_db()
    return row
