from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from django.apps import AppConfig

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from core.search import Hit


class PlanningConfig(AppConfig):
    name = "planning"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import imports, live, presence, search
        from metrics import news
        from planning import evidence as known
        from planning import links, tasks
        from planning import overview as ours_there
        from planning.imports import CardImporter
        from planning.rules import may_follow, may_follow_print
        from planning.views import panels as ours
        from portfolio import evidence, overview, panels

        live.topics("increment", may_follow)
        live.topics("event", may_follow)
        live.topics("print", may_follow_print)
        presence.counted("event")
        news.register(tasks.wake_behind)
        links.register()
        imports.register(CardImporter())
        search.register(find, rank=28)
        overview.register("plans", ours_there.tile, rank=55)
        evidence.register_facts(known.facts, rank=45)
        panels.register("team", rank=20, panel=ours.of_team)
        panels.register("stream", rank=28, panel=ours.of_stream)
        panels.register("initiative", rank=14, panel=ours.of_initiative)
        panels.register("feature", rank=14, panel=ours.of_feature)


def find(text: str, user: "AbstractBaseUser") -> "Iterator[Hit]":
    """Plans by their or their train's name, and cards of open plans by key or a word of the title, for the palette."""
    import re

    from django.db.models import Q
    from django.urls import reverse

    from accounts.models import User
    from core.search import Hit
    from planning.models import Card, Increment
    from planning.outlook import OPEN

    if not text:
        return
    seen = Increment.objects.for_user(cast(User, user))
    word = rf"\m{re.escape(text)}"
    for plan in seen.filter(Q(name__iregex=word) | Q(train__name__iregex=word)).select_related("train")[:4]:
        state = plan.get_state_display().lower()
        yield Hit(f"Board of {plan.name}", f"{plan.train.name}, {state}", reverse("board", args=[plan.slug]))
    cards = Card.objects.filter(increment__in=seen.filter(state__in=OPEN).order_by(), removed_at=None)
    for card in cards.filter(Q(key__iexact=text) | Q(title__iregex=word)).select_related("increment", "lane")[:5]:
        place = f"{card.lane.name}, {card.increment.name}" if card.lane else f"parking lot, {card.increment.name}"
        yield Hit(f"{card.key} {card.title}".strip(), f"card of {place}", reverse("plan-card", args=[card.pk]))
