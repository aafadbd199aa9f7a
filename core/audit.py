"""The audit trail: one call per deed, inside the deed's transaction."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models

from core.models import AuditEntry

Actor = AbstractBaseUser | AnonymousUser | None


def record(*, actor: Actor, verb: str, target: models.Model, data: Mapping[str, Any] | None = None) -> AuditEntry:
    """Write that `actor` (None: the portal itself) did `verb` to `target`; `data` must be JSON-able."""
    user = actor if isinstance(actor, AbstractBaseUser) else None
    return AuditEntry.objects.create(
        actor_id=user.pk if user else None,
        actor_name=str(user) if user else "",
        verb=verb,
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        target_name=str(target)[:300],
        data=dict(data or {}),
    )
