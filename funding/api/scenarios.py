"""Scenarios for programs: the same verbs and rights as the pages."""

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from funding import actions
from funding.models import Scenario
from funding.queries import scenarios as queries
from portfolio.api.base import NoDelete, Seen
from portfolio.models import Initiative, ValueStream
from portfolio.quarters import Quarter
from portfolio.rules import require


def quarter_of(text: str) -> Quarter:
    try:
        return Quarter.read(text)
    except ValueError as error:
        raise serializers.ValidationError(str(error)) from None


@extend_schema_serializer(component_name="ScenarioBudget")
class BudgetSerializer(serializers.Serializer[Any]):
    """The budget of a value stream in a scenario."""

    stream = Seen(slug_field="slug", queryset=ValueStream.objects.all())
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0)


class FundedSerializer(serializers.Serializer[Any]):
    """Whether an initiative is funded, and with how much in the quarter (null: nothing said). `is_in` false takes it
    out of the scenario.
    """

    initiative = Seen(slug_field="slug", queryset=Initiative.objects.all())
    is_funded = serializers.BooleanField(default=True)
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0, allow_null=True, default=None)
    is_in = serializers.BooleanField(default=True, write_only=True)


class ScenarioSerializer(serializers.Serializer[Any]):
    """`quarter` as 2026-q4. Made as a copy of the present, or of `copied_from`. A change says the `version` it saw:
    409 when there is a newer one. `wsjf` is Σ WSJF of what is funded, `shares` those of horizons in its cost.
    """

    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(max_length=120)
    description = serializers.CharField(required=False, allow_blank=True)
    quarter = serializers.CharField(required=False)
    copied_from = serializers.PrimaryKeyRelatedField(
        queryset=Scenario.objects.all(), required=False, allow_null=True, default=None
    )
    version = serializers.IntegerField(required=False)
    budgets = BudgetSerializer(many=True, required=False)
    initiatives = FundedSerializer(many=True, required=False)
    decision = serializers.IntegerField(source="decision_id", read_only=True)
    discarded_at = serializers.DateTimeField(read_only=True)

    def validate_quarter(self, text: str) -> Quarter:
        return quarter_of(text)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None and not given.get("quarter") and not given.get("copied_from"):
            raise serializers.ValidationError({"quarter": ["Say of which quarter, such as 2026-q4."]})
        return given

    def to_representation(self, instance: Scenario) -> dict[str, Any]:
        own = ("id", "name", "description", "version", "discarded_at")
        column = queries.column_of(instance)
        slugs = {row.stream_id: row.stream.slug for row in instance.budgets.all()}
        return {
            **{name: getattr(instance, name) for name in own},
            "quarter": column.quarter.slug,
            "copied_from": instance.copied_from_id,
            "decision": instance.decision_id,
            "budgets": [{"stream": slugs[pk], "amount": str(amount)} for pk, amount in column.budgets.items()],
            "initiatives": [
                {"initiative": line.initiative.slug, "is_funded": line.is_funded, "amount": _text(line.amount)}
                for line in column.lines
            ],
            "total": str(column.total),
            "wsjf": float(column.wsjf),
            "unscored": column.unscored,
            "shares": {horizon: float(share) for horizon, share in sorted(column.shares().items())},
            "waiting_for_approval": [one.slug for one in queries.waiting_for_approval(column)],
        }


def _text(amount: object) -> str | None:
    return None if amount is None else str(amount)


class AdoptSerializer(serializers.Serializer[Any]):
    """`start` moves what it funds of the backlog to implementing, never past an approval or a limit."""

    reason = serializers.CharField(max_length=2000)
    version = serializers.IntegerField(required=False)
    review_on = serializers.DateField(required=False, allow_null=True)
    start = serializers.BooleanField(default=False)


class AdoptedSerializer(serializers.Serializer[Any]):
    """The decision by its number; what was started; what was not, with why."""

    decision = serializers.IntegerField()
    started = serializers.ListField(child=serializers.CharField())
    waiting = serializers.DictField(child=serializers.CharField())


class ScenarioViewSet(NoDelete):
    """Ways to fund a quarter. For those who see the money of the whole portfolio."""

    serializer_class = ScenarioSerializer

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        require(request.user, "see_money")

    def get_queryset(self) -> QuerySet[Scenario]:
        return queries.scenarios(with_discarded=True).prefetch_related("budgets__stream")

    def _fresh(self, serializer: serializers.BaseSerializer[Any]) -> None:
        serializer.instance = self.get_queryset().get(pk=cast(Scenario, serializer.instance).pk)

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        given = serializer.validated_data
        named = {"name": given["name"], "description": given.get("description", "")}
        if given["copied_from"]:
            self.save_by(serializer, actions.copy_scenario, scenario=given["copied_from"], **named)
        else:
            self.save_by(serializer, actions.copy_present, quarter=given["quarter"], **named)
        self._change(serializer, given)

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        given = serializer.validated_data
        fields = {name: given[name] for name in ("version", "name", "description") if name in given}
        self._change(serializer, given, **fields)

    def _change(self, serializer: serializers.BaseSerializer[Any], given: dict[str, Any], **fields: Any) -> None:
        budgets = {row["stream"]: row["amount"] for row in given.get("budgets", [])}
        # A PATCH brings no defaults.
        initiatives = {
            row["initiative"]: (row.get("is_funded", True), row.get("amount")) if row.get("is_in", True) else None
            for row in given.get("initiatives", [])
        }
        if budgets or initiatives or fields:
            about = {"budgets": budgets, "initiatives": initiatives, **fields}
            self.save_by(serializer, actions.change_scenario, scenario=serializer.instance, **about)
        self._fresh(serializer)

    @extend_schema(request=None, responses=ScenarioSerializer)
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, pk: str) -> Response:
        """It leaves the lists; `restore/` brings it back."""
        return self._done(actions.discard_scenario)

    @extend_schema(request=None, responses=ScenarioSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring a discarded one back."""
        return self._done(actions.restore_scenario)

    def _done(self, verb: Any) -> Response:
        serializer = self.get_serializer(self.get_object())
        self.save_by(serializer, verb, scenario=serializer.instance)
        self._fresh(serializer)
        return Response(self.get_serializer(serializer.instance).data)

    @extend_schema(request=AdoptSerializer, responses=AdoptedSerializer)
    @action(detail=True, methods=["post"])
    def adopt(self, request: Request, pk: str) -> Response:
        """Make its budgets those of its quarter and record the decision, with both as they were."""
        given = AdoptSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        self.save_by(given, actions.adopt_scenario, scenario=self.get_object(), **given.validated_data)
        done = cast(actions.Adopted, given.instance)
        waiting = {one.slug: why for one, why in done.waiting}
        started = [one.slug for one in done.started]
        return Response({"decision": done.decision.pk, "started": started, "waiting": waiting})

    @extend_schema(
        parameters=[OpenApiParameter("s", str, many=True, description="present, or the number of a scenario; 2 to 4")],
        responses={200: dict},
    )
    @action(detail=False, pagination_class=None)
    def compare(self, request: Request) -> Response:
        """Two to four side by side; `differs` marks what is not as in the first."""
        columns, problem = queries.columns(list(dict.fromkeys(request.query_params.getlist("s"))))
        if problem:
            raise ValidationError({"s": [problem]})
        found = queries.compare(columns)
        groups = {"money": found.money, "mix": found.mix, "initiatives": found.initiatives}
        lines = {name: [_line(line) for line in group] for name, group in groups.items()}
        return Response({"columns": [column.name for column in columns], "finding": found.finding, **lines})


def _line(line: queries.Compared) -> dict[str, Any]:
    cells = [{"text": cell.text.replace("\u00a0", " "), "differs": cell.differs} for cell in line.cells]
    return {"label": line.label, "group": line.group, "cells": cells}
