"""Baselines, expectations and process behaviour for programs: the same verbs and the same limits as the pages."""

from collections.abc import Mapping
from typing import Any, cast

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from metrics import actions, behaviour
from metrics.api.figures import FACETS, SCOPE, WINDOW, asked_of
from metrics.models import Baseline, Expectation
from metrics.standards import baselines_for, expectations_for
from portfolio.api.base import NoDelete, Seen, without
from portfolio.models import Team, ValueStream


class BaselineSerializer(serializers.ModelSerializer[Baseline]):
    """Neither `team` nor `stream`: the whole portfolio. Both stay as they were set, and the measure too."""

    team = Seen(slug_field="slug", queryset=Team.objects.all(), required=False, allow_null=True)
    stream = Seen(slug_field="slug", queryset=ValueStream.objects.all(), required=False, allow_null=True)
    made_by = serializers.CharField(source="made_by.name", read_only=True, default=None)

    class Meta:
        model = Baseline
        fields = ["id", "team", "stream", "measure", "starts_on", "ends_on", "reason", "made_by", "made_at"]
        read_only_fields = ["made_at"]
        # The verbs check, and say it by field.
        validators: list[Any] = []

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if given.get("team") and given.get("stream"):
            raise serializers.ValidationError({"stream": ["A baseline is of a team, or of a stream, or of neither."]})
        # Read as null, an empty name would set limits for the whole portfolio.
        if empty := [name for name in ("team", "stream") if self.initial_data.get(name) == ""]:
            raise serializers.ValidationError({empty[0]: ["Give a short name, or null."]})
        return given


class BaselineViewSet(mixins.DestroyModelMixin, NoDelete):
    """From when on a measure of a scope has natural limits of its own: when, and why, the process changed."""

    serializer_class = BaselineSerializer
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[Baseline]:
        return baselines_for(cast(User, self.request.user))

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        given: Mapping[str, Any] = serializer.validated_data
        place = given.get("team") or given.get("stream")
        self.save_by(serializer, actions.set_baseline, place=place, **without(given, "team", "stream"))

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        fields = without(serializer.validated_data, "team", "stream", "measure")
        self.save_by(serializer, actions.change_baseline, baseline=serializer.instance, **fields)

    def perform_destroy(self, instance: Baseline) -> None:
        self.do(actions.remove_baseline, baseline=instance)


class ExpectationSerializer(serializers.ModelSerializer[Expectation]):
    """`kind` empty: of every type without one of its own. Team and kind stay as they were set."""

    team = Seen(slug_field="slug", queryset=Team.objects.all())
    made_by = serializers.CharField(source="made_by.name", read_only=True, default=None)

    class Meta:
        model = Expectation
        fields = ["id", "team", "kind", "percent", "days", "valid_from", "made_by", "made_at"]
        read_only_fields = ["made_at"]
        validators: list[Any] = []


class ExpectationViewSet(mixins.DestroyModelMixin, NoDelete):
    """Service level expectations: `percent` % of a team's items of a kind take `days` or less, from `valid_from` on."""

    serializer_class = ExpectationSerializer
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[Expectation]:
        return expectations_for(cast(User, self.request.user))

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.set_expectation, **serializer.validated_data)

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        fields = without(serializer.validated_data, "team", "kind")
        self.save_by(serializer, actions.change_expectation, expectation=serializer.instance, **fields)

    def perform_destroy(self, instance: Expectation) -> None:
        self.do(actions.remove_expectation, expectation=instance)


class WeekSerializer(serializers.Serializer[Any]):
    """A week by its Monday; `partial`: cut by the window, the as-of time, a baseline or the first record."""

    at = serializers.DateField()
    value = serializers.FloatField()
    partial = serializers.BooleanField()  # type: ignore[assignment]


class SignalSerializer(serializers.Serializer[Any]):
    weeks = serializers.ListField(child=serializers.DateField())
    rule = serializers.CharField()
    text = serializers.CharField()


class SegmentSerializer(serializers.Serializer[Any]):
    """What lies between two baselines; `reason` says why there are no limits."""

    first = serializers.DateField()
    last = serializers.DateField()
    baseline = serializers.IntegerField(allow_null=True)
    points = serializers.IntegerField()
    centre = serializers.FloatField(allow_null=True)
    lower = serializers.FloatField(allow_null=True)
    upper = serializers.FloatField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    signals = SignalSerializer(many=True)


class BehaviourSerializer(serializers.Serializer[Any]):
    scope = serializers.CharField()
    measure = serializers.CharField()
    unit = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    weeks = WeekSerializer(many=True)
    segments = SegmentSerializer(many=True)


class BehaviourView(APIView):
    """The process behaviour chart (XmR) of throughput, arrivals, wip, total_work_item_age or cycle_time."""

    @extend_schema(parameters=[SCOPE, *WINDOW, *FACETS], responses=BehaviourSerializer)
    def get(self, request: Request, measure: str) -> Response:
        if measure not in behaviour.MEASURES:
            raise NotFound(f"There is no chart of “{measure}”. There are: {', '.join(behaviour.MEASURES)}.")
        asked = asked_of(request)
        found = behaviour.chart(measure, asked, asked.as_of or timezone.now())
        return Response({"scope": asked.scope.text, **behaviour.as_data(found)})
