from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from django.apps import AppConfig

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from core.search import Hit


class PortfolioConfig(AppConfig):
    name = "portfolio"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import imports, live, search
        from core.templatetags.ui import offer_tab
        from portfolio import panels
        from portfolio.imports import InitiativeImporter
        from portfolio.rules import can_somewhere, may_watch
        from portfolio.views import decisions, improvements

        search.register(find, rank=30)
        imports.register(InitiativeImporter())
        offer_tab("approvals", lambda user: can_somewhere(user, "see_money"))
        live.topics("wsjf", hears_session)
        live.topics("board", may_watch)
        panels.register("initiative", rank=15, panel=decisions.initiative_panel)
        panels.register("stream", rank=30, panel=decisions.stream_panel)
        panels.register("team", rank=70, panel=improvements.team_panel)
        panels.register("stream", rank=70, panel=improvements.stream_panel)


def hears_session(user: "AbstractBaseUser", session_id: str) -> bool:
    """Who may listen to a scoring session: whoever sees it."""
    from accounts.models import User
    from portfolio.queries.scoring import sessions_for

    is_number = session_id.isdecimal() and len(session_id) < 19
    return is_number and sessions_for(cast(User, user)).filter(pk=session_id).exists()


def find(text: str, user: "AbstractBaseUser") -> "Iterator[Hit]":
    """Streams, teams, initiatives and features for the command palette."""
    from django.urls import reverse

    from accounts.models import User
    from core.search import Hit
    from portfolio.models import Initiative
    from portfolio.queries import find_places, find_work

    for place, name, slug in find_places(text, cast(User, user)) if text else ():
        kind = "value stream" if place == "stream" else place
        yield Hit(name, f"{kind}, organisation", reverse(f"organisation_{place}", args=[slug]))
    for thing in find_work(text, cast(User, user)) if text else ():
        closed = ", closed" if thing.ended_on else ""
        if isinstance(thing, Initiative):
            yield Hit(thing.name, f"initiative of {thing.stream}{closed}", reverse("initiative", args=[thing.slug]))
        else:
            address = reverse("feature", args=[thing.team.slug, thing.pk])
            yield Hit(thing.name, f"feature of {thing.team}{closed}", address)
