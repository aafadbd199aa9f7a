from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, cast

from django.apps import AppConfig

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from accounts.models import User
    from core.search import Hit
    from portfolio.panels import Mark


class ImpedimentsConfig(AppConfig):
    name = "impediments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import live, search
        from core.templatetags.ui import offer_tab
        from impediments import evidence as known
        from impediments import overview as ours_there
        from impediments.rules import may_follow
        from impediments.views import after
        from impediments.views import panels as ours
        from portfolio import evidence, overview, panels
        from portfolio.rules import can_somewhere

        live.topics("impediments", may_follow)
        offer_tab("impediment-settings", lambda user: can_somewhere(user, "manage_impediments"))
        overview.register("impediments", ours_there.tile, rank=60)
        evidence.register_facts(known.facts, rank=50)
        search.register(offer_form, rank=5)
        search.register(find, rank=29)
        panels.register("team", rank=10, panel=ours.of_team)
        panels.register("stream", rank=25, panel=ours.of_stream)
        panels.register("initiative", rank=12, marks=initiative_marks, panel=ours.of_initiative)
        panels.register("feature", rank=12, marks=feature_marks, panel=ours.of_feature)
        panels.register("action", rank=10, marks=after.marks_of_actions, panel=after.panel_of_action)


def initiative_marks(ids: Collection[int], user: "User", as_of: datetime) -> "Mapping[int, Sequence[Mark]]":
    """How many items of initiatives impediments block."""
    from impediments.views.panels import marks_of

    return marks_of("initiative", ids, user, as_of)


def feature_marks(ids: Collection[int], user: "User", as_of: datetime) -> "Mapping[int, Sequence[Mark]]":
    """The same of features."""
    from impediments.views.panels import marks_of

    return marks_of("feature", ids, user, as_of)


def offer_form(text: str, user: "AbstractBaseUser") -> "Iterator[Hit]":
    """The form that logs an impediment, for the command palette: by any word of its name, and when nothing is typed."""
    from django.urls import reverse

    from core.search import Hit
    from impediments.queries import may_log_somewhere

    words = "log an impediment"
    is_meant = any(words[at:].startswith(text.lower()) for at in (0, 4, 7))
    if is_meant and may_log_somewhere(user):
        yield Hit("Log an impediment", "do it, key I", reverse("impediment-new"))


def find(text: str, user: "AbstractBaseUser") -> "Iterator[Hit]":
    """Impediments of which a word begins with `text`, or by number (“VMO-12”), for the command palette."""
    import re

    from django.db.models import Q
    from django.urls import reverse

    from accounts.models import User
    from core.search import Hit
    from impediments.models import Impediment

    if not text:
        return
    number = re.fullmatch(r"(?:vmo-)?(\d{1,18})", text.strip(), re.IGNORECASE)
    wanted = Q(pk=number.group(1)) if number else Q(what__iregex=rf"\m{re.escape(text)}")
    seen = Impediment.objects.for_user(cast(User, user)).filter(wanted).select_related("team")
    # Those that are open first: they have no end.
    for one in seen.order_by("-resolved_at", "-logged_at")[:6]:
        kind = f"impediment of {one.team}{'' if one.is_open else ', resolved'}"
        yield Hit(one.what, kind, reverse("impediment", args=[one.pk]))
