"""Check-ins for programs: the same verb, limits and words as on the page."""

from typing import Any, cast

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from okrs import actions
from okrs.models import CheckIn, KeyResult, Objective
from portfolio.api.base import ById, VerbMixin


def seen_key_results(user: User) -> "QuerySet[KeyResult]":
    """The key results of objectives that `user` may see."""
    seen = Objective.objects.for_user(user).order_by().values("pk")
    places = ("objective__cycle", "objective__team__stream", "objective__stream", "kpi")
    return KeyResult.objects.filter(objective__in=seen).select_related(*places)


class SeenKeyResult(serializers.PrimaryKeyRelatedField):
    """A key result by its number, among those the asker may see."""

    def get_queryset(self) -> "QuerySet[KeyResult]":
        return seen_key_results(self.context["request"].user)


class CheckInSerializer(serializers.ModelSerializer):
    """`value` in the key result's unit; left out for one that updates itself. `on`: the day it is about."""

    key_result = SeenKeyResult(queryset=KeyResult.objects.all())
    value = serializers.FloatField(required=False)
    confidence = serializers.IntegerField(min_value=0, max_value=10)
    by = serializers.CharField(source="by.name", read_only=True, default=None)

    class Meta:
        model = CheckIn
        fields = ["id", "key_result", "on", "value", "confidence", "note", "blocker", "by", "is_automatic", "at"]
        read_only_fields = ["is_automatic", "at"]
        validators: list[Any] = []


class CheckInFilter(filters.FilterSet):
    """`key_result`; `as_of`: those of that day and before, `since`: of that day and later."""

    as_of = filters.DateFilter(field_name="on", lookup_expr="lte")
    since = filters.DateFilter(field_name="on", lookup_expr="gte")

    class Meta:
        model = CheckIn
        fields = ["key_result"]


class CheckInViewSet(
    VerbMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    viewsets.GenericViewSet[CheckIn],
):
    """Where key results stood, by day. The current one is the newest by its own day, whenever it was written."""

    serializer_class = CheckInSerializer
    filterset_class = CheckInFilter
    pagination_class = ById

    def get_queryset(self) -> QuerySet[CheckIn]:
        seen = seen_key_results(cast(User, self.request.user)).order_by().values("pk")
        places = ("by", "key_result__objective__cycle", "key_result__objective__team", "key_result__objective__stream")
        return CheckIn.objects.filter(key_result__in=seen).select_related(*places)

    @extend_schema(responses={201: CheckInSerializer, 200: CheckInSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Check in. A day that has a check-in is corrected: that is answered with 200."""
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        said = {"value": None, **given.validated_data}
        was_there = CheckIn.objects.filter(key_result=said["key_result"], on=said["on"]).exists()
        self.save_by(given, actions.check_in, **said)
        answer = self.get_serializer(given.instance).data
        return Response(answer, status=status.HTTP_200_OK if was_there else status.HTTP_201_CREATED)

    def perform_destroy(self, instance: CheckIn) -> None:
        self.do(actions.delete_check_in, check_in=instance)
