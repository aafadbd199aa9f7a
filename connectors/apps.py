from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from django.apps import AppConfig

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from core.search import Hit


class ConnectorsConfig(AppConfig):
    name = "connectors"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import live, search

        search.register(find, rank=25)
        live.topics("sync", may_hear)


def find(text: str, user: "AbstractBaseUser") -> "Iterator[Hit]":
    """Sources, for the command palette."""
    from django.urls import reverse

    from accounts.models import User
    from connectors.queries import sources
    from core.search import Hit

    for source in sources(cast(User, user)).filter(name__icontains=text)[:8] if text else ():
        yield Hit(source.name, "source", reverse("source", args=[source.slug]))


def may_hear(user: "AbstractBaseUser", run: str) -> bool:
    """Who may hear how a sync goes on: whoever may see its source."""
    from accounts.models import User
    from connectors.models import SyncRun
    from connectors.queries import sources

    return run.isdigit() and SyncRun.objects.filter(pk=int(run), source__in=sources(cast(User, user))).exists()
