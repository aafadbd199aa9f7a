"""Budgets with their forecasts, the amendments they came from, and what was spent on what."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError as Invalid
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from funding import actions
from funding.api.base import ASKED, asked_of
from funding.models import Amendment
from funding.queries import StreamMoney, money, parts, spend_by_stream
from funding.rollups import freshness
from portfolio.api.base import Seen, VerbMixin
from portfolio.models import Initiative, Team, ValueStream
from portfolio.quarters import Quarter


@extend_schema_field(str)
class QuarterField(serializers.Field[Quarter, str, str, Any]):
    """A calendar quarter, written 2026-q4."""

    def to_representation(self, value: Quarter) -> str:
        return value.slug

    def to_internal_value(self, data: Any) -> Quarter:
        try:
            return Quarter.read(str(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None


class BudgetSerializer(serializers.Serializer[Any]):
    """A value stream's money in a quarter. Null is n/a, and then `reason` says why; amounts are in `currency`."""

    stream = serializers.CharField(source="stream.slug")
    budget = serializers.DecimalField(14, 2, allow_null=True)
    spent = serializers.DecimalField(14, 2, source="known_spent", allow_null=True)
    elapsed = serializers.FloatField(help_text="share of the quarter's days that are over, 0 to 1")
    forecast = serializers.DecimalField(14, 2, allow_null=True, help_text="straight line: spent ÷ elapsed")
    over = serializers.DecimalField(14, 2, allow_null=True, help_text="forecast − budget; negative: under")
    over_share = serializers.FloatField(allow_null=True, help_text="over ÷ budget")
    source = serializers.CharField(help_text="teams, ledger or both", allow_blank=True)  # type: ignore[assignment]
    reason = serializers.CharField(allow_blank=True)


class BudgetsSerializer(serializers.Serializer[Any]):
    """The budgets of a quarter as at an instant; `costs_at`: when the costs of teams were last prepared."""

    quarter = serializers.CharField()
    as_of = serializers.DateTimeField()
    currency = serializers.CharField()
    costs_at = serializers.DateTimeField(allow_null=True)
    is_stale = serializers.BooleanField()
    streams = BudgetSerializer(many=True)


class SetBudgetSerializer(serializers.Serializer[Any]):
    """`reason` is needed for an amendment; `seen` is the id of the last amendment you know (0: none), to be told with
    409 when there is a newer one."""

    stream = Seen(slug_field="slug", queryset=ValueStream.objects.all())
    quarter = QuarterField()
    amount = serializers.DecimalField(14, 2, min_value=Decimal(0))
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True)
    seen = serializers.IntegerField(min_value=0, required=False)


class AmendmentSerializer(serializers.ModelSerializer[Amendment]):
    """An amount that a budget had from `at` on; the latest counts."""

    stream = serializers.CharField(source="stream.slug")
    quarter = serializers.SerializerMethodField()
    by = serializers.CharField(source="by.name", default=None)

    class Meta:
        model = Amendment
        fields = ["id", "stream", "quarter", "amount", "at", "by", "reason"]

    def get_quarter(self, row: Amendment) -> str:
        return Quarter(row.quarter).slug


class BudgetList(VerbMixin, APIView):
    """Budgets per value stream and quarter."""

    @extend_schema(parameters=ASKED, responses=BudgetsSerializer)
    def get(self, request: Request) -> Response:
        """Budget, spend and forecast of each value stream whose money you see."""
        asked = asked_of(request)
        fresh = freshness([one.pk for one in asked.streams], timezone.localdate(asked.now))
        found: list[StreamMoney] = money(asked.streams, asked.quarter, asked.at)
        answer = {"quarter": asked.quarter.slug, "as_of": asked.at, "currency": settings.CURRENCY, "streams": found}
        answer |= {"costs_at": fresh.made_at, "is_stale": fresh.is_stale}
        return Response(BudgetsSerializer(answer).data)

    @extend_schema(request=SetBudgetSerializer, responses={201: AmendmentSerializer, 409: AmendmentSerializer})
    def post(self, request: Request) -> Response:
        """Set or amend a budget of a quarter that is not over."""
        given = SetBudgetSerializer(data=request.data, context={"request": request})
        given.is_valid(raise_exception=True)
        try:
            self.save_by(given, actions.set_budget, **given.validated_data)
        except serializers.ValidationError as error:
            cause = error.__cause__
            if isinstance(cause, Invalid) and getattr(cause, "code", "") == "stale":
                return Response(_stale(given.validated_data, cause), status=status.HTTP_409_CONFLICT)
            raise
        return Response(AmendmentSerializer(given.instance).data, status=status.HTTP_201_CREATED)


def _stale(given: dict[str, Any], told: Invalid) -> dict[str, Any]:
    """What is there now, for a writer who saw something older."""
    rows = Amendment.objects.filter(stream=given["stream"], quarter=given["quarter"].first)
    latest = rows.select_related("stream", "by").order_by("-at", "-id").first()
    return {"detail": " ".join(told.messages), "current": latest and AmendmentSerializer(latest).data}


class AmendmentList(APIView):
    """Where the budgets of a quarter came from."""

    @extend_schema(parameters=ASKED, responses=AmendmentSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Every amount of the quarter's budgets by as_of, the latest first."""
        asked = asked_of(request)
        rows = Amendment.objects.filter(stream__in=asked.streams, quarter=asked.quarter.first, at__lte=asked.at)
        found = rows.select_related("stream", "by").order_by("-at", "-id")
        return Response(AmendmentSerializer(found, many=True).data)


class PartSerializer(serializers.Serializer[Any]):
    """A part of what was spent; `initiative` null: of none; `team` null: of a ledger; `horizon` "": not said."""

    month = serializers.CharField()
    stream = serializers.CharField()
    team = serializers.CharField(allow_null=True)
    initiative = serializers.CharField(allow_null=True)
    horizon = serializers.CharField(allow_blank=True)
    amount = serializers.DecimalField(16, 4)
    source = serializers.CharField()  # type: ignore[assignment]


class SpendSerializer(serializers.Serializer[Any]):
    """`parts` sum to `streams`; initiatives that you may not see are null."""

    quarter = serializers.CharField()
    as_of = serializers.DateTimeField()
    streams = serializers.DictField(child=serializers.DecimalField(16, 4))
    parts = PartSerializer(many=True)


class SpendView(APIView):
    """What was spent in a quarter, by month, team, initiative and horizon."""

    @extend_schema(
        parameters=[*ASKED, OpenApiParameter("initiative", str, description="only of this initiative, by short name")],
        responses=SpendSerializer,
    )
    def get(self, request: Request) -> Response:
        """The parts that every figure of spend is computed from."""
        asked = asked_of(request)
        first, last = asked.quarter.first, asked.quarter.last
        chosen = _initiatives(request)
        found = parts(first, last, asked.at, asked.streams, chosen)
        sums = spend_by_stream(first, last, asked.at, asked.streams)
        slugs = {one.pk: one.slug for one in asked.streams}
        teams = dict(Team.objects.filter(pk__in={part.team for part in found}).values_list("pk", "slug"))
        seen = Initiative.objects.for_user(request.user).filter(pk__in={part.initiative for part in found})
        names = dict(seen.values_list("pk", "slug"))
        rows = [
            {
                "month": f"{part.month:%Y-%m}",
                "stream": slugs[part.stream],
                "team": teams.get(part.team or 0),
                "initiative": names.get(part.initiative or 0),
                "horizon": part.horizon,
                "amount": part.amount,
                "source": "ledger" if part.is_ledger else "teams",
            }
            for part in found
        ]
        streams = {slugs[pk]: amount for pk, amount in sums.items()} if chosen is None else {}
        answer = {"quarter": asked.quarter.slug, "as_of": asked.at, "streams": streams, "parts": rows}
        return Response(SpendSerializer(answer).data)


def _initiatives(request: Request) -> list[int] | None:
    """The initiative that is asked for; one that is not there for this person has no spend."""
    slug = request.query_params.get("initiative", "")
    if not slug:
        return None
    return list(Initiative.objects.for_user(request.user).filter(slug=slug).values_list("pk", flat=True))
