"""What supports what, which work moves what, and votes of confidence, for programs."""

from typing import Any, cast

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from okrs import actions
from okrs.api.base import SeenKeyResult, SeenObjective, asker, seen_key_results, seen_objectives
from okrs.models import Contribution, KeyResult, Objective, Poll, Support
from okrs.queries.objective import votes_of
from portfolio.api.base import ById, Seen, VerbMixin, without
from portfolio.models import Feature, Initiative


class Lines(
    VerbMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    viewsets.GenericViewSet,
):
    """Lines are drawn and taken away."""

    pagination_class = ById


class SupportSerializer(serializers.ModelSerializer):
    """`objective` supports the objective `above`, or one `key_result` of it."""

    objective = SeenObjective(queryset=Objective.objects.all())
    above = SeenObjective(queryset=Objective.objects.all(), required=False, allow_null=True)
    key_result = SeenKeyResult(queryset=KeyResult.objects.all(), required=False, allow_null=True)

    class Meta:
        model = Support
        fields = ["id", "objective", "above", "key_result"]
        validators: list[Any] = []


class SupportViewSet(Lines):
    """The alignment of objectives. Circles are refused."""

    serializer_class = SupportSerializer
    filterset_fields = ["objective", "above", "key_result"]

    def get_queryset(self) -> QuerySet[Support]:
        seen = seen_objectives(asker(self.request)).order_by().values("pk")
        above = Q(above__in=seen) | Q(key_result__objective__in=seen)
        return Support.objects.filter(above, objective__in=seen).select_related(
            "objective__cycle", "above", "key_result"
        )

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.link_support, **serializer.validated_data)

    def perform_destroy(self, instance: Support) -> None:
        self.do(actions.unlink_support, support=instance)


class SeenFeature(serializers.PrimaryKeyRelatedField):
    """A feature by its number, among those the asker may see."""

    def get_queryset(self) -> "QuerySet[Feature]":
        return Feature.objects.for_user(self.context["request"].user)


class ContributionSerializer(serializers.ModelSerializer):
    """`lift` is how far the value moves when the work lands, in the key result's unit, signed as it moves."""

    key_result = SeenKeyResult(queryset=KeyResult.objects.all())
    initiative = Seen(slug_field="slug", queryset=Initiative.objects.all(), required=False, allow_null=True)
    feature = SeenFeature(queryset=Feature.objects.all(), required=False, allow_null=True)

    class Meta:
        model = Contribution
        fields = ["id", "key_result", "initiative", "feature", "lift", "note"]
        validators: list[Any] = []


class ContributionViewSet(mixins.UpdateModelMixin, Lines):
    """Initiatives and features that should move key results."""

    serializer_class = ContributionSerializer
    filterset_fields = ["key_result", "initiative", "feature"]
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[Contribution]:
        user = asker(self.request)
        work = Q(initiative__in=Initiative.objects.for_user(user).order_by().values("pk"))
        work |= Q(feature__in=Feature.objects.for_user(user).order_by().values("pk"))
        key_results = seen_key_results(user).order_by().values("pk")
        places = ("key_result__objective__cycle", "key_result__objective__team__stream", "initiative", "feature")
        return Contribution.objects.filter(work, key_result__in=key_results).select_related(*places)

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.link_contribution, **serializer.validated_data)

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        line = cast(Contribution, serializer.instance)
        given = without(serializer.validated_data, "key_result", "initiative", "feature")
        fields = {"lift": line.lift, "note": line.note} | given
        self.save_by(serializer, actions.change_contribution, contribution=line, **fields)

    def perform_destroy(self, instance: Contribution) -> None:
        self.do(actions.unlink_contribution, contribution=instance)


class PollSerializer(serializers.ModelSerializer):
    """`given` is how many voted, `mine` your own. `votes` (confidence: how many) and `mean` once it is revealed."""

    objective = SeenObjective(queryset=Objective.objects.all())

    class Meta:
        model = Poll
        fields = ["id", "objective", "opened_at", "revealed_at"]
        read_only_fields = ["opened_at", "revealed_at"]
        validators: list[Any] = []

    def to_representation(self, instance: Poll) -> dict[str, Any]:
        known = votes_of(instance, self.context["request"].user)
        votes = {str(number): count for number, count in known.counts} if instance.revealed_at else None
        figures = {"given": known.given, "mine": known.mine, "votes": votes, "mean": known.mean}
        return super().to_representation(instance) | figures


class VoteSerializer(serializers.Serializer[Any]):
    """From 0 (no hope) to 10 (certain)."""

    confidence = serializers.IntegerField(min_value=0, max_value=10)


class PollViewSet(Lines):
    """Votes of confidence; what was voted is hidden until it is revealed. Deleting withdraws one without votes."""

    serializer_class = PollSerializer
    filterset_fields = ["objective"]

    def get_queryset(self) -> QuerySet[Poll]:
        seen = seen_objectives(asker(self.request)).order_by().values("pk")
        places = ("objective__cycle", "objective__team__stream", "objective__stream", "objective__owner")
        return Poll.objects.filter(objective__in=seen).select_related(*places).prefetch_related("votes")

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.open_poll, **serializer.validated_data)

    def perform_destroy(self, instance: Poll) -> None:
        self.do(actions.drop_poll, poll=instance)

    @extend_schema(request=VoteSerializer, responses=PollSerializer)
    @action(detail=True, methods=["post"])
    def vote(self, request: Request, pk: str) -> Response:
        """Give your confidence, or change it."""
        given = VoteSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        poll = self.get_object()
        self.do(actions.vote, poll=poll, **given.validated_data)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None, responses=PollSerializer)
    @action(detail=True, methods=["post"])
    def reveal(self, request: Request, pk: str) -> Response:
        """Show the votes, which ends the vote."""
        poll = self.get_object()
        self.do(actions.reveal, poll=poll)
        return Response(self.get_serializer(self.get_object()).data)
