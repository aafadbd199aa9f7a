from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from django.apps import AppConfig

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser
    from django.http import HttpRequest

    from core.search import Hit
    from portfolio.panels import Panel


class DashboardsConfig(AppConfig):
    name = "dashboards"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import search
        from dashboards.queries import home
        from portfolio import panels

        home.register()
        search.register(find, rank=10)
        panels.register("feature", rank=10, panel=feature_panel)
        panels.register("team", rank=10, panel=team_panel)


def find(text: str, user: "AbstractBaseUser") -> "Iterator[Hit]":
    """Flow, forecast and delivery of streams and teams, for the command palette."""
    from django.urls import reverse

    from accounts.models import User
    from core.search import Hit
    from portfolio.queries import find_places

    for place, name, slug in find_places(text, cast(User, user)) if text else ():
        kind = "value stream" if place == "stream" else place
        yield Hit(f"{name}: flow", kind, f"{reverse('flow')}?scope={place}:{slug}")
        yield Hit(f"{name}: forecast", kind, f"{reverse('forecast')}?scope={place}:{slug}")
        yield Hit(f"{name}: delivery", kind, f"{reverse('delivery')}?scope={place}:{slug}")
        if place == "stream":
            yield Hit(f"{name}: calibration", kind, f"{reverse('calibration')}?scope={place}:{slug}")
    for page in ("forecast", "calibration"):
        if text and page.startswith(text.lower()):
            yield Hit(page.capitalize(), "page", reverse(page))


def feature_panel(pk: int, request: "HttpRequest") -> "Panel | None":
    """The items of a feature, for its page."""
    from dashboards.views import epics

    return epics.feature_panel(pk, request)


def team_panel(pk: int, request: "HttpRequest") -> "Panel | None":
    """The epics of a team that belong to no feature, for its page."""
    from dashboards.views import epics

    return epics.team_panel(pk, request)
