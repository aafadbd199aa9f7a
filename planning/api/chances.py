"""Landing chances and the repair of a plan for programs."""

from typing import Any, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from planning import chances
from planning.actions.repair import Move, apply_moves
from planning.api.base import VersionField
from planning.api.board import LogLineSerializer, find
from planning.models import CardChance, ObjectiveChance, Reckoning
from planning.queries.repair import Proposal, Side, propose
from planning.rules import reach
from portfolio.api.base import VerbMixin


class ChancesView(APIView):
    """The landing chances of a plan: 0 to 1, uncapped; null with the reason. `number`: of which line of the log."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, slug: str) -> Response:
        """Cards, objectives and the expected business value of what is committed."""
        increment = find(request, slug)
        row = Reckoning.objects.filter(increment=increment).first()
        cards = CardChance.objects.filter(card__increment=increment, card__removed_at=None).order_by("card")
        goals = ObjectiveChance.objects.filter(objective__increment=increment, objective__removed_at=None)
        return Response(
            {
                "number": row.number if row else None,
                "is_behind": row is None or row.number < increment.number,
                "made_at": row.made_at if row else None,
                "engine": row.engine if row else "",
                "cards": [{"card": one.card_id} | _chance(one) for one in cards],
                "objectives": [{"objective": one.objective_id} | _chance(one) for one in goals.order_by("objective")],
                "value": chances.value_of(row),
            }
        )


def _chance(row: CardChance | ObjectiveChance) -> dict[str, Any]:
    return {"chance": row.chance, "reason": row.reason, "note": row.note}


class RepairMoveSerializer(serializers.Serializer[Any]):
    card = serializers.IntegerField(min_value=1)
    iteration = serializers.IntegerField(min_value=1)
    version = VersionField()


class RepairSerializer(serializers.Serializer[Any]):
    """Moves of a repair, done all or none."""

    moves = RepairMoveSerializer(many=True, allow_empty=False)


class RepairView(VerbMixin, APIView):
    """The smallest set of moves that clears conflicts and overload."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, slug: str) -> Response:
        """The proposal: nothing is written."""
        increment = find(request, slug)
        return Response(_proposal(propose(increment, reach(cast(User, request.user), increment))))

    @extend_schema(request=RepairSerializer, responses=LogLineSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Make moves of it: one line of the log. 409 when a card was changed since."""
        given = RepairSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        moves = [Move(one["card"], one["iteration"], one["version"]) for one in given.validated_data["moves"]]
        self.save_by(given, apply_moves, increment=find(request, slug), moves=moves)
        return Response(LogLineSerializer(given.instance).data if given.instance else None)


def _proposal(found: Proposal) -> dict[str, Any]:
    return {
        "number": found.number,
        "is_proven": found.is_proven,
        "moves": [
            {"card": one.card.pk, "version": one.card.version, "lane": one.lane.pk, "iteration": one.target.pk}
            | {"from": one.origin.pk, "may": one.may}
            for one in found.moves
        ],
        "before": _side(found.before),
        "after": _side(found.after),
        "left": list(found.left),
    }


def _side(side: Side) -> dict[str, Any]:
    value = {"expected_value": side.expected.expected, "committed_value": side.expected.committed}
    return {"conflicts": side.conflicts, "overloads": side.overloads, "misplaced": side.misplaced} | value
