"""Dependencies for programs: read, asked for, and every step of the answer."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from planning.actions import dependencies as verbs
from planning.api.base import SeenVersion
from planning.formulas.schedule import Schedule
from planning.models import Agreement, Card, Dependency, Increment, Iteration, Lane
from planning.queries import inbox as waiting
from planning.queries.dependencies import Line, line_of, seen
from planning.queries.late import Pair, Tally, tallies
from planning.rules import Reach
from portfolio.api.base import ById, VerbMixin


class _Mine(serializers.PrimaryKeyRelatedField):
    """A row of a board, by its id, among those that the asker sees."""

    def get_queryset(self) -> QuerySet[Any]:
        user = cast(User, self.context["request"].user)
        increments = Increment.objects.for_user(user).order_by().values("pk")
        return cast("QuerySet[Any]", super().get_queryset()).filter(increment__in=increments)


class DependencyCardSerializer(serializers.Serializer[Any]):
    """A card of a dependency: where it stands now."""

    id = serializers.IntegerField()
    key = serializers.CharField()
    title = serializers.CharField()
    row = serializers.CharField(allow_null=True)
    iteration = serializers.CharField(allow_null=True)


class LateRiskSerializer(serializers.Serializer[Any]):
    """(late + 1) ÷ (n + 2) over what this pair was to provide before; null without history."""

    risk = serializers.FloatField(allow_null=True)
    late = serializers.IntegerField()
    n = serializers.IntegerField()


def card_ref(card: Card | None) -> dict[str, Any] | None:
    """A card as others name it."""
    if card is None:
        return None
    places = {"row": card.lane and card.lane.name, "iteration": card.iteration and card.iteration.name}
    return {"id": card.pk, "key": card.key, "title": card.title, **places}


class DependencySerializer(serializers.ModelSerializer):
    """What a row provides so that a card of another can be delivered."""

    increment: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    consumer = serializers.SerializerMethodField()
    provider = serializers.SerializerMethodField()
    provider_row = serializers.SerializerMethodField()
    schedule = serializers.SerializerMethodField()
    due_on = serializers.SerializerMethodField()
    late_risk = serializers.SerializerMethodField()
    is_problem = serializers.SerializerMethodField()

    class Meta:
        model = Dependency
        fields = ["id", "increment", "what", "consumer", "provider", "provider_row", "needed_in", "proposed_in"]
        fields += ["schedule", "agreement", "is_problem", "due_on", "delivered_on", "late_risk", "note"]
        fields += ["requested_by", "requested_at", "answered_at", "version"]
        read_only_fields = fields

    def _line(self, row: Dependency) -> Line:
        history: Mapping[Pair, Tally] = self.context["tallies"]
        return line_of(row, Reach(), history)

    @extend_schema_field(DependencyCardSerializer)
    def get_consumer(self, row: Dependency) -> Any:
        return card_ref(row.consumer)

    @extend_schema_field(DependencyCardSerializer(allow_null=True))
    def get_provider(self, row: Dependency) -> Any:
        return card_ref(self._line(row).provider)

    def get_provider_row(self, row: Dependency) -> str:
        return self._line(row).provider_lane.name

    @extend_schema_field(serializers.ChoiceField([one.value for one in Schedule]))
    def get_schedule(self, row: Dependency) -> str:
        return self._line(row).schedule.value

    @extend_schema_field(serializers.DateField(allow_null=True))
    def get_due_on(self, row: Dependency) -> Any:
        return self._line(row).due_on

    @extend_schema_field(LateRiskSerializer)
    def get_late_risk(self, row: Dependency) -> Any:
        late = self._line(row).late
        return {"risk": late.risk if late.n else None, "late": late.late, "n": late.n}

    def get_is_problem(self, row: Dependency) -> bool:
        return self._line(row).is_problem


def _card(**options: Any) -> Any:
    return _Mine(queryset=Card.objects.filter(removed_at=None), **options)


def _iteration(**options: Any) -> Any:
    return _Mine(queryset=Iteration.objects.all(), **options)


class DependencyRequestSerializer(serializers.Serializer[Any]):
    """`provider` (a card) or `provider_row` (a row, where it is open which card that will be)."""

    consumer = _card()
    provider = _card(required=False, allow_null=True)
    provider_row = _Mine(queryset=Lane.objects.all(), required=False, allow_null=True, source="provider_lane")
    what = serializers.CharField(max_length=200, required=False, allow_blank=True)
    needed_in = _iteration(required=False, allow_null=True)
    note = serializers.CharField(max_length=400, required=False, allow_blank=True)
    is_agreed = serializers.BooleanField(required=False, help_text="both sides agreed already")


class DependencyStepSerializer(SeenVersion):
    """A step of the answer."""


class DependencyCounterSerializer(DependencyStepSerializer):
    proposed_in = _iteration()
    note = serializers.CharField(max_length=400, required=False, allow_blank=True)


class DependencyAgreeSerializer(DependencyStepSerializer):
    """`provider`: a card of the row that is asked; or `title` (and `iteration`) of a new one."""

    provider = _card(required=False, allow_null=True)
    title = serializers.CharField(max_length=200, required=False, allow_blank=True)
    iteration = _iteration(required=False, allow_null=True)
    note = serializers.CharField(max_length=400, required=False, allow_blank=True)


class DependencyDeclineSerializer(DependencyStepSerializer):
    note = serializers.CharField(max_length=400)


class DependencyDeliverSerializer(DependencyStepSerializer):
    on = serializers.DateField(required=False)


class DependencyAskSerializer(DependencyStepSerializer):
    what = serializers.CharField(max_length=200, required=False)
    needed_in = _iteration(required=False, allow_null=True)
    note = serializers.CharField(max_length=400, required=False, allow_blank=True)


PARAMETERS = [
    OpenApiParameter("increment", str, description="slug"),
    OpenApiParameter("agreement", str, enum=Agreement.values),
    OpenApiParameter("card", int, description="id of a card on either side"),
]


@extend_schema(parameters=PARAMETERS)
class DependencyViewSet(VerbMixin, mixins.CreateModelMixin, viewsets.ReadOnlyModelViewSet[Dependency]):
    """Dependencies of the increments that you see; withdrawn ones are not listed."""

    serializer_class = DependencySerializer
    pagination_class = ById
    queryset = Dependency.objects.none()

    def get_queryset(self) -> QuerySet[Dependency]:
        if getattr(self, "swagger_fake_view", False):
            return Dependency.objects.none()
        rows = seen(cast(User, self.request.user)).order_by("pk")
        return _asked(rows, self.request) if self.action == "list" else rows

    @cached_property
    def _history(self) -> Mapping[Pair, Tally]:
        return tallies(timezone.localdate())

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "tallies": self._history}

    @extend_schema(request=DependencyRequestSerializer, responses={201: DependencySerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Ask a row or a card for what a card needs."""
        given = DependencyRequestSerializer(data=request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        self.save_by(given, verbs.request_dependency, **given.validated_data)
        return Response(self._now(cast(Dependency, given.instance)), status=201)

    def _now(self, row: Dependency) -> Any:
        return self.get_serializer(self.get_queryset().get(pk=row.pk)).data

    def _step(self, shape: type[serializers.Serializer[Any]], verb: Any) -> Response:
        row = self.get_object()
        given = shape(data=self.request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        self.save_by(given, verb, dependency=row, **given.validated_data)
        done = cast(Dependency, given.instance)
        return Response(status=204) if done.removed_at else Response(self._now(done))

    @extend_schema(parameters=[], responses=DependencySerializer(many=True))
    @action(detail=False, methods=["get"], pagination_class=None)
    def inbox(self, request: Request) -> Response:
        """What waits for your teams, over all open increments: to be answered, planned, delivered, asked again."""
        piles = waiting.inbox(cast(User, request.user))
        rows = [line.row for pile in piles for line in pile.lines]
        return Response(self.get_serializer(rows, many=True).data)

    @extend_schema(request=DependencyCounterSerializer, responses=DependencySerializer)
    @action(detail=True, methods=["post"])
    def counter(self, request: Request, pk: str) -> Response:
        """Offer another iteration."""
        return self._step(DependencyCounterSerializer, verbs.counter_dependency)

    @extend_schema(request=DependencyStepSerializer, responses=DependencySerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """Take the iteration that was offered."""
        return self._step(DependencyStepSerializer, verbs.accept_counter)

    @extend_schema(request=DependencyAgreeSerializer, responses=DependencySerializer)
    @action(detail=True, methods=["post"])
    def agree(self, request: Request, pk: str) -> Response:
        """Say yes, and with which card."""
        return self._step(DependencyAgreeSerializer, verbs.agree_dependency)

    @extend_schema(request=DependencyDeclineSerializer, responses=DependencySerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: str) -> Response:
        """Say no, and why."""
        return self._step(DependencyDeclineSerializer, verbs.decline_dependency)

    @extend_schema(request=DependencyDeliverSerializer, responses=DependencySerializer)
    @action(detail=True, methods=["post"])
    def deliver(self, request: Request, pk: str) -> Response:
        """It was delivered, today or on a day before."""
        return self._step(DependencyDeliverSerializer, verbs.deliver_dependency)

    @extend_schema(request=DependencyStepSerializer, responses=DependencySerializer)
    @action(detail=True, methods=["post"])
    def undeliver(self, request: Request, pk: str) -> Response:
        """It was not delivered after all."""
        return self._step(DependencyStepSerializer, verbs.undeliver_dependency)

    @extend_schema(request=DependencyAskSerializer, responses=DependencySerializer)
    @action(detail=True, methods=["post"])
    def ask(self, request: Request, pk: str) -> Response:
        """Ask again, for another iteration or something else."""
        return self._step(DependencyAskSerializer, verbs.ask_again)

    @extend_schema(request=DependencyStepSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """It is not needed any more."""
        return self._step(DependencyStepSerializer, verbs.withdraw_dependency)


def _asked(rows: QuerySet[Dependency], request: Request) -> QuerySet[Dependency]:
    """What of the list is asked for. Raises ValidationError in words."""
    said = {name: request.query_params.get(name, "").replace("\0", "") for name in ("increment", "agreement", "card")}
    if said["agreement"] and said["agreement"] not in Agreement.values:
        raise ValidationError({"agreement": [f"It is none of {', '.join(Agreement.values)}."]})
    if said["card"] and not (said["card"].isdecimal() and len(said["card"]) < 19):
        raise ValidationError({"card": ["It is no whole number."]})
    if said["increment"]:
        rows = rows.filter(increment__slug=said["increment"])
    if said["agreement"]:
        rows = rows.filter(agreement=said["agreement"])
    if said["card"]:
        card = int(said["card"])
        rows = rows.filter(consumer=card) | rows.filter(provider=card)
    return rows
