"""What the API of the nouns shares: pages, verbs that save, slugs of what the asker may see."""

from collections.abc import Mapping
from typing import Any, cast

from django.core.exceptions import ValidationError as Refused
from django.db import transaction
from django.db.models import QuerySet
from rest_framework import mixins, serializers, viewsets
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import PagesById
from portfolio.actions import Conflict


class ById(PagesById):
    """Pages that do not shift while rows are added."""

    ordering = "id"
    page_size_query_param = "page_size"
    max_page_size = 1000


class Stale(APIException):
    """409: somebody else changed it since. Who, what, when, and the version there is now."""

    status_code = 409

    def __init__(self, conflict: Conflict) -> None:
        super().__init__()
        version = getattr(conflict.current, "version", None)
        told = {"detail": str(conflict), "who": conflict.who, "what": conflict.verb, "version": version}
        self.detail = told | {"at": conflict.at.isoformat() if conflict.at else None}  # type: ignore[assignment]


class VerbMixin:
    """Saving calls a verb; what it refuses is said by field, what somebody else changed meanwhile with 409."""

    def save_by(self, serializer: serializers.BaseSerializer[Any], verb: Any, **fields: Any) -> None:
        actor = cast(Request, self.request).user  # type: ignore[attr-defined]
        try:
            serializer.instance = verb(actor=actor, **fields)
        except Refused as error:
            raise ValidationError(error.message_dict if hasattr(error, "error_dict") else error.messages) from error
        except Conflict as conflict:
            raise Stale(conflict) from conflict

    def end_or_reopen(self, serializer: serializers.BaseSerializer[Any], end: Any, reopen: Any, **thing: Any) -> None:
        """`ended_on` given is the last day, null lets the thing go on; not given, nothing happens."""
        given = cast(Mapping[str, Any], serializer.validated_data)
        if given.get("ended_on"):
            self.save_by(serializer, end, on=given["ended_on"], **thing)
        elif "ended_on" in given:
            self.save_by(serializer, reopen, **thing)

    def do(self, verb: Any, **fields: Any) -> None:
        """The same for verbs that leave nothing behind."""
        self.save_by(serializers.Serializer(), verb, **fields)


class NoDelete(
    VerbMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.ListModelMixin,
    viewsets.GenericViewSet,
):
    """Read, create, change; what has a history is ended, not deleted."""

    http_method_names = ["get", "post", "patch", "head", "options"]
    pagination_class = ById

    @transaction.atomic
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().update(request, *args, **kwargs)

    @transaction.atomic
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)


class Seen(serializers.SlugRelatedField):
    """A stream, team or initiative by its slug, among those the asker may see."""

    def get_queryset(self) -> QuerySet[Any]:
        everything: Any = super().get_queryset()
        return cast("QuerySet[Any]", everything.for_user(self.context["request"].user))


def without(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The fields but for those with these names."""
    return {name: value for name, value in fields.items() if name not in names}
