"""Features and allocation policies for programs."""

from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from portfolio import actions, queries
from portfolio.api.base import NoDelete, Seen, VerbMixin, without
from portfolio.models import Feature, Initiative, Team, ValueStream, ValueType


class FeatureSerializer(serializers.ModelSerializer):
    """`rank` is its number in the team's order (of a closed one, the last it had); see `rank/`. It keeps its team."""

    team = Seen(slug_field="slug", queryset=Team.objects.all())
    initiative = Seen(slug_field="slug", queryset=Initiative.objects.all(), required=False, allow_null=True)

    class Meta:
        model = Feature
        fields = ["id", "name", "team", "initiative", "value_type", "rank", "guessed_items"]
        fields += ["started_on", "due_on", "ended_on"]
        read_only_fields = ["rank"]
        validators: list[Any] = []


class RankSerializer(serializers.Serializer[Any]):
    """Either the new place `to` (1 is worked next), or `by` how many places it goes back (-1: one up)."""

    to = serializers.IntegerField(min_value=1, max_value=100_000, required=False)
    by = serializers.IntegerField(min_value=-100_000, max_value=100_000, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError("Give either to or by.")
        return attrs


class FeatureViewSet(NoDelete):
    """Features, by team in the order they are worked. Setting `ended_on` closes one, null reopens it at the end."""

    serializer_class = FeatureSerializer

    def get_queryset(self) -> QuerySet[Feature]:
        return Feature.objects.for_user(self.request.user).select_related("team__stream", "initiative")

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.create_feature, **without(serializer.validated_data, "ended_on"))
        feature = serializer.instance
        self.end_or_reopen(serializer, actions.close_feature, actions.reopen_feature, feature=feature)

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        feature, fields = serializer.instance, without(serializer.validated_data, "team", "ended_on")
        self.save_by(serializer, actions.change_feature, feature=feature, **fields)
        self.end_or_reopen(serializer, actions.close_feature, actions.reopen_feature, feature=feature)

    @extend_schema(request=RankSerializer, responses=FeatureSerializer)
    @action(detail=True, methods=["post"])
    def rank(self, request: Request, pk: str) -> Response:
        """Rank a feature in its team's order: the others move up or down."""
        given = RankSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        serializer = self.get_serializer(self.get_object())
        self.save_by(serializer, actions.move_feature, feature=serializer.instance, **given.validated_data)
        return Response(self.get_serializer(serializer.instance).data)


class AllocationSerializer(serializers.Serializer[Any]):
    """`shares` by kind in per cent, together 100, or none at all; `tolerance` in percentage points."""

    shares = serializers.DictField(child=serializers.IntegerField(min_value=0, max_value=100))
    tolerance = serializers.IntegerField(min_value=0, max_value=100)

    def validate_shares(self, shares: dict[str, int]) -> dict[str, int]:
        if unknown := sorted(set(shares) - set(ValueType.values)):
            raise serializers.ValidationError(f"There is no kind “{unknown[0]}”: use {', '.join(ValueType.values)}.")
        return shares


class AllocationView(VerbMixin, APIView):
    """The allocation policy of a value stream: which share of its finished work each kind should have."""

    def _stream(self, request: Request, slug: str) -> ValueStream:
        return get_object_or_404(ValueStream.objects.for_user(cast(User, request.user)), slug=slug)

    def _answer(self, stream: ValueStream) -> Response:
        shares = {kind.value: share for kind, share in queries.policy_of(stream)}
        return Response({"shares": shares, "tolerance": stream.allocation_tolerance})

    @extend_schema(responses=AllocationSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """The policy; `shares` is empty when there is none."""
        return self._answer(self._stream(request, slug))

    @extend_schema(request=AllocationSerializer, responses=AllocationSerializer)
    def put(self, request: Request, slug: str) -> Response:
        """Set the policy anew."""
        given = AllocationSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        self.do(actions.set_allocation, stream=self._stream(request, slug), **given.validated_data)
        return self._answer(self._stream(request, slug))
