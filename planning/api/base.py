"""What the routes of planning share: things of boards that the asker sees, who sees them, and the version of what a
program changes."""

from typing import Any, cast

from django.db.models import Model, QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.fields import empty
from rest_framework.request import Request

from accounts.models import User
from planning.models import Increment, Lane


def seen(user: User) -> QuerySet[Increment]:
    """The increments whose boards somebody sees, for use in another query."""
    return Increment.objects.for_user(user).order_by()


MOST = 2**31 - 1
VERSION = "of what you change, as you read it: 428 without it, 409 when it is not the present one"
# For what is removed by DELETE: such a request has no body.
ASKED_VERSION = OpenApiParameter("version", int, required=True, description=VERSION)


class Unseen(APIException):
    """428: a program has to say which version it saw, so that it overwrites nobody's work."""

    status_code = 428
    default_code = "version_required"

    def __init__(self, name: str = "version") -> None:
        super().__init__(
            f"Send the `{name}` of what you change, as you read it: without it, what somebody else wrote since could be"
            " overwritten."
        )


class VersionField(serializers.IntegerField):
    """The version that a program saw. A new thing has none; `least` 0: there may be no such row yet."""

    def __init__(self, *, required: bool = True, least: int = 1) -> None:
        super().__init__(required=required, min_value=least, max_value=MOST, help_text=VERSION)

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        """Raise Unseen where something is changed that is there."""
        if data in (empty, None) and (self.required or getattr(self.root, "instance", None) is not None):
            raise Unseen(str(self.field_name))
        return super().validate_empty_values(data)


class SeenVersion(serializers.Serializer[Any]):
    """What a step of something says at least."""

    version = VersionField()


def asked_version(request: Request) -> int:
    """`?version=` of a request without a body. Raises Unseen."""
    said = request.query_params.get("version", "")
    if not (said.isascii() and said.isdecimal() and len(said) < 10):
        raise Unseen
    return int(said)


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
