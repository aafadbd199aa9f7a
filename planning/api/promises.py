"""Objectives and risks for programs."""

from collections.abc import Mapping
from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from planning.actions import objectives as objective_verbs
from planning.actions import risks as risk_verbs
from planning.api.base import BySlug, OfBoard, SeenVersion, VersionField, narrowed, seen
from planning.models import Card, Lane, Objective, Risk
from portfolio.api.base import NoDelete, without

PARAMETERS = [
    OpenApiParameter("increment", str, description="short name"),
    OpenApiParameter("lane", int, description="id of a row"),
]


class PlanObjectiveSerializer(serializers.ModelSerializer):
    """A PI objective; without a `lane` it is the whole train's. `chance` 0…1, null: n/a with the reason."""

    increment = BySlug()
    lane = OfBoard(Lane, required=False, allow_null=True)
    cards = OfBoard(Card, many=True, required=False)
    version = VersionField(required=False)
    chance = serializers.SerializerMethodField()
    chance_reason = serializers.SerializerMethodField()

    class Meta:
        model = Objective
        fields = ["id", "increment", "lane", "title", "is_committed", "planned_value", "actual_value", "cards"]
        fields += ["chance", "chance_reason", "removed_at", "version"]
        read_only_fields = ["planned_value", "actual_value", "removed_at"]

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_chance(self, row: Objective) -> float | None:
        found = getattr(row, "chance", None)
        return found.chance if found else None

    def get_chance_reason(self, row: Objective) -> str:
        found = getattr(row, "chance", None)
        return found.reason if found else "not reckoned yet"


class PlanValueSerializer(SeenVersion):
    """Business value: planned 1 to 10, actual 0 to 10; null takes it back. What is not sent stays."""

    planned_value = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=10)
    actual_value = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=10)


class RiskSerializer(serializers.ModelSerializer):
    """A risk; `roam` "" is not discussed yet, which blocks the final plan."""

    increment = BySlug()
    lane = OfBoard(Lane, required=False, allow_null=True)
    card = OfBoard(Card, required=False, allow_null=True)
    version = VersionField(required=False)

    class Meta:
        model = Risk
        fields = ["id", "increment", "lane", "card", "text", "roam", "owner_name", "due_on", "plan"]
        fields += ["removed_at", "version"]
        read_only_fields = ["removed_at"]


class _Promises(NoDelete):
    """What objectives and risks share: read, written, changed, removed and brought back."""

    noun: str
    add: Any
    change: Any
    rows: QuerySet[Any]

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.rows.none()
        rows = self.rows.filter(increment__in=seen(cast(User, self.request.user))).order_by("pk")
        return narrowed(rows.filter(removed_at=None), self.request) if self.action == "list" else rows

    def _now(self, pk: int, status: int = 200) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=pk)).data, status=status)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        self.save_by(given, type(self).add, **without(given.validated_data, "version"))
        return self._now(cast(Objective | Risk, given.instance).pk, 201)

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        one = self.get_object()
        given = self.get_serializer(one, data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        self.save_by(given, type(self).change, **{self.noun: one}, **without(given.validated_data, "increment"))
        return self._now(one.pk)

    def _step(self, request: Request, verb: Any) -> Response:
        one = self.get_object()
        given = SeenVersion(data=request.data)
        given.is_valid(raise_exception=True)
        self.save_by(given, verb, **{self.noun: one}, **given.validated_data)
        return self._now(one.pk)


@extend_schema(parameters=PARAMETERS)
class ObjectiveViewSet(_Promises):
    """PI objectives."""

    serializer_class = PlanObjectiveSerializer
    rows = Objective.objects.select_related("increment", "chance").prefetch_related("cards")
    noun = "objective"
    add, change = objective_verbs.add_objective, objective_verbs.change_objective

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change what it says; whose it is stays, its value has a route of its own."""
        if isinstance(request.data, Mapping) and "lane" in request.data:
            raise serializers.ValidationError({"lane": ["An objective stays with the team that wrote it."]})
        return super().update(request, *args, **kwargs)

    @extend_schema(request=PlanValueSerializer, responses=PlanObjectiveSerializer)
    @action(detail=True, methods=["post"])
    def value(self, request: Request, pk: str) -> Response:
        """Give planned and actual business value, as leaders and the PMO do."""
        one = self.get_object()
        given = PlanValueSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data, version = given.validated_data, given.validated_data["version"]
        if "planned_value" in data:
            self.save_by(given, objective_verbs.plan_value, objective=one, value=data["planned_value"], version=version)
            version = cast(Objective, given.instance).version
        if "actual_value" in data:
            verb = objective_verbs.give_actual_value
            self.save_by(given, verb, objective=one, value=data["actual_value"], version=version)
        return self._now(one.pk)

    @extend_schema(request=SeenVersion, responses=PlanObjectiveSerializer)
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, pk: str) -> Response:
        """Take it off the plan."""
        return self._step(request, objective_verbs.remove_objective)

    @extend_schema(request=SeenVersion, responses=PlanObjectiveSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring it back."""
        return self._step(request, objective_verbs.restore_objective)


@extend_schema(parameters=PARAMETERS)
class RiskViewSet(_Promises):
    """Risks of a plan, with what was answered (ROAM)."""

    serializer_class = RiskSerializer
    rows = Risk.objects.select_related("increment")
    noun = "risk"
    add, change = risk_verbs.add_risk, risk_verbs.change_risk

    @extend_schema(request=SeenVersion, responses=RiskSerializer)
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, pk: str) -> Response:
        """Take it off the plan."""
        return self._step(request, risk_verbs.remove_risk)

    @extend_schema(request=SeenVersion, responses=RiskSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring it back."""
        return self._step(request, risk_verbs.restore_risk)
