"""Participatory budgeting for programs: the same verbs and rights as the pages."""

from typing import Any, cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from funding import actions
from funding.models import Event
from funding.queries import events as queries
from portfolio.api.base import NoDelete, Seen
from portfolio.models import Initiative
from portfolio.rules import can


class EventSerializer(serializers.ModelSerializer[Event]):
    """`groups` with what each funds, for those who see the portfolio's money and for everybody once it is closed;
    `seat` is one's own share, what is left of it, and the items as one's group stands.
    """

    budget = serializers.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        model = Event
        fields = ["id", "name", "description", "budget", "opened_at", "closed_at"]
        read_only_fields = ["opened_at", "closed_at"]

    def to_representation(self, instance: Event) -> dict[str, Any]:
        user = cast(User, self.context["request"].user)
        about = super().to_representation(instance)
        seat = queries.seat_of(instance, user)
        if can(user, "see_money") or instance.closed_at:
            board = queries.board(instance)
            about["groups"] = [_group(column, board) for column in board.groups]
        return about | {"items": _items(instance), "seat": _seat(seat) if seat else None}


def _items(event: Event) -> list[dict[str, Any]]:
    rows = event.items.values_list("pk", "initiative__slug", "cost")
    return [{"id": pk, "initiative": slug, "cost": str(cost)} for pk, slug, cost in rows]


def _group(column: queries.GroupColumn, board: queries.Board) -> dict[str, Any]:
    found = column.outcome
    return {
        "id": column.group.pk,
        "name": column.group.name,
        "people": column.people,
        "share": str(column.share),
        "funded": [line.item.initiative.slug for line in board.lines if line.item.pk in found.funded],
        "spent": str(found.spent),
        "pledged_in_vain": str(found.partial),
        "left": str(found.left),
    }


def _seat(seat: queries.MySeat) -> dict[str, Any]:
    items = [
        {"item": one.item.pk, "group": str(one.group), "mine": str(one.mine), "missing": str(one.missing)}
        for one in seat.items
    ]
    return {"group": seat.seat.group.name, "share": str(seat.share), "left": str(seat.left), "items": items}


@extend_schema_serializer(component_name="EventItem")
class ItemSerializer(serializers.Serializer[Any]):
    """`cost` null: what the initiative is estimated to cost. The same initiative again changes its cost."""

    initiative = Seen(slug_field="slug", queryset=Initiative.objects.all())
    cost = serializers.DecimalField(max_digits=14, decimal_places=2, required=False, allow_null=True, default=None)


class GroupSerializer(serializers.Serializer[Any]):
    """The same name again: its people are these."""

    name = serializers.CharField(max_length=80)
    people = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True), many=True)


class PledgeSerializer(serializers.Serializer[Any]):
    """What one puts on an item instead of what one had put there; 0 takes it back."""

    item = serializers.IntegerField(min_value=1)
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0)


class EventViewSet(NoDelete):
    """Events of participatory budgeting: those one prepares, or has a seat in."""

    serializer_class = EventSerializer

    def get_queryset(self) -> QuerySet[Event]:
        return queries.events_for(cast(User, self.request.user))

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.create_event, **serializer.validated_data)

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.change_event, event=serializer.instance, **serializer.validated_data)

    def _done(self, given: type[serializers.Serializer[Any]] | None, verb: Any, **fields: Any) -> Response:
        event = self.get_object()
        if given is not None:
            sent = given(data=self.request.data, context=self.get_serializer_context())
            sent.is_valid(raise_exception=True)
            fields |= sent.validated_data
        self.do(verb, event=event, **fields)
        return Response(self.get_serializer(self.get_queryset().get(pk=event.pk)).data)

    @extend_schema(request=ItemSerializer, responses=EventSerializer)
    @action(detail=True, methods=["post"])
    def items(self, request: Request, pk: str) -> Response:
        """Put an initiative up for funding."""
        return self._done(ItemSerializer, actions.set_item)

    @extend_schema(request=GroupSerializer, responses=EventSerializer)
    @action(detail=True, methods=["post"])
    def groups(self, request: Request, pk: str) -> Response:
        """Seat people in a group."""
        return self._done(GroupSerializer, actions.set_group)

    @extend_schema(request=None, responses=EventSerializer)
    @action(detail=True, methods=["post"])
    def open(self, request: Request, pk: str) -> Response:
        """From now on people pledge; items, groups and budget stay."""
        return self._done(None, actions.open_event)

    @extend_schema(request=None, responses=EventSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """For good."""
        return self._done(None, actions.close_event)

    @extend_schema(request=PledgeSerializer, responses=EventSerializer)
    @action(detail=True, methods=["post"])
    def pledge(self, request: Request, pk: str) -> Response:
        """Put a part of one's share on an item: never more than is left of it, nor than the item needs."""
        event = self.get_object()
        given = PledgeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        item = get_object_or_404(event.items.select_related("initiative"), pk=given.validated_data["item"])
        self.do(actions.pledge, item=item, amount=given.validated_data["amount"])
        return Response(self.get_serializer(event).data)
