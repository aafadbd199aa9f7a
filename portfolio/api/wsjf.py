"""WSJF for programs: the order, ranks by hand, scoring sessions."""

from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from portfolio import actions
from portfolio.api.base import ById, Seen, VerbMixin
from portfolio.formulas.wsjf import PARTS
from portfolio.models import SCORES, WSJF_PARTS, Initiative, ScoringSession, ValueStream
from portfolio.queries import ranking, scoring


class RankedSerializer(serializers.Serializer[Any]):
    """`rank` is its place, `computed_rank` the one by WSJF alone; `wsjf` is null until all four parts are scored."""

    initiative = serializers.SlugField()
    name = serializers.CharField()
    rank = serializers.IntegerField()
    computed_rank = serializers.IntegerField(allow_null=True)
    wsjf = serializers.FloatField(allow_null=True)
    business_value = serializers.IntegerField(allow_null=True)
    time_criticality = serializers.IntegerField(allow_null=True)
    risk_reduction = serializers.IntegerField(allow_null=True)
    job_size = serializers.IntegerField(allow_null=True)
    manual_rank = serializers.IntegerField(allow_null=True)
    manual_rank_reason = serializers.CharField()


class OddSerializer(serializers.Serializer[Any]):
    part = serializers.ChoiceField(choices=list(PARTS))
    text = serializers.CharField()


class RankingSerializer(serializers.Serializer[Any]):
    """Open initiatives, the first first, and what is odd about their scores."""

    initiatives = RankedSerializer(many=True)
    warnings = OddSerializer(many=True)


def _ranked(row: ranking.Ranked) -> dict[str, Any]:
    one, rank = row
    scores = {part: getattr(one, part) for part in WSJF_PARTS}
    return {
        "initiative": one.slug,
        "name": one.name,
        "rank": rank.place,
        "computed_rank": rank.computed,
        "wsjf": None if rank.value is None else float(rank.value),
        **scores,
        "manual_rank": one.manual_rank,
        "manual_rank_reason": one.manual_rank_reason,
    }


class WsjfView(APIView):
    """The order of WSJF."""

    @extend_schema(parameters=[OpenApiParameter("stream", OpenApiTypes.STR)], responses=RankingSerializer)
    def get(self, request: Request) -> Response:
        """Open initiatives, of the value stream `stream` or of all that you see, ranked among each other."""
        user, slug = cast(User, request.user), request.query_params.get("stream", "").replace("\0", "")
        stream = get_object_or_404(ValueStream.objects.for_user(user), slug=slug) if slug else None
        found = ranking.ranking(user, stream)
        warnings = [one._asdict() for one in found.warnings]
        return Response({"initiatives": [_ranked(row) for row in found.rows], "warnings": warnings})


class ScoringSerializer(serializers.ModelSerializer):
    """A session; without `stream` it is over initiatives of several value streams."""

    stream = Seen(slug_field="slug", queryset=ValueStream.objects.all(), required=False, allow_null=True)
    initiatives = Seen(slug_field="slug", queryset=Initiative.objects.all(), many=True)

    class Meta:
        model = ScoringSession
        fields = ["id", "name", "stream", "initiatives", "part", "is_revealed", "opened_at", "closed_at", "version"]
        read_only_fields = ["part", "is_revealed", "opened_at", "closed_at", "version"]


class ScoreSerializer(serializers.Serializer[Any]):
    initiative = serializers.SlugField()
    part = serializers.ChoiceField(choices=list(PARTS))
    score = serializers.ChoiceField(choices=SCORES)


class AgreeSerializer(ScoreSerializer):
    """`version` is that of the agreed score that you saw, 0 when there was none; without it, yours counts."""

    version = serializers.IntegerField(required=False, min_value=0)


class RevealSerializer(serializers.Serializer[Any]):
    is_revealed = serializers.BooleanField(default=True)


@extend_schema_serializer(component_name="WsjfPart")
class PartSerializer(serializers.Serializer[Any]):
    part = serializers.ChoiceField(choices=list(PARTS))


@extend_schema_serializer(component_name="ScoringClose")
class CloseSerializer(serializers.Serializer[Any]):
    """`write`: what was agreed on goes to the initiatives."""

    write = serializers.BooleanField(default=True)


class SpreadSerializer(serializers.Serializer[Any]):
    """Revealed scores as [score, how often], and how many steps of the scale lie between the lowest and the highest."""

    counts = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))
    low = serializers.IntegerField()
    high = serializers.IntegerField()
    middle = serializers.IntegerField()
    steps = serializers.IntegerField()


class LineSerializer(serializers.Serializer[Any]):
    """`own` is your score, `count` how many there are; `spread` is null until the part is revealed."""

    initiative = serializers.SlugField(source="initiative.slug")
    own = serializers.IntegerField(allow_null=True)
    count = serializers.IntegerField()
    spread = SpreadSerializer(allow_null=True)
    agreed = serializers.IntegerField(allow_null=True)
    version = serializers.IntegerField()


class RoundSerializer(serializers.Serializer[Any]):
    """A session at the part that is being scored."""

    session = ScoringSerializer()
    lines = LineSerializer(many=True)
    people = serializers.IntegerField()


class ScoringViewSet(
    VerbMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.ListModelMixin,
    viewsets.GenericViewSet,
):
    """Scoring sessions: people score one part of WSJF at a time; what they gave is hidden until it is revealed."""

    serializer_class = ScoringSerializer
    pagination_class = ById
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[ScoringSession]:
        return scoring.sessions_for(cast(User, self.request.user)).prefetch_related("initiatives")

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.open_session, **serializer.validated_data)

    def _answer(self) -> Response:
        found = scoring.round_of(self.get_object(), cast(User, self.request.user))
        return Response(RoundSerializer(found, context=self.get_serializer_context()).data)

    def _given(self, kind: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        given = kind(data=self.request.data)
        given.is_valid(raise_exception=True)
        return cast("dict[str, Any]", given.validated_data)

    def _score(self, kind: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The session, the initiative (among its own) and the score that were sent."""
        given, session = self._given(kind), self.get_object()
        thing = session.initiatives.filter(slug=given["initiative"]).first()
        if thing is None:
            raise ValidationError({"initiative": ["It is not part of this session."]})
        return given | {"session": session, "initiative": thing, "score": int(given["score"])}

    @extend_schema(responses=RoundSerializer)
    @action(detail=True, methods=["get"])
    def round(self, request: Request, pk: str) -> Response:
        """The part that is being scored: your scores, and everybody's once they are revealed."""
        return self._answer()

    @extend_schema(request=ScoreSerializer, responses=RoundSerializer)
    @action(detail=True, methods=["post"])
    def estimate(self, request: Request, pk: str) -> Response:
        """Give your own score."""
        self.do(actions.estimate, **self._score(ScoreSerializer))
        return self._answer()

    @extend_schema(request=RevealSerializer, responses=RoundSerializer)
    @action(detail=True, methods=["post"])
    def reveal(self, request: Request, pk: str) -> Response:
        """Show everybody's scores of the part, or hide them again."""
        self.do(actions.reveal, session=self.get_object(), **self._given(RevealSerializer))
        return self._answer()

    @extend_schema(request=AgreeSerializer, responses=RoundSerializer)
    @action(detail=True, methods=["post"])
    def agree(self, request: Request, pk: str) -> Response:
        """Settle on a score. 409 when somebody settled on another one since the version that you saw."""
        self.do(actions.agree, **self._score(AgreeSerializer))
        return self._answer()

    @extend_schema(request=PartSerializer, responses=RoundSerializer)
    @action(detail=True, methods=["post"])
    def part(self, request: Request, pk: str) -> Response:
        """Go on to another part."""
        self.do(actions.score_part, session=self.get_object(), **self._given(PartSerializer))
        return self._answer()

    @extend_schema(request=CloseSerializer, responses=RoundSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """End the session and write what was agreed on to the initiatives."""
        self.do(actions.close_session, session=self.get_object(), **self._given(CloseSerializer))
        return self._answer()
