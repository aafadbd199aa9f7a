"""Chances of key results for programs, and the two flags."""

from datetime import datetime, time
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from okrs.api.base import AS_OF, asker, day_of, seen_key_results
from okrs.chances import Chance, chances
from okrs.flags import hope
from okrs.models import KeyResult
from okrs.queries.chances import orphans, seen_work
from portfolio.models import ValueStream
from portfolio.queries import sees_portfolio


class LinkedSerializer(serializers.Serializer[Any]):
    """Work that should move it by `lift`; `chance` that it lands in time, or `landed_on`."""

    name = serializers.CharField()
    lift = serializers.FloatField()
    chance = serializers.FloatField(allow_null=True)
    landed_on = serializers.DateField(allow_null=True)
    is_counted = serializers.BooleanField()
    reason = serializers.CharField()


@extend_schema_serializer(component_name="KeyResultChance")
class ChanceSerializer(serializers.Serializer[Any]):
    """`chance` 0 to 1 (null: n/a, then `reason` says why), `shown` as pages say it; `low` and `high` are the 5th and
    95th percentile of the value on the last day `by`, `expected` its mean, `error` the standard error of the chance.
    """

    key_result = serializers.IntegerField()
    chance = serializers.FloatField(allow_null=True)
    shown = serializers.CharField()
    reason = serializers.CharField()
    by = serializers.DateField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    expected = serializers.FloatField(allow_null=True)
    error = serializers.FloatField(allow_null=True)
    changes = serializers.ListField(child=serializers.FloatField())
    left_out = serializers.IntegerField()
    confidence = serializers.IntegerField(allow_null=True)
    works = LinkedSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())
    hope = serializers.CharField()


class FlagsSerializer(serializers.Serializer[Any]):
    """Money in the quarter so far that moves no key result; shares 0 to 1, null when nothing was spent."""

    quarter = serializers.CharField()
    orphan_spend = serializers.DecimalField(max_digits=16, decimal_places=2)
    orphan_share = serializers.FloatField(allow_null=True)
    unassigned_spend = serializers.DecimalField(max_digits=16, decimal_places=2)
    unassigned_share = serializers.FloatField(allow_null=True)
    total = serializers.DecimalField(max_digits=16, decimal_places=2)
    initiatives = serializers.ListField(child=serializers.DictField())


def _at(request: Request) -> datetime:
    day = day_of(request)
    now = timezone.now()
    return now if day == timezone.localdate(now) else timezone.make_aware(datetime.combine(day, time.max))


def as_json(row: KeyResult, found: Chance, hoped: str) -> dict[str, Any]:
    """A chance as the API tells it."""
    plain = ("reason", "by", "low", "high", "expected", "error", "changes", "left_out", "confidence", "notes", "shown")
    works = [
        {
            "name": work.name,
            "lift": work.lift,
            "chance": work.landing.chance,
            "landed_on": work.landing.landed_on,
            "is_counted": work.is_counted,
            "reason": work.landing.reason,
        }
        for work in found.works
    ]
    told = {name: getattr(found, name) for name in plain}
    return told | {"key_result": row.pk, "chance": found.share, "works": works, "hope": hoped}


class ChanceView(APIView):
    """How likely a key result is reached on the last day of its cycle."""

    @extend_schema(parameters=[AS_OF], responses=ChanceSerializer)
    def get(self, request: Request, pk: int) -> Response:
        row, at = get_object_or_404(seen_key_results(asker(request)), pk=pk), _at(request)
        found = chances([row], at)[row.pk].seen(seen_work(asker(request), [row]))
        return Response(as_json(row, found, hope([row], at).get(row.pk, "")))


class FlagsView(APIView):
    """Money that moves no key result; for those who see the money there (others: 404)."""

    @extend_schema(parameters=[AS_OF, OpenApiParameter("stream", str)], responses=FlagsSerializer)
    def get(self, request: Request) -> Response:
        user, slug, stream = asker(request), request.query_params.get("stream"), None
        if slug:
            stream = get_object_or_404(ValueStream.objects.for_user(user), slug=slug)
        found = orphans(user, stream, _at(request)) if slug or sees_portfolio(user) else None
        if found is None:
            return Response({"detail": "There is no money here that you may see."}, status=404)
        quarter, money = found
        rows = [{"initiative": one.slug, "spend": f"{amount:.2f}"} for one, amount in money.rows]
        told = {"orphan_spend": money.amount, "unassigned_spend": money.unassigned, "total": money.total}
        shares = {"orphan_share": money.share, "unassigned_share": money.unassigned_share}
        sums = {name: f"{amount:.2f}" for name, amount in told.items()}
        return Response({"quarter": quarter.slug, "initiatives": rows, **sums, **shares})
