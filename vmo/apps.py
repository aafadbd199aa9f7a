from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from core.search import Hit


class VmoConfig(AppConfig):
    name = "vmo"

    def ready(self) -> None:
        from core import search
        from vmo import checks  # noqa: F401  (registers them)

        search.register(find_pages, rank=40)


class PortalAdminConfig(AdminConfig):
    default_site = "vmo.admin.PortalAdminSite"


def find_pages(text: str, user: "AbstractBaseUser") -> "Iterator[Hit]":
    """Pages for the command palette: those of the navigation and those behind them."""
    from core.search import Hit
    from vmo.context import pages

    wanted = text.lower()
    for label, url in pages(user):
        if any(word.startswith(wanted) for word in [label.lower(), *label.lower().split()]):
            yield Hit(label, "page", url)
