"""What data propose, for programs: read, accepted, dismissed, proposed again."""

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from impediments import proposals
from impediments.api.shapes import MOST_ITEMS, MOST_WORDS, DayOrInstant, Items
from impediments.models import Answer, Category, Proposal
from impediments.queries.proposals import line_of, proposals_for
from portfolio.api.base import ById, Seen, VerbMixin
from portfolio.models import Team


class EvidenceSerializer(serializers.Serializer[Any]):
    """An item that a proposal rests on, and why it counts; those of teams that you may not see are left out."""

    item = serializers.IntegerField()
    key = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()


class ProposalSerializer(serializers.ModelSerializer):
    """An impediment that nobody logged. `hidden` items are of teams that you may not see."""

    stream: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    team: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    evidence = serializers.SerializerMethodField()

    class Meta:
        model = Proposal
        fields = ["id", "trigger", "stream", "team", "what", "why", "category", "evidence", "since_at", "found_at"]
        fields += ["seen_at", "state", "answered_by", "answered_at", "answer_reason", "impediment"]
        read_only_fields = fields

    @extend_schema_field(EvidenceSerializer(many=True))
    def get_evidence(self, row: Proposal) -> Any:
        lines = line_of(cast(User, self.context["request"].user), row).evidence
        names = ("item", "key", "title", "text")
        return [{name: line.get(name, "") for name in names} for line in lines]


class AcceptSerializer(serializers.Serializer[Any]):
    """What is not given is as it was proposed."""

    what = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=MOST_WORDS, required=False, allow_blank=True)
    category = serializers.ChoiceField(Category.choices, required=False)
    team = Seen(slug_field="slug", queryset=Team.objects.all(), required=False)
    since = DayOrInstant(required=False)
    items = Items(required=False, max_length=MOST_ITEMS)
    asked = serializers.CharField(max_length=300, required=False, allow_blank=True)
    promised_on = serializers.DateField(required=False, allow_null=True)


class DismissProposalSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True)


STATE = OpenApiParameter("state", str, enum=Answer.values)


@extend_schema(parameters=[STATE])
class ProposalViewSet(VerbMixin, viewsets.ReadOnlyModelViewSet[Proposal]):
    """Impediments that data show and nobody logged: one open per cause."""

    serializer_class = ProposalSerializer
    pagination_class = ById
    queryset = Proposal.objects.none()

    def get_queryset(self) -> QuerySet[Proposal]:
        rows = proposals_for(cast(User, self.request.user)).order_by("pk")
        state = self.request.query_params.get("state", "") if self.action == "list" else ""
        if state and state not in Answer.values:
            raise ValidationError({"state": [f"“{state[:40]}” is none of {', '.join(Answer.values)}."]})
        return rows.filter(state=state) if state else rows

    def _answer(self, given: serializers.Serializer[Any], verb: Any) -> Response:
        row = self.get_object()
        given.is_valid(raise_exception=True)
        self.save_by(given, verb, proposal=row, **given.validated_data)
        return Response(self.get_serializer(self.get_queryset().get(pk=row.pk)).data)

    @extend_schema(request=AcceptSerializer, responses=ProposalSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """Log it; 409 when it was answered meanwhile."""
        given = AcceptSerializer(data=request.data, context=self.get_serializer_context())
        return self._answer(given, proposals.accept_proposal)

    @extend_schema(request=DismissProposalSerializer, responses=ProposalSerializer)
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, pk: str) -> Response:
        """It is none: its items count no more for this cause."""
        return self._answer(DismissProposalSerializer(data=request.data), proposals.dismiss_proposal)

    @extend_schema(request=None, responses=ProposalSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Undo of a dismissal."""
        return self._answer(serializers.Serializer(data={}), proposals.restore_proposal)
