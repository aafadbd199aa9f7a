"""Forecasts for programs: the same questions, the same answers and the same verbs as the pages."""

from collections.abc import Callable
from typing import Any, cast

from django.core.exceptions import ValidationError as Refused
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from core.api import PagesById
from metrics import actions, forecasts
from metrics.api.figures import AS_OF, FACETS, RANKS, SCOPE, asked_of
from metrics.forms import Asked
from metrics.models import Forecast, Outcome
from portfolio.models import Feature, Initiative, Team, ValueStream

ONLY_FEATURES = (
    "sample only items that belong to a feature; default: for features and initiatives where there are enough of them, "
    "for items not"
)
QUESTION = [
    OpenApiParameter("of", str, enum=["items", "plan"], description="items together (default), or features in order"),
    OpenApiParameter("feature", int, description="instead of a scope: this feature"),
    OpenApiParameter("initiative", str, description="instead of a scope: the initiative of this short name"),
    OpenApiParameter("items", int, description="when are so many finished? default: all that are open"),
    OpenApiParameter("by", OpenApiTypes.DATE, description="how many by the end of this day? default: in 12 weeks"),
    OpenApiParameter("share", int, description="per cent of the finishes that go to this work; default: 100"),
    OpenApiParameter("only_features", bool, description=ONLY_FEATURES),
    OpenApiParameter("wip_limit", int, description="features worked on at a time; default: 1"),
    OpenApiParameter("sample_days", int, description="days sampled, up to yesterday; default: 84"),
]
WHAT_IF = [
    OpenApiParameter("people", int, description="what if: per cent of a full-time person more, or fewer (−50)"),
    OpenApiParameter("throughput", int, description="what if: per cent of today's throughput"),
    OpenApiParameter("team", str, description="what if: people and throughput only in this team"),
    OpenApiParameter("unblock", bool, description="what if: as if nothing had been blocked"),
    OpenApiParameter("drop_items", int, description="what if: so many items are not done"),
    OpenApiParameter("drop_features", int, many=True, description="what if: these features are not done"),
    OpenApiParameter("what_if_wip_limit", int, description="what if: so many features at a time"),
]

# What a primary key can be, and more features than anybody leaves out by hand.
MOST_ID, MOST_DROPPED = 2**63 - 1, 1000


class QuestionSerializer(serializers.Serializer[Any]):
    """What is asked; ranges are the engine's to check."""

    of = serializers.ChoiceField(["items", "plan"], required=False)
    feature = serializers.IntegerField(required=False)
    initiative = serializers.CharField(required=False)
    items = serializers.IntegerField(required=False)
    by = serializers.DateField(required=False)
    share = serializers.IntegerField(default=100)
    only_features = serializers.BooleanField(allow_null=True, default=None)
    wip_limit = serializers.IntegerField(default=1)
    sample_days = serializers.IntegerField(default=forecasts.SAMPLE_DAYS)
    people = serializers.IntegerField(default=0)
    throughput = serializers.IntegerField(default=100)
    team = serializers.CharField(default="")
    unblock = serializers.BooleanField(default=False)
    drop_items = serializers.IntegerField(default=0)
    drop_features = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MOST_ID), default=list, max_length=MOST_DROPPED
    )
    what_if_wip_limit = serializers.IntegerField(required=False)


class TeamSampleSerializer(serializers.Serializer[Any]):
    """What a team's forecast is drawn from: `counts` maps items finished in a working day to how many days had that."""

    slug = serializers.CharField()
    name = serializers.CharField()
    first = serializers.DateField(allow_null=True)
    last = serializers.DateField(allow_null=True)
    days = serializers.IntegerField()
    finishing_days = serializers.IntegerField()
    finished = serializers.IntegerField()
    in_features = serializers.IntegerField()
    only_features = serializers.BooleanField()
    of_all = serializers.IntegerField()
    counts = serializers.DictField(child=serializers.IntegerField())
    factor = serializers.FloatField()
    reason = serializers.CharField()


class ChanceSerializer(serializers.Serializer[Any]):
    """The chance (0…1) that it is finished by the end of a day."""

    at = serializers.DateField()
    chance = serializers.FloatField()


class FanSerializer(serializers.Serializer[Any]):
    """By rank: items finished by the end of each day in at least so many % of futures."""

    days = serializers.ListField(child=serializers.DateField())
    at_least = serializers.DictField(child=serializers.ListField(child=serializers.IntegerField()))


class BurnUpSerializer(serializers.Serializer[Any]):
    """Items there were and items finished, by day; `guessed` of the `total` are not there yet. Then the fan."""

    days = serializers.ListField(child=serializers.DateField())
    scope = serializers.ListField(child=serializers.IntegerField())
    done = serializers.ListField(child=serializers.IntegerField())
    guessed = serializers.IntegerField()
    total = serializers.IntegerField()
    fan = FanSerializer(allow_null=True)


class DeliverySerializer(serializers.Serializer[Any]):
    """`when`: by rank, the first day by whose end it is done in at least so many % of futures; null: beyond horizon.

    `chance` (0…1) is exact; `shown` is how it is to be shown.
    """

    id = serializers.CharField()
    name = serializers.CharField()
    items = serializers.IntegerField()
    sized_by = serializers.CharField()
    teams = serializers.ListField(child=serializers.CharField())
    due_on = serializers.DateField(allow_null=True)
    chance = serializers.FloatField(allow_null=True)
    shown = serializers.SerializerMethodField()
    when = serializers.DictField(child=serializers.DateField(allow_null=True))
    reason = serializers.CharField()
    is_done = serializers.BooleanField()
    finished_on = serializers.DateField(allow_null=True)
    parts = serializers.ListField(child=serializers.CharField())
    curve = ChanceSerializer(many=True)
    burn_up = BurnUpSerializer(allow_null=True)

    def get_shown(self, delivery: forecasts.Delivery) -> str:
        return forecasts.shown_chance(delivery.chance)


class HowManySerializer(serializers.Serializer[Any]):
    """By rank: the most items finished by the end of `by` in at least so many % of futures; chances of counts."""

    by = serializers.DateField()
    at_least = serializers.DictField(child=serializers.IntegerField())
    chances = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))
    fan = FanSerializer()


class AnswerSerializer(serializers.Serializer[Any]):
    """A forecast; `reason` says why there is none."""

    as_of = serializers.DateTimeField()
    today = serializers.DateField()
    horizon = serializers.DateField()
    engine = serializers.CharField()
    reason = serializers.CharField()
    notes = serializers.ListField(child=serializers.CharField())
    asked = serializers.DictField()
    teams = TeamSampleSerializer(many=True)
    deliveries = DeliverySerializer(many=True)
    how_many = HowManySerializer(allow_null=True)


class OutlookSerializer(serializers.Serializer[Any]):
    """A forecast, and what-if beside it (null: nothing was asked to be different)."""

    base = AnswerSerializer()
    variant = AnswerSerializer(allow_null=True)


def _question(asked: Asked, said: dict[str, Any]) -> forecasts.Question:
    what_if = forecasts.WhatIf(
        people=said["people"],
        throughput=said["throughput"],
        unblock=said["unblock"],
        drop_items=said["drop_items"],
        drop_features=tuple(said["drop_features"]),
        wip_limit=said.get("what_if_wip_limit"),
        team=said["team"],
    )
    return forecasts.Question(
        items=said.get("items"),
        by=said.get("by"),
        facets=asked.facets,
        share=said["share"],
        only_features=said["only_features"],
        wip_limit=said["wip_limit"],
        sample_days=said["sample_days"],
        ranks=asked.ranks,
        what_if=what_if,
    )


def _answered(ask: Callable[[], forecasts.Outlook]) -> forecasts.Outlook:
    """The outlook; 400 with messages by parameter for a question that cannot be answered."""
    try:
        return ask()
    except forecasts.BadQuestion as error:
        raise ValidationError({name: [text] for name, text in error.problems.items()}) from None


class ForecastView(APIView):
    """When is it finished, and how many by a day: exact, with what-if beside it."""

    @extend_schema(parameters=[SCOPE, AS_OF, *FACETS, RANKS, *QUESTION, *WHAT_IF], responses=OutlookSerializer)
    def get(self, request: Request) -> Response:
        given = QuestionSerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        outlook = forecasts.seen_by(_outlook(request, given.validated_data), cast(User, request.user))
        return Response(OutlookSerializer(outlook).data)


def _check_seen(what_if: forecasts.WhatIf, user: User) -> None:
    """400 for what is imagined of teams that are not open to the asker: the difference would tell of their work."""
    seen = Feature.objects.for_user(user).filter(pk__in=what_if.drop_features).values_list("pk", flat=True)
    if unknown := set(what_if.drop_features).difference(seen if what_if.drop_features else ()):
        raise ValidationError({"drop_features": [f"There is no feature {min(unknown)}."]})
    if what_if.team and not Team.objects.for_user(user).filter(slug=what_if.team).exists():
        raise ValidationError({"team": [f"There is no team “{what_if.team}”."]})


def _outlook(request: Request, said: dict[str, Any]) -> forecasts.Outlook:
    asked = asked_of(request)
    question, at, user = _question(asked, said), asked.as_of or timezone.now(), cast(User, request.user)
    _check_seen(question.what_if, user)
    if "feature" in said:
        feature = get_object_or_404(Feature.objects.for_user(user).select_related("team"), pk=said["feature"])
        return _answered(lambda: forecasts.ask_feature(feature, question, at))
    if "initiative" in said:
        initiative = get_object_or_404(Initiative.objects.for_user(user), slug=said["initiative"])
        return _answered(lambda: forecasts.ask_initiative(initiative, question, at))
    ask = forecasts.ask_plan if said.get("of") == "plan" else forecasts.ask_items
    return _answered(lambda: ask(asked.scope, question, at))


class ById(PagesById):
    """Pages by primary key, newest first."""

    ordering = "-pk"


class ForecastSerializer(serializers.ModelSerializer[Forecast]):
    """A forecast as it was committed to. `votes` is a mean; nobody's own vote is kept."""

    team = serializers.CharField(source="team.slug", default=None)
    stream = serializers.CharField(source="stream.slug", default=None)
    initiative = serializers.CharField(source="initiative.slug", default=None)

    class Meta:
        model = Forecast
        fields = [
            "id", "subject", "team", "stream", "feature", "initiative", "items", "due_on", "chance", "votes", "engine",
            "as_of", "made_at", "outcome", "finished_on", "decided_at",
        ]  # fmt: skip


class StoredSerializer(ForecastSerializer):
    """With the engine's inputs and result, and whether today's engine makes the same bytes (null: it is another).

    `inputs` and `result` are null for who may not see each team with a part in it.
    """

    is_reproduced = serializers.SerializerMethodField()
    inputs = serializers.SerializerMethodField()
    result = serializers.SerializerMethodField()

    class Meta(ForecastSerializer.Meta):
        fields = [*ForecastSerializer.Meta.fields, "inputs", "result", "is_reproduced"]

    def get_inputs(self, forecast: Forecast) -> str | None:
        return forecast.inputs if self._sees_all(forecast) else None

    def get_result(self, forecast: Forecast) -> str | None:
        return forecast.result if self._sees_all(forecast) else None

    def _sees_all(self, forecast: Forecast) -> bool:
        """Whether every team with a part in it is open to the asker: the texts hold their samples and features."""
        return not forecasts.hidden_from(forecasts.of_stored(forecast), self.context["request"].user)

    def get_is_reproduced(self, forecast: Forecast) -> bool | None:
        return forecasts.is_reproduced(forecast)


class CommitSerializer(serializers.Serializer[Any]):
    """One of team, stream (with `items`), feature and initiative, and the day by whose end it is to be finished."""

    team = serializers.SlugRelatedField(slug_field="slug", queryset=Team.objects.none(), required=False)
    stream = serializers.SlugRelatedField(slug_field="slug", queryset=ValueStream.objects.none(), required=False)
    feature = serializers.PrimaryKeyRelatedField(queryset=Feature.objects.none(), required=False)
    initiative = serializers.SlugRelatedField(slug_field="slug", queryset=Initiative.objects.none(), required=False)
    items = serializers.IntegerField(required=False)
    due_on = serializers.DateField()
    share = serializers.IntegerField(default=100)
    only_features = serializers.BooleanField(allow_null=True, default=None)
    wip_limit = serializers.IntegerField(default=1)
    sample_days = serializers.IntegerField(default=forecasts.SAMPLE_DAYS)
    votes = serializers.ListField(child=serializers.FloatField(), required=False)
    confidence = serializers.FloatField(required=False)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        user = self.context["request"].user if "request" in self.context else None
        for name, model in (("team", Team), ("stream", ValueStream), ("feature", Feature), ("initiative", Initiative)):
            if user is not None:
                cast(Any, fields[name]).queryset = cast(Any, model).objects.for_user(user)
        return fields

    def create(self, validated_data: dict[str, Any]) -> Forecast:
        names = ("share", "only_features", "wip_limit", "sample_days")
        question = forecasts.Question(**{name: validated_data.pop(name) for name in names})
        actor = self.context["request"].user
        return _verb(lambda: actions.commit_forecast(actor=actor, question=question, **validated_data))

    def to_representation(self, instance: Forecast) -> dict[str, Any]:
        return StoredSerializer(instance, context=self.context).data


def _verb(do: Callable[[], Forecast]) -> Forecast:
    try:
        return do()
    except Refused as error:
        raise ValidationError(error.message_dict if hasattr(error, "error_dict") else error.messages) from error


class ForecastViewSet(
    mixins.CreateModelMixin, mixins.RetrieveModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Forecast]
):
    """Forecasts that somebody committed to."""

    pagination_class = ById

    def get_queryset(self) -> QuerySet[Forecast]:
        if getattr(self, "swagger_fake_view", False):
            return Forecast.objects.none()
        rows = forecasts.stored_for(cast(User, self.request.user))
        outcome = self.request.query_params.get("outcome", "")
        if outcome and outcome not in Outcome.values:
            raise ValidationError({"outcome": [f"There is no outcome “{outcome}”: {', '.join(Outcome.values)}."]})
        return rows.filter(outcome=outcome) if outcome else rows

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Forecast]]:
        by_action = {"create": CommitSerializer, "list": ForecastSerializer}
        return cast(type[serializers.BaseSerializer[Forecast]], by_action.get(self.action, StoredSerializer))

    @extend_schema(parameters=[OpenApiParameter("outcome", str, enum=Outcome.values)])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=CommitSerializer, responses={201: StoredSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)

    @extend_schema(request=None, responses=StoredSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """The question became void: it is never scored."""
        return self._done(request, actions.withdraw_forecast)

    @extend_schema(request=None, responses=StoredSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Undo of a withdrawal."""
        return self._done(request, actions.reopen_forecast)

    def _done(self, request: Request, verb: Callable[..., Forecast]) -> Response:
        forecast = self.get_object()
        row = _verb(lambda: verb(actor=request.user, forecast=forecast))
        return Response(StoredSerializer(row, context=self.get_serializer_context()).data, status=status.HTTP_200_OK)
