"""Initiatives for programs: what they are, their stage, scores, money and way."""

from typing import Any, cast

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from portfolio import actions, forms, queries, stages
from portfolio.api.base import NoDelete, Seen, without
from portfolio.models import WSJF_PARTS, Initiative, Stage, Team, Theme, ValueStream, Verdict
from portfolio.rules import can

MONEY = ("estimated_cost", "cost_of_delay")
AS_OF = OpenApiParameter("as_of", OpenApiTypes.DATE, description="stages as they were at the end of this day")


class InitiativeSerializer(serializers.ModelSerializer):
    """`teams` would work on it, for as long as it has no features; those you may not see are left out.

    Money is there for those who may see it. `wsjf` is reckoned from its four parts, null while one is missing. `stage`
    is changed by PATCH or by `move/`; the `override` is the reason for passing a limit. `version` given with a change
    must be the present one, else 409 with who changed it and when.
    """

    slug = serializers.SlugField(required=False, max_length=80)
    stream = Seen(slug_field="slug", queryset=ValueStream.objects.all())
    teams = Seen(slug_field="slug", queryset=Team.objects.all(), many=True, required=False)
    theme = serializers.SlugRelatedField(
        slug_field="slug", queryset=Theme.objects.all(), required=False, allow_null=True
    )
    owner = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), required=False, allow_null=True
    )
    stage = serializers.ChoiceField(choices=Stage.choices, required=False)
    version = serializers.IntegerField(required=False, min_value=1)
    override = serializers.CharField(required=False, write_only=True, max_length=300)
    wsjf = serializers.SerializerMethodField()

    class Meta:
        model = Initiative
        fields = ["id", "slug", "name", "description", "stream", "value_type", "teams", "position", "theme", "owner"]
        fields += ["horizon", "hypothesis", "outcome", "business_case", "stage", "verdict", "override", *MONEY]
        fields += [
            *WSJF_PARTS,
            "wsjf",
            "manual_rank",
            "manual_rank_reason",
            "started_on",
            "due_on",
            "ended_on",
            "version",
        ]
        validators: list[Any] = []

    def get_wsjf(self, instance: Initiative) -> float | None:
        return queries.wsjf_of(instance)

    def to_representation(self, instance: Initiative) -> dict[str, Any]:
        seen: set[str] = self.context["teams"]
        shown = super().to_representation(instance)
        if not can(self.context["request"].user, "see_money", instance.stream):
            shown = without(shown, *MONEY)
        if (then := self.context["stages"]) is not None:
            shown["stage"] = then.get(instance.pk)
        return shown | {"teams": [slug for slug in shown["teams"] if slug in seen]}


class MoveSerializer(serializers.Serializer[Any]):
    """`override` is the reason for passing a limit; `verdict` and the last day `on` are for what is done."""

    stage = serializers.ChoiceField(choices=Stage.choices)
    version = serializers.IntegerField(required=False, min_value=1)
    override = serializers.CharField(required=False, max_length=300)
    verdict = serializers.ChoiceField(choices=Verdict.choices, required=False)
    on = serializers.DateField(required=False)


class StaySerializer(serializers.Serializer[Any]):
    """An initiative was in a stage from `entered_at` until `left_at` (null: it is there)."""

    stage = serializers.ChoiceField(choices=Stage.choices)
    entered_at = serializers.DateTimeField()
    left_at = serializers.DateTimeField(allow_null=True)


class InitiativeViewSet(NoDelete):
    """Initiatives. Setting `ended_on` closes one, null reopens it in the stage where it was."""

    serializer_class = InitiativeSerializer
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Initiative]:
        rows = Initiative.objects.for_user(self.request.user)
        return rows.select_related("stream", "theme").prefetch_related("teams")

    def _view(self) -> forms.View:
        view = forms.view_of(self.request.GET, cast(User, self.request.user), timezone.now())
        if "as_of" in view.problems:
            raise ValidationError({"as_of": view.problems["as_of"]})
        return view

    def get_serializer_context(self) -> dict[str, Any]:
        teams = Team.objects.for_user(self.request.user).order_by().values_list("slug", flat=True)
        view = self._view()
        seen = Initiative.objects.for_user(self.request.user).order_by().values("pk") if view.is_past else []
        then = stages.stage_at(seen, view.at) if view.is_past else None  # type: ignore[arg-type]
        return {**super().get_serializer_context(), "teams": set(teams), "stages": then}

    @extend_schema(parameters=[AS_OF])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(parameters=[AS_OF])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.create_initiative, **without(serializer.validated_data, "version"))

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        given = serializer.validated_data
        fields = without(given, "slug", "stage", "verdict", "ended_on")
        if "teams" in fields:
            user = cast(User, self.request.user)
            fields["teams"] += queries.hidden_teams(cast(Initiative, serializer.instance), user)
        if fields:
            self.save_by(serializer, actions.change_initiative, initiative=serializer.instance, **fields)
        move = {name: given[name] for name in ("stage", "override", "verdict") if name in given}
        if "stage" in move:
            if given.get("ended_on"):
                move["on"] = given["ended_on"]
            version = None if fields else given.get("version")
            self.save_by(serializer, actions.move_initiative, initiative=serializer.instance, version=version, **move)
            return
        thing = {"initiative": serializer.instance}
        self.end_or_reopen(serializer, actions.close_initiative, actions.reopen_initiative, **thing)

    @extend_schema(request=MoveSerializer, responses=InitiativeSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, slug: str) -> Response:
        """Move it to another stage of the board."""
        given = MoveSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        serializer = self.get_serializer(self.get_object())
        self.save_by(serializer, actions.move_initiative, initiative=serializer.instance, **given.validated_data)
        return Response(self.get_serializer(serializer.instance).data)

    @extend_schema(parameters=[AS_OF], responses=StaySerializer(many=True))
    @action(detail=True, methods=["get"])
    def stages(self, request: Request, slug: str) -> Response:
        """Its stays in the stages, the first first."""
        found = self.get_object()
        own = stages.stays([found.pk], self._view().at).get(found.pk, [])
        return Response(StaySerializer([stay._asdict() for stay in own], many=True).data)
