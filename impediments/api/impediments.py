"""Impediments by the API: read, logged, changed, and every step that the pages have."""

import re
from datetime import datetime, time
from typing import Any, cast

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from impediments import actions
from impediments.api import shapes
from impediments.models import Category, Impediment, State, Via
from impediments.queries.listing import ALL, OPEN, Asked, found, old_enough
from impediments.queries.rows import seen
from portfolio.api.base import NoDelete, without
from portfolio.api.decisions import DecisionSerializer
from portfolio.api.improvements import ActionSerializer
from portfolio.forms.asked import read_day
from portfolio.models import Team, ValueStream

PARAMETERS = [
    OpenApiParameter("state", str, enum=[*State.values, OPEN, ALL], description="default: all"),
    OpenApiParameter("level", int, enum=[1, 2, 3, 4]),
    OpenApiParameter("category", str, enum=Category.values),
    OpenApiParameter("stream", str, description="slug"),
    OpenApiParameter("team", str, description="slug"),
    OpenApiParameter("owner", str, description="id of a person, `me`, or `none`: nobody acts yet"),
    OpenApiParameter("age", int, description="at least so many working days"),
    OpenApiParameter("as_of", str, description="The end of a day such as 2026-02-14; default: now."),
]


def instant_of(request: Request) -> tuple[datetime, bool]:
    """The instant that `as_of` names, and whether it is past. Raises ValidationError in words."""
    said = request.query_params.get("as_of", "")
    try:
        day = read_day(said, timezone.localdate()) if said else None
    except ValueError as error:
        raise ValidationError({"as_of": [str(error)]}) from error
    return (timezone.make_aware(datetime.combine(day, time.max)), True) if day else (timezone.now(), False)


def _one_of(request: Request, name: str, allowed: list[str]) -> str:
    """A parameter that must be one of these, when it is given."""
    said = request.query_params.get(name, "")
    if said and said not in allowed:
        raise ValidationError({name: [f"“{said[:40]}” is none of {', '.join(allowed)}."]})
    return said


def asked_of(request: Request) -> Asked:
    """What of the list is asked for."""
    user = cast(User, request.user)
    level = _one_of(request, "level", ["1", "2", "3", "4"])
    return Asked(
        level=int(level) if level else None,
        category=_one_of(request, "category", list(Category.values)),
        stream=_place(request, "stream", ValueStream.objects.for_user(user)),
        team=_place(request, "team", Team.objects.for_user(user)),
        owner=_owner(request),
        age=_number(request, "age"),
        state=_one_of(request, "state", [*State.values, OPEN, ALL]) or ALL,
    )


def _place(request: Request, name: str, rows: QuerySet[Any]) -> Any:
    slug = request.query_params.get(name, "").replace("\0", "")
    place = rows.filter(slug=slug).first() if slug else None
    if slug and place is None:
        raise ValidationError({name: [f"There is no {name} “{slug[:40]}” for you."]})
    return place


def _number(request: Request, name: str) -> int:
    """A whole number; 0 when it is not given."""
    said = request.query_params.get(name, "")
    if said and not re.fullmatch(r"[0-9]{1,9}", said):
        raise ValidationError({name: [f"“{said[:40]}” is no whole number."]})
    return int(said or 0)


def _owner(request: Request) -> int | str | None:
    """Whose impediments; None: everybody's."""
    said = request.query_params.get("owner", "")
    if said in ("me", "none"):
        return said if said == "none" else cast(User, request.user).pk
    return _number(request, "owner") if said else None


@extend_schema(parameters=PARAMETERS)
class ImpedimentViewSet(NoDelete):
    """Impediments: what slows teams down. They are resolved, not deleted."""

    serializer_class = shapes.ImpedimentSerializer
    queryset = Impediment.objects.none()

    def get_queryset(self) -> QuerySet[Impediment]:
        user = cast(User, self.request.user)
        if getattr(self, "swagger_fake_view", False):
            return Impediment.objects.none()
        at, is_past = self._instant()
        if self.action != "list":
            return seen(user, at)
        asked = asked_of(self.request)
        return old_enough(found(user, asked, at, is_past=is_past), asked, at).order_by("pk")

    def _instant(self) -> tuple[datetime, bool]:
        """Only reading looks at the past."""
        is_read = self.request.method in ("GET", "HEAD")
        return instant_of(self.request) if is_read else (timezone.now(), False)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self._data(list(page or []), many=True))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self._data(self.get_object()))

    def _data(self, what: Any, *, many: bool = False) -> Any:
        """Impediments as programs read them, with their figures."""
        at, is_past = self._instant()
        ones = what if many else [what]
        shown = shapes.shown(ones, cast(User, self.request.user), at, is_past=is_past)
        context = {**self.get_serializer_context(), "shown": shown}
        return shapes.ImpedimentSerializer(what, many=many, context=context).data

    def _now(self, one: Any, status: int = 200) -> Response:
        """An impediment as it is after a verb."""
        row = seen(cast(User, self.request.user), timezone.now()).filter(pk=one.pk).first()
        return Response(self._data(row) if row is not None else {"id": one.pk}, status=status)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        fields = without(given.validated_data, "version", "since_at")
        self.save_by(given, actions.log_impediment, via=Via.API, **fields, **_since(given.validated_data))
        return self._now(given.instance, 201)

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change what it is; what it blocks, its state and its level have verbs of their own."""
        one = self.get_object()
        given = self.get_serializer(one, data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        if "items" in given.validated_data:
            raise ValidationError({"items": ["Use block/ and unblock/."]})
        fields = without(given.validated_data, "since_at") | _since(given.validated_data)
        if fields.get("is_external", False) is None:
            del fields["is_external"]
        self.save_by(given, actions.change_impediment, impediment=one, **fields)
        return self._now(one)

    def _step(self, request: Request, shape: type[serializers.Serializer[Any]], verb: Any) -> Response:
        """Do a verb with what was sent; the impediment as it is then."""
        one = self.get_object()
        given = shape(data=request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        self.save_by(given, verb, impediment=one, **given.validated_data)
        return self._now(one)

    @extend_schema(request=shapes.MoveImpedimentSerializer, responses=shapes.ImpedimentSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Into a column of the board."""
        return self._step(request, shapes.MoveImpedimentSerializer, actions.move_impediment)

    @extend_schema(request=shapes.ResolveSerializer, responses=shapes.ImpedimentSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """It is out of the way; 409 when somebody resolved it meanwhile."""
        return self._step(request, shapes.ResolveSerializer, actions.resolve)

    @extend_schema(request=shapes.ReopenSerializer, responses=shapes.ImpedimentSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """It is in the way again: a new period, a new clock."""
        return self._step(request, shapes.ReopenSerializer, actions.reopen)

    @extend_schema(request=shapes.LevelSerializer, responses=shapes.ImpedimentSerializer)
    @action(detail=True, methods=["post"])
    def level(self, request: Request, pk: str) -> Response:
        """Raise or lower its level by hand."""
        return self._step(request, shapes.LevelSerializer, actions.set_level)

    @extend_schema(request=shapes.PauseSerializer, responses=shapes.ImpedimentSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Stop the clock of its level; its age goes on."""
        return self._step(request, shapes.PauseSerializer, actions.pause)

    @extend_schema(request=shapes.Versioned, responses=shapes.ImpedimentSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Let the clock of its level run again."""
        return self._step(request, shapes.Versioned, actions.resume)

    @extend_schema(request=shapes.BlockSerializer, responses=shapes.ImpedimentSerializer)
    @action(detail=True, methods=["post"])
    def block(self, request: Request, pk: str) -> Response:
        """It blocks these items too, from now on."""
        return self._step(request, shapes.BlockSerializer, actions.block_items)

    @extend_schema(request=shapes.BlockSerializer, responses=shapes.ImpedimentSerializer)
    @action(detail=True, methods=["post"])
    def unblock(self, request: Request, pk: str) -> Response:
        """It blocks these items no more."""
        return self._step(request, shapes.BlockSerializer, actions.unblock_items)

    @extend_schema(request=shapes.Versioned, responses=shapes.ImpedimentSerializer)
    @action(detail=True, methods=["post"])
    def take(self, request: Request, pk: str) -> Response:
        """You act from now on."""
        return self._step(request, shapes.Versioned, actions.take)

    @extend_schema(request=shapes.MergeSerializer, responses=shapes.ImpedimentSerializer)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """It is a duplicate of another one, which takes over what it blocks."""
        return self._step(request, shapes.MergeSerializer, actions.merge)

    def _lead_to(self, shape: type[serializers.ModelSerializer], verb: Any, *left_out: str) -> Response:
        one = self.get_object()
        given = shape(data=self.request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        self.save_by(given, verb, impediment=one, **without(given.validated_data, *left_out))
        return Response(shape(given.instance, context=self.get_serializer_context()).data, status=201)

    @extend_schema(request=ActionSerializer, responses={201: ActionSerializer})
    @action(detail=True, methods=["post"])
    def improve(self, request: Request, pk: str) -> Response:
        """Agree on an improvement action because of it; without a place it is the team's."""
        return self._lead_to(ActionSerializer, actions.improve, "version")

    @extend_schema(request=DecisionSerializer, responses={201: DecisionSerializer})
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Raise a decision because of it; without a subject it is of the team's value stream."""
        return self._lead_to(DecisionSerializer, actions.ask_leaders)


def _since(given: Any) -> dict[str, Any]:
    """Since when, as the verbs take it."""
    return {"since": given["since_at"]} if "since_at" in given else {}
