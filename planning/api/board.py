"""Cards, rows, the log and the whole board for programs."""

from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import ListAPIView
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from core.api import PagesById
from planning.actions import cards as verbs
from planning.actions import lanes as lane_verbs
from planning.actions.undoing import undo
from planning.api.base import BySlug, OfBoard, SeenVersion, VersionField, narrowed, seen
from planning.models import Card, Event, Increment, Iteration, Lane, LaneKind
from planning.queries.board import Shown, board_of
from portfolio.api.base import NoDelete, VerbMixin, without
from portfolio.models import Feature

PARAMETERS = [
    OpenApiParameter("increment", str, description="short name"),
    OpenApiParameter("lane", int, description="id of a row"),
]


class SeenFeature(serializers.PrimaryKeyRelatedField):
    """A feature of a team that the asker sees."""

    def get_queryset(self) -> QuerySet[Feature]:
        return Feature.objects.for_user(cast(User, self.context["request"].user))


class CardSerializer(serializers.ModelSerializer):
    """Something to be delivered: in a row (`lane`) and an iteration; in a row alone it is unplanned; in none it is in
    the parking lot. `rank` is its place in its cell from 0. Where it stands is changed by `move/`."""

    increment = BySlug()
    lane = OfBoard(Lane, required=False, allow_null=True)
    iteration = OfBoard(Iteration, required=False, allow_null=True)
    feature = SeenFeature(queryset=Feature.objects.all(), required=False, allow_null=True)
    rank = serializers.IntegerField(required=False, min_value=0, max_value=100_000)
    version = VersionField(required=False)
    chance = serializers.SerializerMethodField()
    chance_reason = serializers.SerializerMethodField()

    class Meta:
        model = Card
        fields = ["id", "increment", "lane", "iteration", "rank", "kind", "key", "title", "description", "url"]
        fields += ["value_type", "size", "unit", "feature", "done_on", "chance", "chance_reason", "carried_from"]
        fields += ["removed_at", "version"]
        read_only_fields = ["carried_from", "removed_at"]
        validators: list[Any] = []
        extra_kwargs = {"description": {"max_length": 10_000}, "unit": {"required": False}}

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_chance(self, row: Card) -> float | None:
        found = getattr(row, "chance", None)
        return found.chance if found else None

    def get_chance_reason(self, row: Card) -> str:
        found = getattr(row, "chance", None)
        return found.reason if found else "not reckoned yet"

    def to_representation(self, instance: Card) -> dict[str, Any]:
        """A feature of a team that the asker does not see is not told."""
        told = super().to_representation(instance)
        known: set[int] | None = self.context.get("features")
        if known is not None and told["feature"] not in known:
            told["feature"] = None
        return told


class MoveCardSerializer(SeenVersion):
    """To which row (null: the parking lot), iteration (null: unplanned) and place (`rank`; left out: the end)."""

    lane = OfBoard(Lane, allow_null=True)
    iteration = OfBoard(Iteration, allow_null=True, required=False, default=None)
    rank = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=100_000)


@extend_schema(parameters=PARAMETERS)
class CardViewSet(NoDelete):
    """The cards of boards. Every change says the `version` that was seen (409, with who did what and when)."""

    serializer_class = CardSerializer
    queryset = Card.objects.none()

    def get_queryset(self) -> QuerySet[Card]:
        if getattr(self, "swagger_fake_view", False):
            return Card.objects.none()
        rows = Card.objects.filter(increment__in=seen(cast(User, self.request.user)))
        rows = rows.select_related("increment__train", "chance").order_by("pk")
        return narrowed(rows.filter(removed_at=None), self.request) if self.action == "list" else rows

    def get_serializer_context(self) -> dict[str, Any]:
        """With the features that the asker sees."""
        if getattr(self, "swagger_fake_view", False):
            return dict(super().get_serializer_context())
        of_user = Feature.objects.for_user(cast(User, self.request.user)).order_by()
        return {**super().get_serializer_context(), "features": set(of_user.values_list("pk", flat=True))}

    def _now(self, pk: int, status: int = 200) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=pk)).data, status=status)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        self.save_by(given, verbs.add_card, **without(given.validated_data, "version"))
        return self._now(cast(Card, given.instance).pk, 201)

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What a card says; where it stands is changed by move/."""
        one = self.get_object()
        given = self.get_serializer(one, data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        if placed := {"increment", "lane", "iteration", "rank"} & given.validated_data.keys():
            raise serializers.ValidationError({name: ["Use move/."] for name in sorted(placed)})
        self.save_by(given, verbs.change_card, card=one, **given.validated_data)
        return self._now(one.pk)

    def _step(self, request: Request, shape: type[serializers.Serializer[Any]], verb: Any) -> Response:
        one = self.get_object()
        given = shape(data=request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        self.save_by(given, verb, card=one, **given.validated_data)
        return self._now(one.pk)

    @extend_schema(request=MoveCardSerializer, responses=CardSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Into another cell, or to another place of its own; 409 when somebody was faster."""
        return self._step(request, MoveCardSerializer, verbs.move_card)

    @extend_schema(request=SeenVersion, responses=CardSerializer)
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, pk: str) -> Response:
        """Take it off the board."""
        return self._step(request, SeenVersion, verbs.remove_card)

    @extend_schema(request=SeenVersion, responses=CardSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring it back to where it stood."""
        return self._step(request, SeenVersion, verbs.restore_card)


class LaneSerializer(serializers.ModelSerializer):
    """A row: of a team of the train, of somebody outside it, or of the milestones."""

    increment = BySlug()
    kind = serializers.ChoiceField([LaneKind.EXTERNAL, LaneKind.MILESTONES, LaneKind.TEAM], default=LaneKind.EXTERNAL)
    team: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    version = VersionField(required=False)

    class Meta:
        model = Lane
        fields = ["id", "increment", "kind", "team", "name", "position", "left_on", "version"]
        read_only_fields = ["position", "left_on"]
        validators: list[Any] = []


@extend_schema(parameters=PARAMETERS[:1])
class LaneViewSet(NoDelete):
    """The rows of boards. Those of teams follow the train; others are added, renamed and removed here."""

    serializer_class = LaneSerializer
    queryset = Lane.objects.none()

    def get_queryset(self) -> QuerySet[Lane]:
        if getattr(self, "swagger_fake_view", False):
            return Lane.objects.none()
        rows = Lane.objects.filter(increment__in=seen(cast(User, self.request.user)))
        rows = rows.select_related("increment__train", "team").order_by("pk")
        if self.action == "list" and (slug := self.request.query_params.get("increment")):
            return rows.filter(increment__slug=slug.replace("\0", ""))
        return rows

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, lane_verbs.add_lane, **without(serializer.validated_data, "version"))

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        given = without(serializer.validated_data, "increment", "kind")
        self.save_by(serializer, lane_verbs.rename_lane, lane=serializer.instance, **{"name": "", **given})

    @extend_schema(request=SeenVersion, responses={204: None})
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, pk: str) -> Response:
        """Take it off the board; refused while cards stand in it."""
        given = SeenVersion(data=request.data)
        given.is_valid(raise_exception=True)
        self.do(lane_verbs.remove_lane, lane=self.get_object(), **given.validated_data)
        return Response(status=204)


class LogLineSerializer(serializers.ModelSerializer):
    """A line of a board's log. `changes` are {kind, id, before, after}; done one after the other they are the board."""

    undone_by = serializers.SlugRelatedField(slug_field="number", read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Event
        fields = ["number", "at", "actor", "actor_name", "verb", "text", "changes", "undone_by"]
        read_only_fields = fields


class Lines(PagesById):
    """By number, so that pages do not shift while people write."""

    ordering = "number"
    page_size = 100


@extend_schema(parameters=[OpenApiParameter("after", int, description="only lines after this number")])
class LogView(ListAPIView):
    """The log of an increment's board, oldest first: what a program that slept needs to catch up."""

    serializer_class = LogLineSerializer
    pagination_class: type[BasePagination] = Lines
    queryset = Event.objects.none()

    def get_queryset(self) -> QuerySet[Event]:
        increment = find(self.request, self.kwargs["slug"])
        said = self.request.query_params.get("after", "0")
        if not (said.isascii() and said.isdecimal() and len(said) < 10):
            raise serializers.ValidationError({"after": ["Give the number of a line."]})
        return increment.events.select_related("undone_by").filter(number__gt=int(said))


class UndoSerializer(serializers.Serializer[Any]):
    """`seen`: take it back although somebody changed the same since, up to the line with this number."""

    seen = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class UndoView(VerbMixin, APIView):
    """Take a line of the log back: a new line that does the opposite. 409 when somebody changed the same since."""

    @extend_schema(request=UndoSerializer, responses=LogLineSerializer)
    def post(self, request: Request, slug: str, number: int) -> Response:
        increment = find(request, slug)
        event = get_object_or_404(Event, increment=increment, number=number)
        given = UndoSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        self.save_by(given, undo, increment=increment, event=event, **given.validated_data)
        return Response(LogLineSerializer(given.instance).data if given.instance else None)


class BoardView(APIView):
    """A whole board: as of the line `number` of its log; what comes after is in log/?after=."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, slug: str) -> Response:
        """Iterations, rows, cards, loads and strings."""
        user = cast(User, request.user)
        shown = board_of(find(request, slug), user)
        of_user = set(Feature.objects.for_user(user).order_by().values_list("pk", flat=True))
        return Response(whole(shown, {"request": request, "features": of_user}))


def whole(shown: Shown, context: dict[str, Any]) -> dict[str, Any]:
    """A board as JSON."""
    cells = [cell for row in shown.rows for cell in row.cells] + [shown.parking]
    columns = [
        {"id": one.pk, "number": one.number, "name": one.name, "first_on": one.first_on, "last_on": one.last_on}
        | {"is_ip": one.is_ip}
        for one in shown.columns
    ]
    return {
        "increment": shown.increment.slug,
        "state": shown.increment.state,
        "number": shown.number,
        "iterations": columns,
        "lanes": LaneSerializer([row.lane for row in shown.rows], many=True, context=context).data,
        "cards": CardSerializer([face.card for cell in cells for face in cell.faces], many=True, context=context).data,
        "loads": [load_of(cell) for cell in cells if cell.load],
        "strings": [one.as_json() for one in shown.strings],
    }


def load_of(cell: Any) -> dict[str, Any]:
    """A load against its capacity; null: n/a with the reason."""
    load = cell.load
    told = {"lane": load.lane_id, "iteration": load.iteration_id, "unit": load.unit, "reason": load.reason}
    return told | {"load": load.load, "capacity": load.capacity, "tone": load.tone, "notes": list(load.notes)}


def find(request: Request, slug: str) -> Increment:
    """An increment that the asker sees; 404 for everybody else."""
    return get_object_or_404(Increment.objects.for_user(cast(User, request.user)).select_related("train"), slug=slug)
