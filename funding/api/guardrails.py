"""The four guardrails of a scope in a quarter, and the shares that horizons should have."""

from typing import Any, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from funding import actions
from funding.api.base import ASKED, asked_of
from funding.formulas.horizons import Balance
from funding.guardrails import Approvals, Capacity, Horizons, Reviews, guardrails, targets_of
from portfolio.api.base import VerbMixin
from portfolio.models import Initiative, ValueStream
from portfolio.queries import Scope, ScopeNotFound, find_scope
from portfolio.rules import can, require


class GuardrailsSerializer(serializers.Serializer[Any]):
    """Each guardrail with `answer` in words. `horizons` and `approvals` are there for those who see money."""

    scope = serializers.CharField()
    quarter = serializers.CharField()
    as_of = serializers.DateTimeField()
    horizons = serializers.DictField(required=False)
    allocation = serializers.DictField()
    approvals = serializers.DictField(required=False)
    reviews = serializers.DictField()


class GuardrailsView(APIView):
    """Horizons, capacity allocation, approvals, reviews."""

    @extend_schema(parameters=ASKED, responses=GuardrailsSerializer)
    def get(self, request: Request) -> Response:
        """The guardrails of the portfolio or of a value stream."""
        asked, user = asked_of(request, money=False), cast(User, request.user)
        scope = asked.scope or find_scope(f"stream:{asked.streams[0].slug}", user)
        place = ValueStream.objects.get(slug=scope.slug) if scope.kind == "stream" else None
        found = guardrails(scope, asked.quarter, asked.at, with_money=can(user, "see_money", place))
        answer: dict[str, Any] = {"scope": scope.text, "quarter": asked.quarter.slug, "as_of": asked.at}
        if found.horizons is not None:
            answer["horizons"] = _horizons(found.horizons)
        answer["allocation"] = _allocation(found.allocation)
        if found.approvals is not None:
            answer["approvals"] = _approvals(found.approvals)
        return Response(answer | {"reviews": _reviews(found.reviews)})


def _horizons(found: Horizons) -> dict[str, Any]:
    made = found.suggestion
    suggestion = made and {
        "start": [one.slug for one in found.chosen],
        "by_rank": [one.slug for one in found.base],
        "restores": made.restores,
        "loss": float(made.loss),
    }
    return {
        "answer": found.answer,
        "not_said": str(found.not_said),
        "now": _balance(found.now),
        "end": _balance(found.end),
        "money_left": None if found.left is None else str(found.left),
        "suggestion": suggestion,
        "suggestion_text": found.suggestion_text,
    }


def _balance(found: Balance | None) -> dict[str, Any] | None:
    if found is None:
        return None
    shares = {
        one.horizon: {
            "amount": str(one.amount),
            "share": float(one.share),
            "target": one.target and one.target.share,
            "tolerance": one.target and one.target.tolerance,
            "deviation": None if one.deviation is None else float(one.deviation),
            "is_off": one.is_off,
        }
        for one in found.shares
    }
    return {"total": str(found.total), "to_move": None if found.move is None else str(found.move), "shares": shares}


def _allocation(found: Capacity) -> dict[str, Any]:
    rows = [
        {
            "stream": row.stream.slug,
            "finished": row.total,
            "tolerance": row.tolerance,
            "has_policy": row.has_policy,
            "types": {
                kind.kind.value: {"n": kind.n, "per_cent": kind.share, "target": kind.target, "is_off": kind.is_off}
                for kind in row.kinds
            },
        }
        for row in found.rows
    ]
    return {"answer": found.answer, "streams": rows}


def _approvals(found: Approvals) -> dict[str, Any]:
    rows = [
        {
            **_named(row.initiative),
            "case": row.case,
            "estimated_cost": str(row.initiative.estimated_cost),
            "approved": str(row.approved),
            "threshold": str(row.threshold),
        }
        for row in found.rows
    ]
    return {"answer": found.answer, "initiatives": rows}


def _reviews(found: Reviews) -> dict[str, Any]:
    rows = [
        {**_named(row.initiative), "last_review_on": row.on, "days": row.days, "is_late": row.is_late}
        for row in found.rows
    ]
    return {"answer": found.answer, "initiatives": rows}


def _named(one: Initiative) -> dict[str, str]:
    return {"initiative": one.slug, "stream": one.stream.slug}


class SharesSerializer(serializers.Serializer[Any]):
    """`shares` by horizon in per cent, together 100, or none; `tolerances` in percentage points (5 where not said)."""

    shares = serializers.DictField(child=serializers.IntegerField(min_value=0, max_value=100))
    tolerances = serializers.DictField(child=serializers.IntegerField(min_value=0, max_value=100), required=False)


SCOPE = OpenApiParameter("scope", str, description="portfolio (default) or stream:SLUG")


class HorizonSharesView(VerbMixin, APIView):
    """Which share of spend each horizon should have; a value stream without its own has those of the portfolio."""

    def _place(self, request: Request) -> tuple[Scope, ValueStream | None]:
        try:
            scope = find_scope(request.query_params.get("scope", "portfolio"), cast(User, request.user))
        except ScopeNotFound as error:
            raise NotFound(str(error)) from None
        if scope.kind == "team":
            raise NotFound("Shares are of the portfolio or of a value stream.")
        return scope, ValueStream.objects.get(slug=scope.slug) if scope.kind == "stream" else None

    def _answer(self, scope: Scope, stream: ValueStream | None) -> Response:
        targets, is_own = targets_of(scope, [stream] if stream else [])
        shares = {horizon: target.share for horizon, target in targets.items()}
        tolerances = {horizon: target.tolerance for horizon, target in targets.items()}
        return Response({"shares": shares, "tolerances": tolerances, "is_own": is_own})

    @extend_schema(parameters=[SCOPE], responses=SharesSerializer)
    def get(self, request: Request) -> Response:
        """The shares that hold."""
        scope, stream = self._place(request)
        require(request.user, "see_money", stream)
        return self._answer(scope, stream)

    @extend_schema(parameters=[SCOPE], request=SharesSerializer, responses=SharesSerializer)
    def put(self, request: Request) -> Response:
        """Set them anew; no shares takes them away."""
        scope, stream = self._place(request)
        require(request.user, "manage_money", stream)
        given = SharesSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        self.do(actions.set_targets, stream=stream, **given.validated_data)
        return self._answer(scope, stream)
