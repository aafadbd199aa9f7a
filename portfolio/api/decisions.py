"""Decisions for programs: read, raise, decide, dismiss."""

from datetime import datetime, time
from typing import Any, cast

from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from portfolio import actions
from portfolio.api.base import ById, Seen, VerbMixin
from portfolio.forms.asked import read_day
from portfolio.models import CostKind, Decision, DecisionKind, DecisionState, Initiative, ValueStream
from portfolio.queries import decisions as queries


class OptionSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(max_length=40)
    label = serializers.CharField(max_length=200)  # type: ignore[assignment]


class FactSerializer(serializers.Serializer[Any]):
    """A figure as it stood; `value` for programs, `text` for people."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    text = serializers.CharField()
    value = serializers.JSONField(allow_null=True)
    unit = serializers.CharField()


class DecisionSerializer(serializers.ModelSerializer):
    """About an `initiative`, a `stream`, or (neither) the whole portfolio. Money you may not see is left out.

    `cost_per_week` is what waiting costs, of the one kind `cost_kind` (delay, capacity or overspend): never add them.
    """

    stream = Seen(slug_field="slug", queryset=ValueStream.objects.all(), required=False, allow_null=True)
    initiative = Seen(slug_field="slug", queryset=Initiative.objects.all(), required=False, allow_null=True)
    options = OptionSerializer(many=True, required=False)
    evidence = serializers.SerializerMethodField()

    class Meta:
        model = Decision
        fields = ["id", "kind", "question", "why", "initiative", "stream", "options", "cost_kind", "cost_per_week"]
        fields += ["owner", "raised_at", "due_on", "state", "choice", "reason", "decided_by", "decided_at"]
        fields += ["review_on", "evidence", "evidence_at"]
        read_only_fields = ["raised_at", "state", "choice", "reason", "decided_by", "decided_at", "review_on"]
        read_only_fields += ["evidence_at"]
        validators: list[Any] = []
        extra_kwargs = {"kind": {"choices": DecisionKind.choices}, "cost_kind": {"choices": CostKind.choices}}

    @extend_schema_field(FactSerializer(many=True))
    def get_evidence(self, row: Decision) -> list[dict[str, Any]]:
        facts = queries.frozen_facts(row, self.context["request"].user)
        return [{k: v for k, v in fact.as_json().items() if k not in ("is_money", "address")} for fact in facts]

    def to_representation(self, instance: Decision) -> dict[str, Any]:
        shown = super().to_representation(instance)
        due = queries.due_of(instance, self.context["request"].user, timezone.now())
        if instance.cost_kind and due.cost is None:
            del shown["cost_kind"], shown["cost_per_week"]
        return shown


class DecideSerializer(serializers.Serializer[Any]):
    """`move`, with the option stop of an initiative: it goes to done with that verdict in the same moment."""

    choice = serializers.CharField(max_length=40)
    reason = serializers.CharField(max_length=2000)
    review_on = serializers.DateField(required=False, allow_null=True)
    move = serializers.BooleanField(required=False, default=False)


class DismissSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True)


STATE = OpenApiParameter("state", str, enum=DecisionState.values, description="As it was at as_of.")
STREAM = OpenApiParameter("stream", str, description="Of this value stream and its initiatives (slug).")
AS_OF = OpenApiParameter("as_of", str, description="The end of a day such as 2026-02-14; default: now.")


@extend_schema(parameters=[STATE, STREAM, AS_OF])
class DecisionViewSet(
    VerbMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.ListModelMixin,
    viewsets.GenericViewSet,
):
    """Decisions. What is decided is never changed: raise a new one."""

    serializer_class = DecisionSerializer
    pagination_class = ById
    queryset = Decision.objects.none()

    def get_queryset(self) -> QuerySet[Decision]:
        rows = queries.decisions_for(cast(User, self.request.user)).order_by("pk")
        if self.action != "list":
            return rows
        params, at = self.request.query_params, self._at()
        if slug := params.get("stream"):
            rows = queries.of_streams(rows, list(ValueStream.objects.for_user(self.request.user).filter(slug=slug)))
        open_then = Q(decided_at=None) | Q(decided_at__gt=at)
        if (state := params.get("state")) == DecisionState.OPEN:
            rows = rows.filter(open_then)
        elif state:
            rows = rows.filter(state=state, decided_at__lte=at)
        return rows.filter(raised_at__lte=at)

    def _at(self) -> datetime:
        said = self.request.query_params.get("as_of", "")
        try:
            day = read_day(said, timezone.localdate()) if said else None
        except ValueError as error:
            raise ValidationError({"as_of": [str(error)]}) from error
        return timezone.make_aware(datetime.combine(day, time.max)) if day else timezone.now()

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.raise_decision, **serializer.validated_data)

    def _done(self, request: Request, given: serializers.Serializer[Any], verb: Any) -> Response:
        given.is_valid(raise_exception=True)
        serializer = self.get_serializer(self.get_object())
        self.save_by(serializer, verb, decision=serializer.instance, **given.validated_data)
        return Response(self.get_serializer(serializer.instance).data)

    @extend_schema(request=DecideSerializer, responses=DecisionSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Choose an option for good; 409 when it was closed meanwhile."""
        return self._done(request, DecideSerializer(data=request.data), actions.decide)

    @extend_schema(request=DismissSerializer, responses=DecisionSerializer)
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, pk: str) -> Response:
        """Nothing is to be decided here."""
        return self._done(request, DismissSerializer(data=request.data), actions.dismiss_decision)

    @extend_schema(request=None, responses=DecisionSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Undo of a dismissal."""
        return self._done(request, serializers.Serializer(data={}), actions.restore_decision)
