from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from django.apps import AppConfig

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from core.search import Hit


class MetricsConfig(AppConfig):
    name = "metrics"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import search
        from metrics.epics import feature_marks, initiative_marks
        from portfolio import panels

        search.register(find, rank=20)
        panels.register("feature", rank=10, marks=feature_marks)
        panels.register("initiative", rank=10, marks=initiative_marks)


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
