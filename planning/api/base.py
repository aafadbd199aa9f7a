"""What the routes of planning share: things of boards that the asker sees, and who sees them."""

from typing import Any, cast

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from accounts.models import User
from planning.models import Increment, Lane


def seen(user: User) -> QuerySet[Increment]:
    """The increments whose boards somebody sees, for use in another query."""
    return Increment.objects.for_user(user).order_by()


class OfBoard(serializers.PrimaryKeyRelatedField):
    """Something of a board that the asker sees, by its id; `path` leads from it to its increment."""

    def __init__(self, model: type[Model] | None = None, path: str = "increment", **options: Any) -> None:
        self.path = path
        if model is not None:
            options["queryset"] = model._default_manager.all()
        super().__init__(**options)

    def get_queryset(self) -> QuerySet[Any]:
        user = cast(User, self.context["request"].user)
        rows = cast("QuerySet[Any]", super().get_queryset())
        return rows.filter(**{f"{self.path}__in": seen(user)})


class BySlug(serializers.SlugRelatedField):
    """An increment that the asker sees, by its short name."""

    def __init__(self, **options: Any) -> None:
        super().__init__(slug_field="slug", queryset=Increment.objects.all(), **options)

    def get_queryset(self) -> QuerySet[Any]:
        return Increment.objects.for_user(cast(User, self.context["request"].user))


def narrowed(rows: QuerySet[Any], request: Request, increment: str = "increment", lane: str = "lane") -> QuerySet[Any]:
    """The rows of `?increment=` (short name) and `?lane=` (id of a row); what names none finds none."""
    if slug := request.query_params.get("increment", ""):
        rows = rows.filter(**{f"{increment}__slug": slug.replace("\0", "")})
    if said := request.query_params.get("lane", ""):
        number = int(said) if said.isascii() and said.isdecimal() and len(said) < 19 else 0
        rows = rows.filter(**{lane: Lane.objects.filter(pk=number).first()}) if number else rows.none()
    return rows
