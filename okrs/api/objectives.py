"""Objectives and key results for programs."""

from collections.abc import Sequence
from typing import Any, cast

from django.core.exceptions import ValidationError as Refused
from django.db import transaction
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from metrics.models import Kpi
from okrs import actions
from okrs.api.base import (
    AS_OF,
    SeenKpi,
    SeenObjective,
    Versioned,
    asker,
    day_of,
    messages_of,
    people,
    seen_key_results,
    seen_objectives,
    standing_as_json,
)
from okrs.models import Cycle, KeyResult, Objective, Removed
from okrs.queries import standings
from okrs.queries.pages import Row, rows_of
from portfolio.api.base import ById, Seen, without
from portfolio.models import Team, Theme, ValueStream

NUMBERS = ("baseline", "target", "band_low", "band_high", "weight")


class KeyResultSerializer(serializers.ModelSerializer):
    """`standing` is where it stands as of the day; `version` given with a change must be the present one (else 409)."""

    objective = SeenObjective(queryset=Objective.objects.all())
    owner = serializers.PrimaryKeyRelatedField(queryset=people(), required=False, allow_null=True)
    kpi = SeenKpi(slug_field="slug", queryset=Kpi.objects.none(), required=False, allow_null=True)
    version = serializers.IntegerField(required=False, min_value=1)
    every_days = serializers.IntegerField(required=False, min_value=1, max_value=92)
    standing = serializers.SerializerMethodField()

    class Meta:
        model = KeyResult
        fields = ["id", "objective", "name", "kind", "unit", *NUMBERS, "owner", "kpi", "every_days", "position"]
        fields += ["version", "carried_from", "standing"]
        read_only_fields = ["carried_from"]
        validators: list[Any] = []

    def get_standing(self, instance: KeyResult) -> dict[str, Any]:
        known = self.context.get("standings") or {}
        found = known.get(instance.pk) or standings([instance], self.context["day"])[instance.pk]
        return standing_as_json(found)


class NewKeyResultSerializer(KeyResultSerializer):
    """A key result inside a new objective."""

    class Meta(KeyResultSerializer.Meta):
        fields = ["name", "kind", "unit", *NUMBERS, "owner", "kpi", "every_days"]


class ObjectiveSerializer(serializers.ModelSerializer):
    """Give `stream` or `team`, or neither for the company; `level` follows. `key_results` are made with it, or none.

    `score`, `pace` and `elapsed` are from 0 to 1; `version` given with a change must be the present one (else 409).
    """

    cycle = serializers.SlugRelatedField(slug_field="slug", queryset=Cycle.objects.all())
    stream = Seen(slug_field="slug", queryset=ValueStream.objects.all(), required=False, allow_null=True)
    team = Seen(slug_field="slug", queryset=Team.objects.all(), required=False, allow_null=True)
    theme = serializers.SlugRelatedField(
        slug_field="slug", queryset=Theme.objects.all(), required=False, allow_null=True
    )
    owner = serializers.PrimaryKeyRelatedField(queryset=people(), required=False, allow_null=True)
    version = serializers.IntegerField(required=False, min_value=1)
    key_results = NewKeyResultSerializer(many=True, required=False, write_only=True)

    class Meta:
        model = Objective
        fields = ["id", "cycle", "level", "stream", "team", "theme", "name", "description", "ambition", "owner"]
        fields += [
            "position",
            "version",
            "carried_from",
            "closed_at",
            "closed_score",
            "grade",
            "lessons",
            "key_results",
        ]
        read_only_fields = ["level", "carried_from", "closed_at", "closed_score", "grade", "lessons"]
        validators: list[Any] = []

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("stream") and attrs.get("team"):
            raise serializers.ValidationError({"team": "Give a value stream or a team, not both."})
        return attrs

    def to_representation(self, instance: Objective) -> dict[str, Any]:
        row: Row = (self.context.get("rows") or {}).get(instance.pk) or rows_of([instance], self.context["day"])[0]
        at = row.standing
        names = ("score", "pace", "elapsed", "grade", "expected", "confidence", "pending", "due", "outdated")
        figures = {name: getattr(at, name) for name in names if name != "grade"} | {"computed_grade": at.grade}
        context = {**self.context, "standings": {line.key_result.pk: line.standing for line in row.lines}}
        lines = KeyResultSerializer([line.key_result for line in row.lines], many=True, context=context).data
        known = super().to_representation(instance) | figures | {"key_results": lines}
        return known if at.is_closed else known | NOT_CLOSED


# What an objective says that is not closed, or was not yet on the as-of day.
NOT_CLOSED = {"closed_at": None, "closed_score": None, "grade": None, "lessons": ""}


class ObjectiveFilter(filters.FilterSet):
    """`cycle`, `stream` and `team` by slug, `level`, `owner` by number, `is_closed`."""

    cycle = filters.CharFilter(field_name="cycle__slug")
    stream = filters.CharFilter(field_name="stream__slug")
    team = filters.CharFilter(field_name="team__slug")
    is_closed = filters.BooleanFilter(field_name="closed_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Objective
        fields = ["level", "owner"]


class CloseSerializer(serializers.Serializer[Any]):
    """`grade` from 0 to 1 is people's own, beside the score."""

    grade = serializers.FloatField(required=False, allow_null=True)
    lessons = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    version = serializers.IntegerField(required=False, min_value=1)


class CarrySerializer(serializers.Serializer[Any]):
    """Into which cycle. `baselines` by number of the key result: those named; without it all that are not reached."""

    cycle = serializers.SlugRelatedField(slug_field="slug", queryset=Cycle.objects.all())
    baselines = serializers.DictField(child=serializers.FloatField(allow_null=True), required=False)

    def validate_baselines(self, value: dict[str, float | None]) -> dict[int, float | None]:
        if not all(key.isdecimal() and len(key) < 19 for key in value):
            raise serializers.ValidationError("The keys are numbers of key results.")
        return {int(key): one for key, one in value.items()}


class RemovedSerializer(serializers.Serializer[Any]):
    """What brings it back: POST it to `objectives/restore/`."""

    removed = serializers.IntegerField(min_value=1)


class Goals(
    Versioned,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    viewsets.GenericViewSet,
):
    """What objectives and key results share: as-of, one go or none, deletion that can be undone."""

    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    pagination_class = ById

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "day": day_of(self.request)}

    def shown(self, thing: Any) -> Any:
        return self.get_serializer(self.get_queryset().get(pk=thing.pk)).data

    @transaction.atomic
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        super().update(request, *args, **kwargs)
        return Response(self.shown(self.get_object()))

    def _removed(self, verb: Any, **thing: Any) -> Response:
        holder: serializers.Serializer[Any] = serializers.Serializer()
        self.save_by(holder, verb, **thing)
        return Response({"removed": holder.instance.pk})  # type: ignore[union-attr]


class ObjectiveViewSet(Goals):
    """Objectives with their key results and where they stand as of a day."""

    serializer_class = ObjectiveSerializer
    filterset_class = ObjectiveFilter

    def get_queryset(self) -> QuerySet[Objective]:
        return seen_objectives(asker(self.request))

    @extend_schema(parameters=[AS_OF])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Every objective you may see, with where it stands."""
        page = cast(Sequence[Objective], self.paginate_queryset(self.filter_queryset(self.get_queryset())))
        context = self.get_serializer_context()
        context["rows"] = {row.objective.pk: row for row in rows_of(page, context["day"])}
        return self.get_paginated_response(ObjectiveSerializer(page, many=True, context=context).data)

    @extend_schema(parameters=[AS_OF])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One objective."""
        return super().retrieve(request, *args, **kwargs)

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        given = serializer.validated_data
        fields = without(given, "stream", "team", "version") | {"place": given.get("team") or given.get("stream")}
        fields["key_results"] = [dict(one) for one in given.get("key_results", [])]
        try:
            serializer.instance = actions.create_objective(actor=asker(self.request), **fields)
        except Refused as error:
            raise ValidationError(_told(error, len(fields["key_results"]))) from error

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        fields = without(serializer.validated_data, "stream", "team", "cycle", "key_results")
        self.save_by(serializer, actions.change_objective, objective=serializer.instance, **fields)

    @extend_schema(responses=RemovedSerializer)
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete it with everything that goes with it; the answer is what brings it back."""
        return self._removed(actions.delete_objective, objective=self.get_object())

    @extend_schema(request=RemovedSerializer, responses=ObjectiveSerializer)
    @action(detail=False, methods=["post"])
    def restore(self, request: Request) -> Response:
        """Bring back an objective or key result that was deleted."""
        given = RemovedSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        removed = Removed.objects.filter(pk=given.validated_data["removed"]).first()
        if removed is None:
            raise ValidationError({"removed": "Nothing was deleted under this number."})
        return self._done(actions.restore_removed, removed=removed)

    @extend_schema(request=CloseSerializer, responses=ObjectiveSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """Freeze its score, with grade and lessons."""
        given = CloseSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return self._done(actions.close_objective, objective=self.get_object(), **given.validated_data)

    @extend_schema(request=None, responses=ObjectiveSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Let its score move again."""
        return self._done(actions.reopen_objective, objective=self.get_object())

    @extend_schema(request=CarrySerializer, responses=ObjectiveSerializer)
    @action(detail=True, methods=["post"])
    def carry(self, request: Request, pk: str) -> Response:
        """Set it again in another cycle; the answer is the new one, which keeps the link."""
        given = CarrySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return self._done(actions.carry_over, objective=self.get_object(), **given.validated_data)

    def _done(self, verb: Any, **fields: Any) -> Response:
        holder: serializers.Serializer[Any] = serializers.Serializer()
        self.save_by(holder, verb, **fields)
        return Response(self.shown(holder.instance))


def _told(error: Refused, count: int) -> dict[str, Any]:
    """What the verb refused, at the key result and field that it is about."""
    if not hasattr(error, "error_dict"):
        return {"non_field_errors": error.messages}
    found: dict[str, Any] = {
        name: messages_of(some) for name, some in error.error_dict.items() if name != "key_results"
    }
    if "weight" in found:
        found = {"key_results": [{"weight": found["weight"]} for _ in range(count)]}
    for one in error.error_dict.get("key_results", []):
        rows = found.setdefault("key_results", [{} for _ in range(count)])
        place = one.params or {}
        rows[place["at"]].setdefault(place["field"], []).extend(one.messages)
    return found


class KeyResultFilter(filters.FilterSet):
    """`objective` by number, `cycle` by slug, `owner` by number, `kind`."""

    cycle = filters.CharFilter(field_name="objective__cycle__slug")
    objective = filters.NumberFilter(field_name="objective_id")

    class Meta:
        model = KeyResult
        fields = ["owner", "kind"]


class KeyResultViewSet(Goals):
    """Key results with where they stand as of a day."""

    serializer_class = KeyResultSerializer
    filterset_class = KeyResultFilter

    def get_queryset(self) -> QuerySet[KeyResult]:
        return seen_key_results(asker(self.request))

    @extend_schema(parameters=[AS_OF])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Every key result you may see, with where it stands."""
        page = cast(Sequence[KeyResult], self.paginate_queryset(self.filter_queryset(self.get_queryset())))
        context = self.get_serializer_context()
        context["standings"] = standings(page, context["day"])
        return self.get_paginated_response(KeyResultSerializer(page, many=True, context=context).data)

    @extend_schema(parameters=[AS_OF])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One key result."""
        return super().retrieve(request, *args, **kwargs)

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.create_key_result, **without(serializer.validated_data, "version"))

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        fields = without(serializer.validated_data, "objective")
        self.save_by(serializer, actions.change_key_result, key_result=serializer.instance, **fields)

    @extend_schema(responses=RemovedSerializer)
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete it with its check-ins and links; the answer is what brings it back."""
        return self._removed(actions.delete_key_result, key_result=self.get_object())
