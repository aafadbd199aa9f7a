"""Sources for programs: the same verbs and the same rights as the pages."""

from typing import Any, cast

from django.core.exceptions import ValidationError as Refused
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from connectors import actions, queries
from connectors.models import Rejection, SyncRun
from connectors.protocol import ConnectorError
from core.api import PagesById
from metrics.models import Source
from metrics.quality import Line, Result, lines
from metrics.rules import freshness
from portfolio.models import Service, Team

# Findings of a check in one answer.
LINES = 100


class ByNumber(PagesById):
    """Pages by primary key, newest first."""

    ordering = "-pk"


def _refused(error: Refused) -> ValidationError:
    return ValidationError(error.message_dict if hasattr(error, "error_dict") else error.messages)


class SourceSerializer(serializers.ModelSerializer[Source]):
    """A source as everybody who sees its team may see it; its settings are for those who manage it."""

    team = serializers.CharField(source="team.slug")
    service = serializers.CharField(source="service.slug", default=None)
    freshness = serializers.SerializerMethodField()
    is_stale = serializers.SerializerMethodField()

    class Meta:
        model = Source
        fields = [
            "slug", "name", "tool", "team", "service", "state", "error", "schedule_minutes", "incident_window_hours",
            "synced_at", "next_sync_at", "freshness", "is_stale",
        ]  # fmt: skip

    def get_freshness(self, source: Source) -> str:
        return freshness(source, timezone.now()).text

    def get_is_stale(self, source: Source) -> bool:
        return freshness(source, timezone.now()).is_stale


class NewSourceSerializer(serializers.Serializer[Any]):
    """A source to connect; `settings` are the tool's own, `statuses` name → state in the workflow's order."""

    name = serializers.CharField(max_length=120)
    tool = serializers.CharField()
    team = serializers.SlugField()
    service = serializers.SlugField(required=False)
    settings = serializers.DictField()
    statuses = serializers.DictField(child=serializers.CharField(), required=False)
    types = serializers.DictField(child=serializers.CharField(), required=False)
    schedule_minutes = serializers.IntegerField(min_value=0, max_value=100_000, default=15)
    incident_window_hours = serializers.IntegerField(min_value=1, max_value=720, default=24)


class RunSerializer(serializers.ModelSerializer[SyncRun]):
    """A sync, with its counts."""

    class Meta:
        model = SyncRun
        fields = [
            "id", "state", "phase", "is_full", "done", "total", "read", "written", "unchanged", "rejected", "deleted",
            "created_at", "started_at", "finished_at", "error", "is_permanent", "warning",
        ]  # fmt: skip


class RejectionSerializer(serializers.ModelSerializer[Rejection]):
    class Meta:
        model = Rejection
        fields = ["place", "reason", "record"]


class SyncRequestSerializer(serializers.Serializer[Any]):
    """`full`: read everything again."""

    full = serializers.BooleanField(default=False)


class QualityCheckSerializer(serializers.Serializer[Any]):
    """A check: how many it found (null: not checked, and `reason` says why), and what that means."""

    key = serializers.CharField(source="check.key")
    title = serializers.CharField(source="check.title")
    count = serializers.SerializerMethodField()
    severity = serializers.CharField()
    meaning = serializers.CharField(source="check.meaning")
    remedy = serializers.CharField(source="check.remedy")
    reason = serializers.CharField()

    def get_count(self, result: Result) -> int | None:
        return None if result.found is None else result.count


class QualityLineSerializer(serializers.Serializer[Any]):
    """A finding: what it is, when it happened, and what is wrong with it."""

    name = serializers.CharField()
    title = serializers.CharField()
    at = serializers.SerializerMethodField()
    text = serializers.CharField()
    url = serializers.CharField(help_text="the page in this portal")
    tool_url = serializers.CharField()

    def get_at(self, line: Line) -> str | None:
        return line.at.isoformat() if line.at else None


class QualitySerializer(serializers.Serializer[Any]):
    """The data quality of a source as at `as_of` (now); `findings` are of the check that `show` names."""

    as_of = serializers.DateTimeField(source="at")
    summary = serializers.CharField(source="sentence")
    checks = QualityCheckSerializer(source="results", many=True)


class SourceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Source]):
    """Sources: read, connect, sync, pause, resume, delete."""

    queryset = Source.objects.none()
    serializer_class = SourceSerializer
    lookup_field = "slug"
    pagination_class = ByNumber

    def get_queryset(self) -> QuerySet[Source]:
        return queries.sources(cast(User, self.request.user))

    @extend_schema(request=NewSourceSerializer, responses={201: SourceSerializer})
    def create(self, request: Request) -> Response:
        """Connect a tool; its first sync starts by the schedule, or with `sync`."""
        given = NewSourceSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = dict(given.validated_data)
        user = cast(User, request.user)
        data["team"] = get_object_or_404(Team.objects.for_user(user), slug=data["team"])
        if "service" in data:
            data["service"] = get_object_or_404(Service.objects.for_user(user), slug=data["service"])
        try:
            source = actions.connect(actor=user, **data)
        except Refused as error:
            raise _refused(error) from error
        return Response(SourceSerializer(source).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, slug: str) -> Response:
        """Delete the source and everything that was pulled from it."""
        actions.delete_source(actor=request.user, source=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=SyncRequestSerializer, responses={202: RunSerializer})
    @action(detail=True, methods=["post"])
    def sync(self, request: Request, slug: str) -> Response:
        """The source's open run, made when there is none."""
        asked = SyncRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        run = actions.request_sync(actor=request.user, source=self.get_object(), full=asked.validated_data["full"])
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, slug: str) -> Response:
        return Response(SourceSerializer(actions.pause(actor=request.user, source=self.get_object())).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, slug: str) -> Response:
        return Response(SourceSerializer(actions.resume(actor=request.user, source=self.get_object())).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def check(self, request: Request, slug: str) -> Response:
        """Ask the tool who we are there; 400 with its answer when it refuses."""
        source = self.get_object()
        try:
            found = actions.test_connection(
                actor=request.user, tool=source.tool, settings={}, team=source.team, source=source
            )
        except ConnectorError as error:
            raise ValidationError({error.field or "detail": [error.message]}) from None
        return Response({"identity": found.identity, "summary": found.summary, "warnings": list(found.warnings)})

    @extend_schema(
        responses=QualitySerializer,
        parameters=[
            OpenApiParameter("show", str, description="a check's key: its findings too, 100 at a time"),
            OpenApiParameter("offset", int, description="findings to skip"),
        ],
    )
    @action(detail=True)
    def quality(self, request: Request, slug: str) -> Response:
        """What is wrong with the source's data now, check by check."""
        source = self.get_object()
        report = queries.inspected(source)
        data: dict[str, Any] = dict(QualitySerializer(report).data)
        if key := request.query_params.get("show"):
            result = report.result(key)
            if result is None:
                raise ValidationError({"show": [f"There is no check “{key}”."]})
            first = request.query_params.get("offset", "0")
            if not (first.isascii() and first.isdigit()) or len(first) > 12:
                raise ValidationError({"offset": ["Please give a whole number from 0 on."]})
            found = lines(source, result, int(first), int(first) + LINES)
            data["findings"] = QualityLineSerializer(found, many=True).data
        return Response(data)


class RunViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[SyncRun]):
    """The runs of a source."""

    queryset = SyncRun.objects.none()
    serializer_class = RunSerializer
    pagination_class = ByNumber

    def get_queryset(self) -> QuerySet[SyncRun]:
        visible = queries.sources(cast(User, self.request.user))
        return SyncRun.objects.filter(source__in=visible.order_by(), source__slug=self.kwargs["slug"])

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        get_object_or_404(queries.sources(cast(User, request.user)), slug=kwargs["slug"])
        return super().list(request, *args, **kwargs)

    @extend_schema(responses=RejectionSerializer(many=True))
    @action(detail=True)
    def rejections(self, request: Request, slug: str, pk: str) -> Response:
        """What the run could not use, up to the first thousand."""
        return Response(RejectionSerializer(self.get_object().rejections.all(), many=True).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, slug: str, pk: str) -> Response:
        run = self.get_object()
        actions.cancel(actor=request.user, run=run)
        run.refresh_from_db()
        return Response(RunSerializer(run).data)
