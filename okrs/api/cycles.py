"""Cycles for programs."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from okrs import actions
from okrs.models import Cycle
from portfolio.api.base import NoDelete, without


class CycleSerializer(serializers.ModelSerializer):
    """Both days belong to it. A quarter or a year is a calendar one; anything else is `own`."""

    slug = serializers.SlugField(required=False, max_length=60)

    class Meta:
        model = Cycle
        fields = ["id", "slug", "name", "kind", "starts_on", "ends_on", "closed_at"]
        read_only_fields = ["closed_at"]


class CycleViewSet(NoDelete):
    """The periods that objectives are set for."""

    serializer_class = CycleSerializer
    lookup_field = "slug"
    queryset = Cycle.objects.all()

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.create_cycle, **serializer.validated_data)

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        cycle, given = serializer.instance, without(serializer.validated_data, "slug")
        names = ("name", "kind", "starts_on", "ends_on")
        fields = {name: given.get(name, getattr(cycle, name)) for name in names}
        self.save_by(serializer, actions.change_cycle, cycle=cycle, **fields)

    @extend_schema(request=None, responses=CycleSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, slug: str) -> Response:
        """Close a cycle whose objectives are closed."""
        return self._done(actions.close_cycle)

    @extend_schema(request=None, responses=CycleSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, slug: str) -> Response:
        """Let it take objectives and check-ins again."""
        return self._done(actions.reopen_cycle)

    def _done(self, verb: Any) -> Response:
        serializer = self.get_serializer(self.get_object())
        self.save_by(serializer, verb, cycle=serializer.instance)
        return Response(self.get_serializer(serializer.instance).data)
