"""What the API of objectives shares: what the asker may see, as-of, and 409 with what is there now."""

from collections.abc import Iterable
from datetime import date
from typing import Any, cast

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from accounts.models import User
from metrics.kpis import kpis_for
from metrics.models import Kpi
from okrs.models import KeyResult, Objective
from okrs.queries import Standing
from portfolio.api.base import Stale, VerbMixin
from portfolio.forms import view_of

AS_OF = OpenApiParameter("as_of", OpenApiTypes.DATE, description="figures as of the end of this day")


def asker(request: Any) -> User:
    return cast(User, request.user)


def day_of(request: Request) -> date:
    """The day of `as_of`, else today. What cannot be used is answered with 400."""
    params = QueryDict(mutable=True)
    params["as_of"] = request.query_params.get("as_of", "")
    view = view_of(params, asker(request), timezone.now())
    if view.problems:
        raise ValidationError(view.problems)
    return timezone.localdate(view.at)


def seen_objectives(user: User) -> "QuerySet[Objective]":
    """The objectives that `user` may see, with their places."""
    return Objective.objects.for_user(user).select_related("cycle", "stream", "team__stream", "owner", "theme")


def seen_key_results(user: User) -> "QuerySet[KeyResult]":
    """The key results of objectives that `user` may see."""
    places = ("objective__cycle", "objective__team__stream", "objective__stream", "kpi", "owner")
    goals = Objective.objects.for_user(user).order_by().values("pk")
    return KeyResult.objects.filter(objective__in=goals).select_related(*places)


class SeenObjective(serializers.PrimaryKeyRelatedField):
    """An objective by its number, among those the asker may see."""

    def get_queryset(self) -> "QuerySet[Objective]":
        return seen_objectives(self.context["request"].user)


class SeenKeyResult(serializers.PrimaryKeyRelatedField):
    """A key result by its number, among those the asker may see."""

    def get_queryset(self) -> "QuerySet[KeyResult]":
        return seen_key_results(self.context["request"].user)


class SeenKpi(serializers.SlugRelatedField):
    """A key figure by its slug, among those the asker may see."""

    def get_queryset(self) -> "QuerySet[Kpi]":
        return kpis_for(self.context["request"].user)


def people() -> "QuerySet[User]":
    return User.objects.filter(is_active=True)


class Versioned(VerbMixin):
    """A stale writer is answered with 409, who was faster, and the thing as it is now."""

    def save_by(self, serializer: serializers.BaseSerializer[Any], verb: Any, **fields: Any) -> None:
        try:
            super().save_by(serializer, verb, **fields)
        except Stale as error:
            now = error.__cause__.current  # type: ignore[union-attr]
            cast(dict[str, Any], error.detail)["current"] = self.shown(now)
            raise

    def shown(self, thing: Any) -> Any:
        """The thing as the API answers it."""
        raise NotImplementedError


def standing_as_json(standing: Standing) -> dict[str, Any]:
    """Where a key result stands, for programs: shares from 0 to 1."""
    names = ("value", "progress", "confidence", "pace", "elapsed", "state", "due_on", "on", "blocker")
    return {name: getattr(standing, name) for name in names}


def messages_of(errors: Iterable[Any]) -> list[str]:
    return [text for error in errors for text in error.messages]
