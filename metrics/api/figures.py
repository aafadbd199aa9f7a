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
from metrics.models import Deployment, ItemFlow, ItemKind, PullRequest, WorkItem
from metrics.past import PastItems
from metrics.queries import UnknownMetric, find_metric, report
from metrics.registry import METRICS
from portfolio.queries import ScopeNotFound

SCOPE = OpenApiParameter("scope", str, description="portfolio, stream:SLUG or team:SLUG; default: the widest you see")
AS_OF = OpenApiParameter("as_of", str, description="a date (its end) or a past instant; default: now")
WINDOW = [
    OpenApiParameter("from", OpenApiTypes.DATE, description="first day, such as 2026-01-01; default: 90 days"),
    OpenApiParameter("to", OpenApiTypes.DATE, description="last day; default: today, or the day of as_of"),
    AS_OF,
]
FACETS = [
    OpenApiParameter("type", str, many=True, enum=ItemKind.values, description="only items of these types"),
    OpenApiParameter("class", str, many=True, description="only items of these classes of service"),
    OpenApiParameter("label", str, many=True, description="only items with one of these labels"),
]
RANKS = OpenApiParameter("p", str, description="percentiles from 1 to 99, such as 50,85; default: 50,70,85,95")


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

    @extend_schema(parameters=[SCOPE, *WINDOW, *FACETS, RANKS], responses=ReportSerializer)
    def get(self, request: Request, key: str) -> Response:
        try:
            find_metric(key)
        except UnknownMetric as error:
            raise NotFound(str(error)) from None
        asked = asked_of(request)
        at = asked.as_of or timezone.now()
        return Response(report(asked.scope, asked.window, at, [key], asked.facets, asked.ranks))


class ReportView(APIView):
    """Every measure of a scope in a window as at an instant."""

    @extend_schema(parameters=[SCOPE, *WINDOW, *FACETS, RANKS], responses=ReportSerializer)
    def get(self, request: Request) -> Response:
        asked = asked_of(request)
        at = asked.as_of or timezone.now()
        return Response(report(asked.scope, asked.window, at, facets=asked.facets, ranks=asked.ranks))


class ByIdentity(PagesById):
    """Pages by primary key, newest first."""

    ordering = "-pk"


class ItemSerializer(serializers.ModelSerializer[ItemFlow]):
    """A work item with what is derived of it, as of the instant asked for."""

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
    """A pull request; what came after the instant asked for is null."""

    source = serializers.CharField(source="source.slug")  # type: ignore[assignment]
    first_review_at = serializers.DateTimeField(source="reviewed", allow_null=True)
    merged_at = serializers.DateTimeField(source="merged", allow_null=True)
    closed_at = serializers.DateTimeField(source="closed", allow_null=True)

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


@extend_schema_view(get=extend_schema(parameters=[SCOPE, AS_OF, *FACETS]))
class ItemList(generics.ListAPIView[ItemFlow]):
    """The work items of a scope's teams: those they hold or finished, as at an instant; by id, the newest first."""

    serializer_class = ItemSerializer
    filterset_class = forms.ItemFilter
    pagination_class = ByIdentity
    then: PastItems | None = None

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return ItemFlow.objects.none()
        return lists.items(asked_of(self.request))

    def filter_queryset(self, queryset: Any) -> Any:
        asked = asked_of(self.request)
        if asked.as_of is None:
            return super().filter_queryset(queryset)
        filters = forms.ItemFilter(self.request.query_params, queryset=queryset)
        if not filters.is_valid():
            raise ValidationError(dict(filters.errors))
        self.then = lists.items_then(asked, asked.as_of, filters)
        return WorkItem.objects.filter(pk__in=self.then.ids)

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        if page is None or self.then is None:
            return page
        rows = self.then.of([item.pk for item in page])
        return [rows[item.pk] for item in page if item.pk in rows]


@extend_schema_view(get=extend_schema(parameters=[SCOPE, AS_OF]))
class PullRequestList(generics.ListAPIView[PullRequest]):
    """The pull requests of the sources of a scope's teams, as at an instant."""

    serializer_class = PullRequestSerializer
    filterset_class = forms.PullRequestFilter
    pagination_class = ByIdentity

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return PullRequest.objects.none()
        return lists.pull_requests(asked_of(self.request), timezone.now())


@extend_schema_view(get=extend_schema(parameters=[SCOPE, AS_OF]))
class DeploymentList(generics.ListAPIView[Deployment]):
    """The deployments of the services of a scope's teams that had finished by an instant."""

    serializer_class = DeploymentSerializer
    filterset_class = forms.DeploymentFilter
    pagination_class = ByIdentity

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Deployment.objects.none()
        return lists.deployments(asked_of(self.request), timezone.now())
