from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, cast

from django.apps import AppConfig

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser
    from django.http import HttpRequest

    from accounts.models import User
    from core.search import Hit
    from portfolio.panels import Mark, Panel


class OkrsConfig(AppConfig):
    name = "okrs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import live, search
        from okrs import evidence as known
        from okrs.rules import may_follow
        from okrs.views.checkins import team_panel
        from portfolio import evidence, panels

        evidence.register_facts(known.facts, rank=30)
        evidence.register_sign("confidence", known.confidence_signs)
        evidence.register_sign("value", known.value_signs)
        panels.register("team", rank=25, panel=team_panel)
        live.topics("okr", may_follow)
        search.register(find, rank=28)
        panels.register("initiative", rank=20, marks=initiative_marks, panel=initiative_panel)
        panels.register("feature", rank=20, marks=feature_marks, panel=feature_panel)
        panels.register("stream", rank=20, panel=stream_panel)
        panels.register("team", rank=20, panel=goals_panel)


def initiative_marks(ids: Collection[int], user: "User", as_of: datetime) -> "Mapping[int, Sequence[Mark]]":
    """How many key results initiatives should move, and the least confidence in them."""
    from okrs.queries import work

    return work.marks("initiative", ids, user, as_of)


def feature_marks(ids: Collection[int], user: "User", as_of: datetime) -> "Mapping[int, Sequence[Mark]]":
    """The same of features."""
    from okrs.queries import work

    return work.marks("feature", ids, user, as_of)


def initiative_panel(pk: int, request: "HttpRequest") -> "Panel | None":
    """The key results that an initiative should move, for its page."""
    from okrs.views import panels

    return panels.of_initiative(pk, request)


def feature_panel(pk: int, request: "HttpRequest") -> "Panel | None":
    """The key results that a feature should move, for its page."""
    from okrs.views import panels

    return panels.of_feature(pk, request)


def stream_panel(pk: int, request: "HttpRequest") -> "Panel | None":
    """The objectives of a value stream and its teams, for its page."""
    from okrs.views import panels

    return panels.of_stream(pk, request)


def goals_panel(pk: int, request: "HttpRequest") -> "Panel | None":
    """The objectives of a team, for its page."""
    from okrs.views import panels

    return panels.of_team(pk, request)


def find(text: str, user: "AbstractBaseUser") -> "Iterator[Hit]":
    """Objectives and key results of which a word begins with `text`, for the command palette."""
    import re

    from django.urls import reverse

    from accounts.models import User
    from core.search import Hit
    from okrs.models import KeyResult, Objective

    if not text:
        return
    word, seen = rf"\m{re.escape(text)}", Objective.objects.for_user(cast(User, user)).select_related("cycle")
    for one in seen.filter(name__iregex=word).order_by("-cycle__starts_on", "pk")[:6]:
        yield Hit(one.name, f"objective, {one.cycle}", reverse("objective", args=[one.pk]))
    key_results = KeyResult.objects.filter(objective__in=seen.order_by().values("pk"), name__iregex=word)
    for kr in key_results.select_related("objective__cycle").order_by("-objective__cycle__starts_on", "pk")[:6]:
        address = f"{reverse('objective', args=[kr.objective_id])}#kr-{kr.pk}"
        yield Hit(kr.name, f"key result, {kr.objective.cycle}", address)
