"""Capacity for programs: the figures, people of teams, absences, capacities by hand."""

from decimal import Decimal
from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, views, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from planning.actions.capacities import clear_capacity, set_capacity
from planning.actions.people import add_absence, add_seat, change_seat, remove_absence, remove_seat
from planning.api.base import ASKED_VERSION, OfBoard, VersionField, asked_version, narrowed, seen
from planning.capacity import Load, loads
from planning.models import Absence, Capacity, Increment, Iteration, Lane, LaneKind, Seat
from portfolio.api.base import ById, VerbMixin, without

PARAMETERS = [
    OpenApiParameter("increment", str, description="short name"),
    OpenApiParameter("lane", int, description="id of a row"),
]


class PlanPersonSerializer(serializers.ModelSerializer):
    """A person of a team during an increment; `share` is per cent of a full week."""

    lane = OfBoard(Lane)
    version = VersionField(required=False)

    class Meta:
        model = Seat
        fields = ["id", "lane", "name", "share", "makes_capacity", "version"]
        # The verb says it at the name; the serializer's own check knows no boards.
        validators: list[Any] = []


class AbsenceSerializer(serializers.ModelSerializer):
    """Days on which a person is away, both included."""

    person = OfBoard(Seat, "lane__increment", source="seat")

    class Meta:
        model = Absence
        fields = ["id", "person", "first_on", "last_on"]
        validators: list[Any] = []


class _People(
    VerbMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.ListModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet,
):
    pagination_class = ById


@extend_schema(parameters=PARAMETERS)
class PersonViewSet(_People, mixins.UpdateModelMixin):
    """Who works in a team during an increment."""

    serializer_class = PlanPersonSerializer
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    queryset = Seat.objects.none()

    def get_queryset(self) -> QuerySet[Seat]:
        if getattr(self, "swagger_fake_view", False):
            return Seat.objects.none()
        rows = Seat.objects.filter(lane__increment__in=seen(cast(User, self.request.user)))
        return narrowed(rows.select_related("lane__increment__train"), self.request, "lane__increment")

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, add_seat, **without(serializer.validated_data, "version"))

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        fields = without(serializer.validated_data, "lane")
        self.save_by(serializer, change_seat, seat=serializer.instance, **fields)

    @extend_schema(parameters=[ASKED_VERSION])
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take a person off the list, with their absences."""
        self.do(remove_seat, seat=self.get_object(), version=asked_version(request))
        return Response(status=204)


@extend_schema(parameters=PARAMETERS)
class AbsenceViewSet(_People):
    """When people of a team are away."""

    serializer_class = AbsenceSerializer
    http_method_names = ["get", "post", "delete", "head", "options"]
    queryset = Absence.objects.none()

    def get_queryset(self) -> QuerySet[Absence]:
        if getattr(self, "swagger_fake_view", False):
            return Absence.objects.none()
        rows = Absence.objects.filter(seat__lane__increment__in=seen(cast(User, self.request.user)))
        return narrowed(
            rows.select_related("seat__lane__increment__train"), self.request, "seat__lane__increment", "seat__lane"
        )

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, add_absence, **serializer.validated_data)

    def perform_destroy(self, instance: Absence) -> None:
        self.do(remove_absence, absence=instance)


class LoadSerializer(serializers.Serializer[Any]):
    """Load against capacity; `capacity` null: n/a with the `reason`; a `share` of 1 is all of it."""

    lane = serializers.IntegerField()
    team = serializers.CharField()
    iteration = serializers.IntegerField()
    number = serializers.IntegerField()
    load = serializers.DecimalField(max_digits=9, decimal_places=1)
    capacity = serializers.DecimalField(max_digits=9, decimal_places=1, allow_null=True)
    unit = serializers.CharField()
    share = serializers.FloatField(allow_null=True)
    tone = serializers.ChoiceField(["", "amber", "red"])
    reason = serializers.CharField()
    formula = serializers.CharField()
    by_hand = serializers.BooleanField()
    version = serializers.IntegerField(help_text="of the capacity by hand; 0: there is none")
    notes = serializers.ListField(child=serializers.CharField())


class ByHandSerializer(serializers.Serializer[Any]):
    """A capacity by hand; `amount` null: compute it again. `version`: that of the capacity by hand that you saw, 0 when
    there was none."""

    lane = OfBoard(Lane)
    iteration = OfBoard(Iteration)
    amount = serializers.DecimalField(max_digits=7, decimal_places=1, min_value=Decimal(0), allow_null=True)
    reason = serializers.CharField(max_length=200, required=False)
    version = VersionField(least=0)


class CapacityView(VerbMixin, views.APIView):
    """Load and capacity of every team in every iteration of an increment."""

    def _increment(self, request: Request, slug: str) -> Increment:
        return get_object_or_404(Increment.objects.for_user(cast(User, request.user)), slug=slug)

    @extend_schema(responses=LoadSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        increment = self._increment(request, slug)
        lanes, iterations = list(increment.lanes.filter(kind=LaneKind.TEAM)), list(increment.iterations.all())
        found = loads(increment, lanes, iterations)
        known = _versions(increment)
        return Response([_shown(lane, one, found[lane.pk, one.pk], known) for lane in lanes for one in iterations])

    @extend_schema(request=ByHandSerializer, responses=LoadSerializer)
    def put(self, request: Request, slug: str) -> Response:
        """Give a capacity by hand, with the reason, or (`amount` null) let it be computed again."""
        increment = self._increment(request, slug)
        given = ByHandSerializer(data=request.data, context={"request": request})
        given.is_valid(raise_exception=True)
        data = given.validated_data
        if data["lane"].increment_id != increment.pk:
            raise serializers.ValidationError({"lane": ["It is a row of another increment."]})
        if data["amount"] is None:
            self.do(clear_capacity, **without(data, "amount", "reason"))
        else:
            self.do(set_capacity, **({"reason": ""} | data))
        lane, iteration = data["lane"], data["iteration"]
        found = loads(increment, [lane], [iteration])[lane.pk, iteration.pk]
        return Response(_shown(lane, iteration, found, _versions(increment)))


def _versions(increment: Increment) -> dict[tuple[int, int], int]:
    """Of the capacities by hand, by row and iteration."""
    rows = Capacity.objects.filter(lane__increment=increment).order_by()
    return {(lane, iteration): version for lane, iteration, version in rows.values_list("lane", "iteration", "version")}


def _shown(lane: Lane, iteration: Iteration, load: Load, versions: dict[tuple[int, int], int]) -> dict[str, Any]:
    found = {"lane": lane.pk, "team": lane.name, "iteration": iteration.pk, "number": iteration.number}
    found["version"] = versions.get((lane.pk, iteration.pk), 0)
    names = ("load", "capacity", "unit", "share", "tone", "reason", "formula", "by_hand", "notes")
    return dict(LoadSerializer({**found, **{name: getattr(load, name) for name in names}}).data)
