from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from django.apps import AppConfig

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser
    from django.http import HttpRequest

    from core.search import Hit
    from portfolio.panels import Panel


class MetricsConfig(AppConfig):
    name = "metrics"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import imports, search
        from metrics import evidence as known
        from metrics.actions.imports import KpiValues
        from metrics.epics import feature_marks, initiative_marks
        from portfolio import evidence, panels

        search.register(find, rank=20)
        imports.register(KpiValues())
        evidence.register_facts(known.facts, rank=10)
        evidence.register_sign("landing", known.landing_signs)
        panels.register("feature", rank=10, marks=feature_marks)
        panels.register("initiative", rank=10, marks=initiative_marks)
        panels.register("initiative", rank=20, panel=initiative_figures)
        panels.register("stream", rank=20, panel=stream_figures)


def find(text: str, user: "AbstractBaseUser") -> "Iterator[Hit]":
    """Items whose key begins with `text`, for the command palette."""
    from django.db.models import Q
    from django.urls import reverse

    from accounts.models import User
    from core.search import Hit
    from metrics.models import Source, WorkItem
    from portfolio.models import Team

    if len(text) < 2:
        return
    teams = Team.objects.for_user(cast(User, user)).order_by()
    # Naming the sources lets the index on (source, key) find the beginnings.
    begins = Q(key__startswith=text) | Q(key__startswith=text.upper())
    found = WorkItem.objects.filter(begins, source__in=Source.objects.order_by(), team__in=teams, deleted_at=None)
    for item in found.only("key", "title").order_by("key")[:8]:
        yield Hit(str(item)[:100], "item", reverse("item", args=[item.pk]))


def initiative_figures(pk: int, request: "HttpRequest") -> "Panel | None":
    """The leading measures of an initiative, for its page."""
    from metrics import kpi_pages

    return kpi_pages.initiative_panel(pk, request)


def stream_figures(pk: int, request: "HttpRequest") -> "Panel | None":
    """The key figures of a value stream, for its page."""
    from metrics import kpi_pages

    return kpi_pages.stream_panel(pk, request)
