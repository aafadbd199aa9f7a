"""Improvement actions for programs: the same verbs and the same rights as the pages."""

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action as route
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from portfolio import actions
from portfolio.api.base import NoDelete, Seen, without
from portfolio.models import Action, ActionState, Team, ValueStream
from portfolio.queries import ScopeNotFound, find_scope
from portfolio.queries import improvements as queries


class ActionSerializer(serializers.ModelSerializer):
    """Of a `team`, a `stream`, or (neither) the whole portal. `version`, when given, must be the present one (409)."""

    team = Seen(slug_field="slug", queryset=Team.objects.all(), required=False, allow_null=True)
    stream = Seen(slug_field="slug", queryset=ValueStream.objects.all(), required=False, allow_null=True)
    owner = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), required=False, allow_null=True
    )
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)

    class Meta:
        model = Action
        fields = ["id", "name", "description", "team", "stream", "owner", "due_on", "state", "outcome"]
        fields += ["made_by", "made_at", "closed_at", "version"]
        read_only_fields = ["state", "outcome", "made_by", "made_at", "closed_at"]
        validators: list[Any] = []
        extra_kwargs = {"description": {"max_length": 4000}}


class CloseActionSerializer(serializers.Serializer[Any]):
    """`outcome` says what came of it; of a dropped one it is required and says why."""

    state = serializers.ChoiceField([ActionState.DONE, ActionState.DROPPED], default=ActionState.DONE)
    outcome = serializers.CharField(required=False, allow_blank=True, max_length=4000, default="")
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


class VersionSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)


STATE = OpenApiParameter("state", str, enum=ActionState.values)
SCOPE = OpenApiParameter("scope", str, description="team:SLUG or stream:SLUG (with its teams).")


@extend_schema(parameters=[STATE, SCOPE])
class ActionViewSet(NoDelete):
    """Improvement actions: what somebody will change until when."""

    serializer_class = ActionSerializer
    queryset = Action.objects.none()

    def get_queryset(self) -> QuerySet[Action]:
        user, params = cast(User, self.request.user), self.request.query_params
        rows = queries.actions_for(user).order_by("pk")
        if self.action != "list":
            return rows
        if state := params.get("state"):
            rows = rows.filter(state=state.replace("\0", ""))
        try:
            return queries.of_scope(rows, find_scope(params["scope"], user) if params.get("scope") else None)
        except ScopeNotFound as error:
            raise ValidationError({"scope": [str(error)]}) from error

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.create_action, **without(serializer.validated_data, "version"))

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        row = cast(Action, serializer.instance)
        self.save_by(serializer, actions.change_action, action=row, **serializer.validated_data)

    def _done(self, given: serializers.Serializer[Any], verb: Any) -> Response:
        given.is_valid(raise_exception=True)
        serializer = self.get_serializer(self.get_object())
        self.save_by(serializer, verb, action=serializer.instance, **given.validated_data)
        return Response(self.get_serializer(serializer.instance).data)

    @extend_schema(request=CloseActionSerializer, responses=ActionSerializer)
    @route(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """Done or dropped; 409 when it was closed meanwhile."""
        return self._done(CloseActionSerializer(data=request.data), actions.close_action)

    @extend_schema(request=VersionSerializer, responses=ActionSerializer)
    @route(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """It goes on."""
        return self._done(VersionSerializer(data=request.data), actions.reopen_action)
