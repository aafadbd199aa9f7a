"""The API of measures, items and deployments: the same figures as every page and `manage.py report`."""

from typing import Any, cast

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics, serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from core.api import PagesById
from metrics import forms, lists
from metrics.models import Deployment, ItemFlow, PullRequest
from metrics.queries import UnknownMetric, find_metric, report
from metrics.registry import METRICS
from portfolio.queries import ScopeNotFound

SCOPE = OpenApiParameter("scope", str, description="portfolio, stream:SLUG or team:SLUG; default: the widest you see")
WINDOW = [
    OpenApiParameter("from", OpenApiTypes.DATE, description="first day, such as 2026-01-01; default: 90 days"),
    OpenApiParameter("to", OpenApiTypes.DATE, description="last day; default: today, or the day of as_of"),
    OpenApiParameter("as_of", str, description="a date (its end) or an instant; default: now"),
]


def asked_of(request: Request) -> forms.Asked:
    """What the address asks for: 400 with messages by parameter, 404 for a scope that is not there for this person."""
    text = request.query_params.get("scope", "").strip()
    kind, _, slug = text.partition(":")
    if text and not (text == "portfolio" or (kind in {"team", "stream"} and slug)):
        raise ValidationError({"scope": [f"“{text}” is not a scope: write portfolio, stream:SLUG or team:SLUG."]})
    try:
        asked = forms.ask(request.query_params, cast(User, request.user), timezone.now())
    except ScopeNotFound as error:
        raise NotFound(str(error)) from None
    if asked.problems:
        raise ValidationError({name: [problem] for name, problem in asked.problems.items()})
    return asked


class MetricSerializer(serializers.Serializer[Any]):
    """A measure of the registry."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    question = serializers.CharField()
    unit = serializers.CharField()
    family = serializers.CharField()
    better = serializers.CharField(allow_null=True)
    additive = serializers.BooleanField()
    definition = serializers.CharField()


class MetricList(APIView):
    """Every measure there is."""

    @extend_schema(responses=MetricSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(MetricSerializer(list(METRICS.values()), many=True).data)


class PointSerializer(serializers.Serializer[Any]):
    """A step of a series: a day, or the Monday of a week; `partial` when the window cuts that week."""

    at = serializers.DateField()
    value = serializers.FloatField(required=False, allow_null=True)
    parts = serializers.DictField(child=serializers.FloatField(), required=False)
    partial = serializers.BooleanField(required=False)  # type: ignore[assignment]


class FigureSerializer(serializers.Serializer[Any]):
    """A figure; `value` null is n/a, and then `reason` says why."""

    value = serializers.FloatField(allow_null=True)
    unit = serializers.CharField()
    n = serializers.IntegerField()
    reason = serializers.CharField(required=False)
    percentiles = serializers.DictField(child=serializers.FloatField(), required=False)
    parts = serializers.DictField(child=serializers.FloatField(), required=False)
    detail = serializers.DictField(required=False)
    series = PointSerializer(many=True)


class ReportSerializer(serializers.Serializer[Any]):
    """Figures of a scope in a window as at an instant, as `manage.py report --json` prints them."""

    scope = serializers.CharField()
    # `from` is a word of Python; the field is declared in `get_fields`.
    to = serializers.DateField()
    as_of = serializers.DateTimeField()
    metrics = serializers.DictField(child=FigureSerializer())

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": serializers.DateField()}


class MetricDetail(APIView):
    """One measure of a scope in a window as at an instant."""

    @extend_schema(parameters=[SCOPE, *WINDOW], responses=ReportSerializer)
    def get(self, request: Request, key: str) -> Response:
        try:
            find_metric(key)
        except UnknownMetric as error:
            raise NotFound(str(error)) from None
        asked = asked_of(request)
        return Response(report(asked.scope, asked.window, asked.as_of or timezone.now(), [key], asked.facets))


class ReportView(APIView):
    """Every measure of a scope in a window as at an instant."""

    @extend_schema(parameters=[SCOPE, *WINDOW], responses=ReportSerializer)
    def get(self, request: Request) -> Response:
        asked = asked_of(request)
        return Response(report(asked.scope, asked.window, asked.as_of or timezone.now(), facets=asked.facets))


class ByIdentity(PagesById):
    """Pages by primary key, newest first."""

    ordering = "-pk"


class ItemSerializer(serializers.ModelSerializer[ItemFlow]):
    """A work item with what is derived of it, as of now."""

    id = serializers.IntegerField(source="item_id")
    key = serializers.CharField(source="item.key")
    title = serializers.CharField(source="item.title")
    type = serializers.CharField(source="item.kind")
    team = serializers.CharField(source="team.slug")
    status = serializers.CharField(source="status.name", default=None)

    class Meta:
        model = ItemFlow
        fields = [
            "id", "key", "title", "type", "team", "status", "state", "created_at", "started_at", "finished_at",
            "cycle_days", "lead_days",
        ]  # fmt: skip


class PullRequestSerializer(serializers.ModelSerializer[PullRequest]):
    source = serializers.CharField(source="source.slug")  # type: ignore[assignment]

    class Meta:
        model = PullRequest
        fields = [
            "id", "number", "title", "url", "source", "first_commit_at", "opened_at", "first_review_at", "merged_at",
            "closed_at", "is_bot",
        ]  # fmt: skip


class DeploymentSerializer(serializers.ModelSerializer[Deployment]):
    service = serializers.CharField(source="service.slug")

    class Meta:
        model = Deployment
        fields = [
            "id", "service", "ref", "sha", "environment", "is_production", "status", "reached", "is_unplanned",
            "started_at", "finished_at", "url",
        ]  # fmt: skip


@extend_schema_view(get=extend_schema(parameters=[SCOPE]))
class ItemList(generics.ListAPIView[ItemFlow]):
    """The work items of a scope's teams."""

    serializer_class = ItemSerializer
    filterset_class = forms.ItemFilter
    pagination_class = ByIdentity

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return ItemFlow.objects.none()
        return lists.items(asked_of(self.request))


@extend_schema_view(get=extend_schema(parameters=[SCOPE]))
class PullRequestList(generics.ListAPIView[PullRequest]):
    """The pull requests of the sources of a scope's teams."""

    serializer_class = PullRequestSerializer
    filterset_class = forms.PullRequestFilter
    pagination_class = ByIdentity

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return PullRequest.objects.none()
        return lists.pull_requests(asked_of(self.request))


@extend_schema_view(get=extend_schema(parameters=[SCOPE]))
class DeploymentList(generics.ListAPIView[Deployment]):
    """The deployments of the services of a scope's teams."""

    serializer_class = DeploymentSerializer
    filterset_class = forms.DeploymentFilter
    pagination_class = ByIdentity

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Deployment.objects.none()
        return lists.deployments(asked_of(self.request))
