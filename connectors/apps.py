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
        """Say who may follow a sync while it goes, and find sources for the palette."""
        from connectors import rules
        from core import live, search

        live.topics("sync", rules.may_follow)
        search.register(find, rank=25)


def find(text: str, user: "AbstractBaseUser") -> "Iterator[Hit]":
    """Sources, for the command palette."""
    from django.urls import reverse

    from accounts.models import User
    from connectors.queries import sources
    from core.search import Hit

    for source in sources(cast(User, user)).filter(name__icontains=text)[:8] if text else ():
        yield Hit(source.name, "source", reverse("source", args=[source.slug]))
