"""Lines of ledgers: read by quarter, posted by key."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.imports import Problem, Row
from funding import actions
from funding.api.base import ASKED, asked_of
from funding.ledgers import read_lines
from funding.models import LedgerEntry
from funding.queries.ledger import lines_of
from portfolio.api.base import ById, VerbMixin
from portfolio.rules import WORDS, can_somewhere

# As many as an import takes in a file of some size; more go by import.
MOST_LINES = 1000


class LedgerSerializer(serializers.ModelSerializer[LedgerEntry]):
    stream = serializers.CharField(source="stream.slug")
    initiative = serializers.CharField(source="initiative.slug", default=None)

    class Meta:
        model = LedgerEntry
        fields = ["id", "key", "posted_on", "amount", "stream", "initiative", "horizon", "text"]


class PostLineSerializer(serializers.Serializer[Any]):
    """A line as an import reads it: amounts and days as text, `initiative` and `stream` by short name or name."""

    key = serializers.CharField(max_length=200)
    posted_on = serializers.CharField(max_length=20)
    amount = serializers.CharField(max_length=40)
    stream = serializers.CharField(max_length=120)
    initiative = serializers.CharField(max_length=200, required=False, allow_blank=True)
    horizon = serializers.CharField(max_length=40, required=False, allow_blank=True)
    text = serializers.CharField(max_length=300, required=False, allow_blank=True)
    currency = serializers.CharField(max_length=20, required=False, allow_blank=True)


class PostLinesSerializer(serializers.Serializer[Any]):
    lines = PostLineSerializer(many=True, allow_empty=False, max_length=MOST_LINES)  # type: ignore[call-arg]


class PostedSerializer(serializers.Serializer[Any]):
    created = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()


class LedgerList(VerbMixin, generics.ListAPIView[LedgerEntry]):
    """The lines of a quarter's ledgers; POST adds lines, and changes those whose key is known."""

    serializer_class = LedgerSerializer
    pagination_class = ById

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return LedgerEntry.objects.none()
        asked = asked_of(self.request)
        last = min(asked.quarter.last, timezone.localdate(asked.at))
        return lines_of(asked.streams, asked.quarter.first, last)

    @extend_schema(parameters=ASKED)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The lines posted in a quarter by as_of."""
        return super().get(request, *args, **kwargs)

    @extend_schema(request=PostLinesSerializer, responses=PostedSerializer)
    def post(self, request: Request) -> Response:
        """Post lines, all or none; problems are told by the place of the line (1 is the first) and its field."""
        if not can_somewhere(request.user, "manage_money"):
            raise PermissionDenied(WORDS["manage_money"])
        given = PostLinesSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        rows = [Row(place, line) for place, line in enumerate(given.validated_data["lines"], 1)]
        lines, problems = read_lines(rows, request.user, "")
        if problems:
            raise serializers.ValidationError({"lines": [_told(problem) for problem in problems]})
        self.save_by(given, actions.post_ledger, lines=list(lines.values()))
        return Response(PostedSerializer(given.instance).data, status=status.HTTP_200_OK)


def _told(problem: Problem) -> dict[str, Any]:
    return {"line": problem.line, "field": problem.column, "message": problem.message}
