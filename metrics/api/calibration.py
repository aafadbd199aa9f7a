"""Whether forecasts came true as often as they said, for programs."""

from dataclasses import asdict
from typing import Any, cast

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from core.api import is_text
from metrics import forecasts
from portfolio.models import ValueStream


class BinSerializer(serializers.Serializer[Any]):
    """Forecasts whose chance was in [low, high): what they said on average, and which share of them was kept."""

    low = serializers.FloatField()
    high = serializers.FloatField()
    n = serializers.IntegerField()
    stated = serializers.FloatField(allow_null=True)
    kept = serializers.FloatField(allow_null=True)
    votes_n = serializers.IntegerField()
    votes_stated = serializers.FloatField(allow_null=True)
    votes_kept = serializers.FloatField(allow_null=True)


class CalibrationSerializer(serializers.Serializer[Any]):
    """Brier scores (0 best, 0.25 a coin's) of forecasts and of votes; null is n/a, and a reason says why."""

    n = serializers.IntegerField()
    kept = serializers.IntegerField()
    brier = serializers.FloatField(allow_null=True)
    reason = serializers.CharField()
    votes_n = serializers.IntegerField()
    votes_brier = serializers.FloatField(allow_null=True)
    voted_brier = serializers.FloatField(allow_null=True)
    votes_reason = serializers.CharField()
    bins = BinSerializer(many=True)


class CalibrationView(APIView):
    """Whether forecasts came true as often as they said; never per person."""

    @extend_schema(
        parameters=[OpenApiParameter("stream", str, description="a value stream's short name; default: all you see")],
        responses=CalibrationSerializer,
    )
    def get(self, request: Request) -> Response:
        slug, user = request.query_params.get("stream", ""), cast(User, request.user)
        # PostgreSQL takes no NUL: there is no such stream.
        known = ValueStream.objects.for_user(user) if is_text(slug) else ValueStream.objects.none()
        stream = get_object_or_404(known, slug=slug) if slug else None
        return Response(CalibrationSerializer(asdict(forecasts.calibration(stream, user))).data)
