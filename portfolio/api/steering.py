"""Themes, limits of stages, approvals with their thresholds, and reviews, for programs."""

from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from portfolio import actions
from portfolio.api.base import ById, NoDelete, Seen, VerbMixin, without
from portfolio.models import (
    Approval,
    ApprovalThreshold,
    Initiative,
    Review,
    StageLimit,
    Theme,
    ValueStream,
)
from portfolio.queries import sees_portfolio
from portfolio.rules import can


class ThemeSerializer(serializers.ModelSerializer):
    slug = serializers.SlugField(required=False, max_length=60)

    class Meta:
        model = Theme
        fields = ["id", "slug", "name", "description", "position", "started_on", "ended_on"]


class ThemeViewSet(NoDelete):
    """Strategic themes. Setting `ended_on` ends one, null lets it go on."""

    serializer_class = ThemeSerializer
    lookup_field = "slug"
    queryset = Theme.objects.all()

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.create_theme, **serializer.validated_data)

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        theme, fields = serializer.instance, without(serializer.validated_data, "slug", "ended_on")
        self.save_by(serializer, actions.change_theme, theme=theme, **fields)
        self.end_or_reopen(serializer, actions.end_theme, actions.reopen_theme, theme=theme)


class LimitSerializer(serializers.ModelSerializer):
    """At most `most` in `stage` of `stream` (null: of the whole portfolio); `most` null takes the limit away."""

    stream = Seen(slug_field="slug", queryset=ValueStream.objects.all(), required=False, allow_null=True)
    most = serializers.IntegerField(min_value=1, max_value=1000, allow_null=True)

    class Meta:
        model = StageLimit
        fields = ["stream", "stage", "most"]
        validators: list[Any] = []


class LimitView(VerbMixin, APIView):
    """The limits of the stages of the portfolio Kanban."""

    @extend_schema(responses=LimitSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Those of the value streams you see, and of the portfolio if you see it whole."""
        user = cast(User, request.user)
        seen = set(ValueStream.objects.for_user(user).values_list("pk", flat=True))
        whole = sees_portfolio(user)
        rows = StageLimit.objects.select_related("stream")
        shown = [one for one in rows if (one.stream_id in seen if one.stream_id else whole)]
        return Response(LimitSerializer(shown, many=True, context={"request": request}).data)

    @extend_schema(request=LimitSerializer, responses=LimitSerializer)
    def put(self, request: Request) -> Response:
        """Set one limit, or take it away."""
        given = LimitSerializer(data=request.data, context={"request": request})
        given.is_valid(raise_exception=True)
        self.do(actions.set_stage_limit, **given.validated_data)
        stream = given.validated_data.get("stream")
        return Response({**given.data, "stream": stream.slug if stream else None})


class ThresholdSerializer(serializers.ModelSerializer):
    """Initiatives of `stream` (null: of those without their own) that cost more than `amount` need an approval."""

    stream = Seen(slug_field="slug", queryset=ValueStream.objects.all(), required=False, allow_null=True)
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0, allow_null=True)

    class Meta:
        model = ApprovalThreshold
        fields = ["stream", "amount"]
        validators: list[Any] = []


class ThresholdView(VerbMixin, APIView):
    """Above which cost an approval is needed."""

    @extend_schema(responses=ThresholdSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Those of the places whose money you see."""
        rows = ApprovalThreshold.objects.select_related("stream")
        seen = ValueStream.objects.for_user(cast(User, request.user))
        shown = [one for one in rows if can(request.user, "see_money", one.stream)]
        known = set(seen.values_list("pk", flat=True)) | {None}
        own = [one for one in shown if one.stream_id in known]
        return Response(ThresholdSerializer(own, many=True, context={"request": request}).data)

    @extend_schema(request=ThresholdSerializer, responses=ThresholdSerializer)
    def put(self, request: Request) -> Response:
        """Set one; `amount` null takes it away."""
        given = ThresholdSerializer(data=request.data, context={"request": request})
        given.is_valid(raise_exception=True)
        self.do(actions.set_threshold, **given.validated_data)
        stream = given.validated_data.get("stream")
        return Response({**given.data, "stream": stream.slug if stream else None})


class ApprovalSerializer(serializers.ModelSerializer):
    initiative = Seen(slug_field="slug", queryset=Initiative.objects.all())

    class Meta:
        model = Approval
        fields = ["id", "initiative", "amount", "reason", "state", "asked_by", "asked_at"]
        fields += ["decided_by", "decided_at", "note"]
        read_only_fields = ["state", "asked_by", "asked_at", "decided_by", "decided_at", "note"]
        validators: list[Any] = []


@extend_schema_serializer(component_name="ApprovalAnswer")
class AnswerSerializer(serializers.Serializer[Any]):
    approve = serializers.BooleanField()
    note = serializers.CharField(required=False, max_length=300, allow_blank=True)


class ApprovalViewSet(
    VerbMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.ListModelMixin,
    viewsets.GenericViewSet,
):
    """Requests to spend up to an amount on an initiative. POST asks; whoever asked never decides."""

    serializer_class = ApprovalSerializer
    pagination_class = ById

    def get_queryset(self) -> QuerySet[Approval]:
        """Those of the value streams whose money the asker sees."""
        user = cast(User, self.request.user)
        streams = [one.pk for one in ValueStream.objects.for_user(user) if can(user, "see_money", one)]
        return Approval.objects.filter(initiative__stream__in=streams).select_related("initiative__stream")

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.ask_approval, **serializer.validated_data)

    @extend_schema(request=AnswerSerializer, responses=ApprovalSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Approve or refuse."""
        given = AnswerSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        serializer = self.get_serializer(self.get_object())
        self.save_by(serializer, actions.decide_approval, approval=serializer.instance, **given.validated_data)
        return Response(self.get_serializer(serializer.instance).data)

    @extend_schema(request=None, responses=ApprovalSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take a request back that is not decided."""
        serializer = self.get_serializer(self.get_object())
        self.save_by(serializer, actions.withdraw_approval, approval=serializer.instance)
        return Response(self.get_serializer(serializer.instance).data)


class ReviewSerializer(serializers.ModelSerializer):
    on = serializers.DateField(required=False)

    class Meta:
        model = Review
        fields = ["id", "on", "by", "note"]
        read_only_fields = ["by"]


class ReviewView(VerbMixin, APIView):
    """When business owners looked at an initiative."""

    def _initiative(self, request: Request, slug: str) -> Initiative:
        rows = Initiative.objects.for_user(cast(User, request.user)).select_related("stream")
        return get_object_or_404(rows, slug=slug)

    @extend_schema(responses=ReviewSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """The latest first."""
        return Response(ReviewSerializer(self._initiative(request, slug).reviews.all(), many=True).data)

    @extend_schema(request=ReviewSerializer, responses=ReviewSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Record one; without `on` it was today."""
        given = ReviewSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        self.save_by(given, actions.record_review, initiative=self._initiative(request, slug), **given.validated_data)
        return Response(ReviewSerializer(given.instance).data, status=201)
