"""What impediments cost and have in common, and the limits of their levels, for programs."""

from collections.abc import Iterable
from datetime import UTC
from decimal import Decimal
from typing import Any, cast

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from impediments import actions
from impediments.analysis import BY, RANKED, analysis, cases, ranked_by
from impediments.api.comments import find
from impediments.api.impediments import instant_of
from impediments.api.shapes import money
from impediments.costs import Capacity, Delay, Run, explain, money_streams
from impediments.forms.costs import until_of
from impediments.limits import Limits
from impediments.models import Category, Level
from impediments.queries.costs import Group, costs_page
from metrics.api.figures import SCOPE, WINDOW, asked_of
from portfolio.api.base import VerbMixin


def _capacity(one: Capacity) -> dict[str, Any]:
    told = {"item_days": round(one.days, 4), "team_days": round(one.team_days, 4), "reason": one.reason}
    return told | money(one.amount, "cost", is_hidden=one.is_hidden)


def _delay(one: Delay) -> dict[str, Any]:
    told = {
        "weeks": None if one.weeks is None else round(one.weeks, 4),
        "release_on": one.release_on.isoformat() if one.release_on else None,
        "why": one.why,
        "reason": one.reason,
    }
    return told | money(one.amount, "cost", is_hidden=one.is_hidden)


def _slips(one: Delay, user: User) -> list[dict[str, Any]]:
    """The initiatives that land later, those that the asker may see."""
    rich = money_streams(user)
    return [
        {
            "initiative": part.slug,
            "items": list(part.items),
            "landing_on": part.landing_on.isoformat() if part.landing_on else None,
            "slip_weeks": None if part.weeks is None else round(part.weeks, 4),
            "reason": part.reason,
        }
        | money(part.cost_of_delay, "cost_of_delay", is_hidden=part.stream not in rich)
        | money(part.amount, "cost", is_hidden=part.stream not in rich)
        for part in one.parts
        if part.slug
    ]


def _run(one: Run, *, is_hidden: bool) -> dict[str, Any]:
    told = {
        "team": one.team.slug,
        "first": one.first.isoformat(),
        "last": one.last.isoformat(),
        "working_days": one.days,
        "items": round(one.items, 6),
        "in_progress": one.in_progress,
    }
    told |= money(one.rate, "team_cost_per_day", is_hidden=is_hidden)
    return told | money(one.amount, "cost", is_hidden=is_hidden)


class CostView(APIView):
    """What one impediment cost so far, with everything that is made of."""

    @extend_schema(
        parameters=[OpenApiParameter("as_of", str, description="The end of a day such as 2026-02-14; default: now.")],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, pk: int) -> Response:
        """Capacity cost = Σ over `days`: working_days × team_cost_per_day × items ÷ in_progress. Delay is never added.

        Money that you may not see is left out.
        """
        user, one, (at, _) = cast(User, request.user), find(request, pk), instant_of(request)
        streams = money_streams(user)
        found = explain(one, at, streams, user)
        return Response(
            {
                "impediment": one.pk,
                "as_of": at.astimezone(UTC).isoformat(),
                "capacity": _capacity(found.capacity),
                "days": [_run(run, is_hidden=run.team.stream_id not in streams) for run in found.runs],
                "delay": _delay(found.delay.seen(streams)) | {"initiatives": _slips(found.delay, user)},
            }
        )


def _group(one: Group) -> dict[str, Any]:
    delay = {name: value for name, value in _delay(one.delay).items() if name not in ("release_on", "why")}
    return {"name": one.name, "impediments": one.n, "capacity": _capacity(one.capacity), "delay": delay}


def _groups(rows: Iterable[Group]) -> list[dict[str, Any]]:
    return [_group(one) for one in rows]


class CostsView(APIView):
    """What impediments took from teams and delay, of a scope in a window."""

    @extend_schema(
        parameters=[
            SCOPE,
            *WINDOW,
            OpenApiParameter("until", OpenApiTypes.DATE, description="project the cost of open ones until this day"),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        """By category, place and month: capacity and delay side by side, never added. What they will take `until`."""
        asked, now, user = asked_of(request), timezone.now(), cast(User, request.user)
        today = (asked.as_of or now).astimezone(asked.scope.zone).date()
        problems: dict[str, str] = {}
        until = until_of(request._request.GET, today, problems)
        if problems:
            raise ValidationError({name: [text] for name, text in problems.items()})
        page = costs_page(asked, user, now, until)
        days, amount = page.coming
        coming = {"until": until.isoformat(), "item_days": round(days, 4)}
        return Response(
            {
                "scope": asked.scope.text,
                "from": asked.window.first.isoformat(),
                "to": asked.window.last.isoformat(),
                "as_of": (asked.as_of or now).astimezone(UTC).isoformat(),
                "whole": _group(page.whole),
                "categories": _groups(page.categories),
                "places": _groups(page.places),
                "months": _groups(page.months),
                "coming": coming | money(amount, "cost", is_hidden=not page.has_money),
            }
        )


class AnalysisView(APIView):
    """How long impediments take, where they stay, and what their causes have in common."""

    @extend_schema(
        parameters=[
            SCOPE,
            *WINDOW,
            OpenApiParameter("by", str, enum=list(BY), description="what causes are told by"),
            OpenApiParameter("ranked", str, enum=list(RANKED), description="cost: for who sees the scope’s money"),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        """The parts of the Analysis page: each a question with its answer and the rows behind it.

        `ranked_by` says what the Pareto is ranked by: days, unless you may see the money of every team of the scope.
        """
        asked, now, by = asked_of(request), timezone.now(), request.query_params.get("by", "") or "category"
        if by not in BY:
            raise ValidationError({"by": [f"“{by[:40]}” is none of {', '.join(BY)}."]})
        wanted = request.query_params.get("ranked", "") or "days"
        if wanted not in RANKED:
            raise ValidationError({"ranked": [f"“{wanted[:40]}” is none of {', '.join(RANKED)}."]})
        found = cases(asked, cast(User, request.user), asked.as_of or now)
        ranked = ranked_by(found, wanted)
        finding, parts = analysis(found, by, ranked)
        told = [
            {"key": one.key, "question": one.question, "answer": one.answer, "head": one.table[0], "rows": one.table[1]}
            for one in parts
        ]
        return Response({"scope": asked.scope.text, "finding": finding, "ranked_by": ranked, "parts": told})


class LevelLimitSerializer(serializers.Serializer[Any]):
    """Business hours that a level has before the next one is asked; `category` empty: for all without their own.

    `hours` null takes the limit away: the default (or the level's own) holds again.
    """

    level = serializers.ChoiceField([level.value for level in Level if level < Level.EXECUTIVE])
    category = serializers.ChoiceField([("", "All"), *Category.choices], required=False, default="", allow_blank=True)
    hours = serializers.DecimalField(
        max_digits=7, decimal_places=2, min_value=Decimal("0.01"), allow_null=True, coerce_to_string=False
    )


class LimitsView(VerbMixin, APIView):
    """The limits of the levels."""

    @extend_schema(responses=LevelLimitSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Every level for every category, and for all; `is_own` says whether somebody set it."""
        limits = Limits()
        return Response(
            [
                {"level": level, "category": category, "hours": limits.of(level, category)}
                | {"is_own": limits.has_own(level, category)}
                for level in Level.values
                if level < Level.EXECUTIVE
                for category in ("", *Category.values)
            ]
        )

    @extend_schema(request=LevelLimitSerializer, responses=LevelLimitSerializer)
    def put(self, request: Request) -> Response:
        """Set one limit, or take it away; the clocks that run follow it."""
        given = LevelLimitSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        said = given.validated_data
        if said["hours"] is None:
            self.do(actions.remove_limit, level=said["level"], category=said["category"])
        else:
            self.do(actions.set_limit, **said)
        return Response(said)
