"""Trains and increments by the API: read, made, changed, led through their states, compared with what was promised."""

from typing import Any, TypeVar, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from planning import baselines
from planning.actions import increments as verbs
from planning.actions import states, trains
from planning.actions.carrying import carry_over
from planning.actions.iterations import Span, set_iterations
from planning.api.base import MOST, Unseen, VersionField
from planning.models import Increment, IncrementState, Iteration, Train, TrainTeam
from planning.queries.trains import predicted
from portfolio.api.base import NoDelete, Seen
from portfolio.models import Team

T = TypeVar("T")


class SeatSerializer(serializers.ModelSerializer):
    """A team in a train, from its first to its last day, both included; null: until further notice."""

    team: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    first = serializers.DateField(source="during.lower", read_only=True)
    last = serializers.DateField(source="last_day", read_only=True, allow_null=True)

    class Meta:
        model = TrainTeam
        fields = ["team", "first", "last"]


class TrainSerializer(serializers.ModelSerializer):
    """`teams` set the train's teams from the day `teams_from` on (default: today): others join, or leave before it."""

    slug = serializers.SlugField(max_length=60, required=False)
    seats = SeatSerializer(many=True, read_only=True)
    teams = Seen("slug", queryset=Team.objects.all(), many=True, write_only=True, required=False)
    teams_from = serializers.DateField(write_only=True, required=False)
    version = VersionField(required=False)

    class Meta:
        model = Train
        fields = ["slug", "name", "description", "ended_on", "seats", "teams", "teams_from", "version"]
        extra_kwargs: dict[str, Any] = {"name": {"validators": []}}


class TrainViewSet(NoDelete):
    """Trains of which you see a team."""

    serializer_class = TrainSerializer
    lookup_field = "slug"
    queryset = Train.objects.none()

    def get_queryset(self) -> QuerySet[Train]:
        return Train.objects.for_user(cast(User, self.request.user)).prefetch_related("seats__team")

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        said = dict(serializer.validated_data)
        said.pop("version", None)
        self.save_by(serializer, trains.create_train, first=said.pop("teams_from", None), **said)

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        train, said = cast(Train, serializer.instance), dict(serializer.validated_data)
        teams, day = said.pop("teams", None), said.pop("teams_from", None)
        version = said.pop("version", None)
        said.pop("slug", None)
        if said or teams is None:
            self.save_by(serializer, trains.change_train, train=train, version=version, **said)
            version = None
        if teams is not None:
            self.save_by(serializer, trains.set_train_teams, train=train, teams=teams, on=day, version=version)


class IterationSerializer(serializers.ModelSerializer):
    """Both days included. `id` of one that there is; one without is new; one that is not named is removed."""

    id = serializers.IntegerField(required=False)
    name = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")

    class Meta:
        model = Iteration
        fields = ["id", "number", "name", "first_on", "last_on", "is_ip"]
        read_only_fields = ["number"]


def _spans(rows: list[dict[str, Any]]) -> list[Span]:
    return [Span(row["first_on"], row["last_on"], row["name"], row.get("is_ip", False), row.get("id")) for row in rows]


class IncrementSerializer(serializers.ModelSerializer):
    """An increment of a train with its iterations; `number` is the last line of its log."""

    slug = serializers.SlugField(max_length=80, required=False)
    train = Seen("slug", queryset=Train.objects.all())
    iterations = IterationSerializer(many=True, required=False)
    version = VersionField(required=False)
    carried_into: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = Increment
        fields = ["slug", "train", "name", "vision", "state", "wip_limit", "iterations", "number", "version"]
        fields += ["committed_at", "closed_at", "carried_into"]
        read_only_fields = ["state", "number", "committed_at", "closed_at"]
        validators: list[Any] = []


class StepSerializer(serializers.Serializer[Any]):
    """To the state after or before; back only with a reason."""

    to = serializers.ChoiceField(choices=IncrementState.choices)
    reason = serializers.CharField(required=False, default="", max_length=200)
    version = VersionField()


class IncrementCloseSerializer(serializers.Serializer[Any]):
    """Actual business values (0 to 10) by objective's id, and in `saw` the version of each of these objectives; where
    what did not land goes on."""

    actual_values = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=10, allow_null=True), required=False
    )
    saw = serializers.DictField(child=serializers.IntegerField(min_value=1, max_value=MOST), required=False)
    carry_into = Seen("slug", queryset=Increment.objects.all(), required=False)
    version = VersionField()

    def validate_actual_values(self, given: dict[str, int | None]) -> dict[int, int | None]:
        return _by_id(given)

    def validate_saw(self, given: dict[str, int]) -> dict[int, int]:
        return _by_id(given)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("actual_values", {}).keys() - attrs.get("saw", {}).keys():
            raise Unseen("saw")
        return attrs


def _by_id(given: dict[str, T]) -> dict[int, T]:
    if not all(key.isascii() and key.isdecimal() and len(key) < 19 for key in given):
        raise serializers.ValidationError("Name objectives by their id.")
    return {int(key): value for key, value in given.items()}


class IncrementCarrySerializer(serializers.Serializer[Any]):
    """Where what did not land goes on."""

    into = Seen("slug", queryset=Increment.objects.all())
    version = VersionField()


class ChangeSerializer(serializers.Serializer[Any]):
    """A thing that is not as it was committed to."""

    kind = serializers.CharField()
    id = serializers.IntegerField()
    what = serializers.CharField()
    text = serializers.CharField()


class SinceSerializer(serializers.Serializer[Any]):
    """Since the commitment. `stability` is untouched ÷ committed cards (0…1); null: none was committed."""

    baseline = serializers.IntegerField(source="baseline.number")
    at = serializers.DateTimeField(source="baseline.at")
    committed = serializers.SerializerMethodField()
    stability = serializers.FloatField(source="moves.stability", allow_null=True)
    moved = ChangeSerializer(many=True)
    added = ChangeSerializer(many=True)
    removed = ChangeSerializer(many=True)
    others = ChangeSerializer(many=True)

    def get_committed(self, found: baselines.Since) -> int:
        return len(found.moves.committed)


class PredictabilitySerializer(serializers.Serializer[Any]):
    """Actual ÷ planned business value; null is n/a, and `reason` says why. `team` is null for the whole train."""

    team = serializers.CharField(allow_null=True)
    planned = serializers.IntegerField()
    actual = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)
    reason = serializers.CharField()


@extend_schema(parameters=[OpenApiParameter("slug", str, OpenApiParameter.PATH)])
class IncrementViewSet(NoDelete):
    """Increments of the trains that you see."""

    serializer_class = IncrementSerializer
    lookup_field = "slug"
    queryset = Increment.objects.none()

    def get_queryset(self) -> QuerySet[Increment]:
        seen = Increment.objects.for_user(cast(User, self.request.user))
        return seen.select_related("train", "carried_into").prefetch_related("iterations")

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        said = dict(serializer.validated_data)
        said.pop("version", None)
        self.save_by(serializer, verbs.create_increment, iterations=_spans(said.pop("iterations", [])), **said)

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        row, said = cast(Increment, serializer.instance), dict(serializer.validated_data)
        rows, version = said.pop("iterations", None), said.pop("version", None)
        said = {name: value for name, value in said.items() if name not in ("slug", "train")}
        if said or rows is None:
            self.save_by(serializer, verbs.change_increment, increment=row, version=version, **said)
            version = None
        if rows is not None:
            self.do(set_iterations, increment=row, iterations=_spans(rows), version=version)
        serializer.instance = self.get_queryset().get(pk=row.pk)

    def _step(self, request: Request, shape: type[serializers.Serializer[Any]], verb: Any) -> Response:
        row, given = self.get_object(), shape(data=request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        self.do(verb, increment=row, **given.validated_data)
        return Response(self.get_serializer(self.get_queryset().get(pk=row.pk)).data)

    @extend_schema(request=StepSerializer, responses=IncrementSerializer)
    @action(detail=True, methods=["post"])
    def state(self, request: Request, slug: str) -> Response:
        """To the state after it or, with a reason, before it."""
        return self._step(request, StepSerializer, states.change_state)

    @extend_schema(request=IncrementCloseSerializer, responses=IncrementSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, slug: str) -> Response:
        """Its end, with actual business values, and where what did not land goes on."""
        return self._step(request, IncrementCloseSerializer, states.close)

    @extend_schema(request=IncrementCarrySerializer, responses=IncrementSerializer)
    @action(detail=True, methods=["post"], url_path="carry-over")
    def carry_over(self, request: Request, slug: str) -> Response:
        """What did not land goes on in another increment; what went there before is left out."""
        return self._step(request, IncrementCarrySerializer, carry_over)

    @extend_schema(responses=SinceSerializer)
    @action(detail=True)
    def changes(self, request: Request, slug: str) -> Response:
        """Moved, added and removed since the commitment; 404 before it."""
        kept = baselines.latest(self.get_object())
        found = baselines.since(kept) if kept else get_object_or_404(self.get_queryset().none())
        return Response(SinceSerializer(found).data)

    @extend_schema(responses=PredictabilitySerializer(many=True))
    @action(detail=True, pagination_class=None)
    def predictability(self, request: Request, slug: str) -> Response:
        """Of the train, then of each team."""
        row = self.get_object()
        found = predicted([row])[row.pk]
        rows = [(None, found.train), *found.teams]
        return Response(
            PredictabilitySerializer([{"team": team, **one._asdict()} for team, one in rows], many=True).data
        )
