"""The event by the API: its timer, agenda, votes and walls. Nothing of a vote is told before it is closed."""

from typing import Any, cast

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, views
from rest_framework.fields import empty
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from planning.actions import agenda, links, polls, timers
from planning.agenda import MOST_DAYS, MOST_MINUTES, MOST_PARTS, Part, parts_of
from planning.api.base import OfBoard, SeenVersion, Unseen, VersionField
from planning.links import is_over, wall_secret
from planning.models import Increment, JoinLink, Lane, Poll
from planning.queries.polls import Vote, votes_of
from planning.queries.timer import timer_now
from planning.rules import reach, require_manage
from portfolio.api.base import VerbMixin, without

STEPS = {
    "start": timers.start_timer,
    "pause": timers.pause_timer,
    "resume": timers.resume_timer,
    "add": timers.add_to_timer,
    "stop": timers.stop_timer,
}


class OfEvent(VerbMixin, views.APIView):
    """A route of one increment's event."""

    def find(self, slug: str) -> Increment:
        """The increment, if the asker sees it; 404 for everybody else."""
        found = Increment.objects.for_user(cast(User, self.request.user)).select_related("train")
        return get_object_or_404(found, slug=slug)

    def given(self, shape: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """What was sent, looked at."""
        found = shape(data=self.request.data, context={"request": self.request})
        found.is_valid(raise_exception=True)
        return dict(found.validated_data)


class TimerStepSerializer(serializers.Serializer[Any]):
    """start (minutes, title), pause, resume, add (minutes, also negative) or stop."""

    step = serializers.ChoiceField(choices=list(STEPS))
    minutes = serializers.IntegerField(required=False, min_value=-60, max_value=timers.MOST_MINUTES)
    title = serializers.CharField(required=False, max_length=120)
    version = VersionField(least=0)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["step"] in ("start", "add") and "minutes" not in attrs:
            raise serializers.ValidationError({"minutes": ["How many?"]})
        wanted = {"start": ("minutes", "title", "version"), "add": ("minutes", "version")}
        return {name: attrs[name] for name in ("step", *wanted.get(attrs["step"], ("version",))) if name in attrs}


class TimerStateSerializer(serializers.Serializer[Any]):
    """`ends_at` and `now` are the server's milliseconds since 1970, `left` the seconds of a paused one."""

    state = serializers.ChoiceField(choices=["running", "paused", "stopped"])
    title = serializers.CharField()
    ends_at = serializers.IntegerField(allow_null=True)
    left = serializers.IntegerField(allow_null=True)
    version = serializers.IntegerField()
    now = serializers.IntegerField()


class TimerView(OfEvent):
    """The timer of an increment, by the server's clock."""

    @extend_schema(responses=TimerStateSerializer)
    def get(self, request: Request, slug: str) -> Response:
        return Response(timer_now(self.find(slug)))

    @extend_schema(request=TimerStepSerializer, responses=TimerStateSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Start, pause, resume, lengthen or stop it; 409 when it is not at the `version` you saw."""
        increment, given = self.find(slug), self.given(TimerStepSerializer)
        self.do(STEPS[given.pop("step")], increment=increment, **given)
        return Response(timer_now(increment))


class AgendaPartSerializer(serializers.Serializer[Any]):
    """A part of the agenda; without `starts_at` it follows the one before it."""

    day = serializers.IntegerField(min_value=1, max_value=MOST_DAYS)
    title = serializers.CharField(max_length=120)
    minutes = serializers.IntegerField(min_value=1, max_value=MOST_MINUTES)
    starts_at = serializers.TimeField(required=False, allow_null=True, default=None)


class MarkField(serializers.CharField):
    """What a program read, in a few letters; 428 without it."""

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        if data in (empty, None, ""):
            raise Unseen(str(self.field_name))
        return super().validate_empty_values(data)


class AgendaSerializer(serializers.Serializer[Any]):
    """`saw` is a mark of what you read. Send it back: 428 without it, 409 when somebody wrote the agenda since."""

    parts = serializers.ListField(child=AgendaPartSerializer(), max_length=MOST_PARTS)
    saw = MarkField(max_length=16)


class AgendaView(OfEvent):
    """The agenda of an event, as a whole."""

    def _shown(self, increment: Increment) -> Response:
        shown = {"parts": [part._asdict() for part in parts_of(increment)], "saw": agenda.seen(increment)}
        return Response(AgendaSerializer(shown).data)

    @extend_schema(responses=AgendaSerializer)
    def get(self, request: Request, slug: str) -> Response:
        return self._shown(self.find(slug))

    @extend_schema(request=AgendaSerializer, responses=AgendaSerializer)
    def put(self, request: Request, slug: str) -> Response:
        """Make these its parts."""
        increment, given = self.find(slug), self.given(AgendaSerializer)
        parts = [Part(**one) for one in given["parts"]]
        self.do(agenda.set_agenda, increment=increment, parts=parts, saw=given["saw"])
        return self._shown(increment)


class ConfidenceVoteSerializer(serializers.Serializer[Any]):
    """`average`, `accepted` and `counts` (of 1 to 5 fingers) are null until the vote is closed; `link` is there for
    those who take part while it is open.
    """

    id = serializers.IntegerField(source="poll.pk")
    lane = serializers.IntegerField(source="poll.lane_id", allow_null=True)
    of = serializers.CharField()
    round = serializers.IntegerField(source="poll.round")
    votes = serializers.IntegerField()
    invited = serializers.IntegerField()
    opened_at = serializers.DateTimeField(source="poll.opened_at")
    closed_at = serializers.DateTimeField(source="poll.closed_at", allow_null=True)
    version = serializers.IntegerField(source="poll.version")
    average = serializers.DecimalField(
        source="result.average", max_digits=3, decimal_places=2, allow_null=True, default=None
    )
    accepted = serializers.BooleanField(source="result.accepted", allow_null=True, default=None)
    counts = serializers.ListField(
        source="result.counts", child=serializers.IntegerField(), allow_null=True, default=None
    )
    link = serializers.SerializerMethodField()

    def get_link(self, vote: Vote) -> str | None:
        if not (vote.is_open and self.context["takes_part"]):
            return None
        return str(self.context["request"].build_absolute_uri(reverse("vote", args=[vote.poll.token])))


class OpenSerializer(serializers.Serializer[Any]):
    """Of a row of the board, or without one of the train; with `names` only these may vote."""

    lane = OfBoard(Lane, required=False, allow_null=True)
    names = serializers.ListField(child=serializers.CharField(max_length=120), required=False, max_length=400)
    even_so = serializers.BooleanField(required=False, help_text="the train votes though not all teams have")


class PollsView(OfEvent):
    """The confidence votes of an increment, all rounds."""

    def shown(self, increment: Increment) -> list[Any]:
        takes_part = reach(self.request.user, increment).takes_part
        context = {"request": self.request, "takes_part": takes_part}
        return list(ConfidenceVoteSerializer(votes_of(increment, only_last=False), many=True, context=context).data)

    @extend_schema(responses=ConfidenceVoteSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        return Response(self.shown(self.find(slug)))

    @extend_schema(request=OpenSerializer, responses={201: ConfidenceVoteSerializer(many=True)})
    def post(self, request: Request, slug: str) -> Response:
        """Open one, or the next round."""
        increment = self.find(slug)
        self.do(polls.open_poll, increment=increment, **self.given(OpenSerializer))
        return Response(self.shown(increment), status=201)


class ClosePollView(PollsView):
    """Close a vote: from now on its result is shown."""

    http_method_names = ["post", "options"]

    @extend_schema(request=SeenVersion, responses=ConfidenceVoteSerializer(many=True))
    def post(self, request: Request, slug: str, poll_id: int = 0) -> Response:
        increment = self.find(slug)
        poll = get_object_or_404(Poll, pk=poll_id, increment=increment)
        self.do(polls.close_poll, poll=poll, **self.given(SeenVersion))
        return Response(self.shown(increment))


class WallSerializer(serializers.ModelSerializer):
    """A link for a wall; `link` is null when it was revoked or is over."""

    link = serializers.SerializerMethodField()

    class Meta:
        model = JoinLink
        fields = ["id", "name", "expires_at", "made_at", "revoked_at", "used_at", "link"]
        read_only_fields = ["made_at", "revoked_at", "used_at"]

    def get_link(self, row: JoinLink) -> str | None:
        request = self.context["request"]
        return None if is_over(row) else request.build_absolute_uri(reverse("wall", args=[wall_secret(row)]))


class WallsView(OfEvent):
    """The wall links of an increment, for those who manage its train."""

    def managed(self, slug: str) -> Increment:
        """The increment, if the asker manages its train; 403 for who only sees it."""
        increment = self.find(slug)
        require_manage(cast(User, self.request.user), increment.train)
        return increment

    @extend_schema(responses=WallSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        rows = self.managed(slug).links.all()
        return Response(WallSerializer(rows, many=True, context={"request": request}).data)

    @extend_schema(request=WallSerializer, responses={201: WallSerializer})
    def post(self, request: Request, slug: str) -> Response:
        increment = self.managed(slug)
        given = WallSerializer(data=request.data, context={"request": request})
        given.is_valid(raise_exception=True)
        self.save_by(given, links.make_link, increment=increment, **without(given.validated_data))
        return Response(given.data, status=201)


class RevokeWallView(WallsView):
    """Revoke a wall link."""

    http_method_names = ["post", "options"]

    @extend_schema(request=None, responses=WallSerializer)
    def post(self, request: Request, slug: str, link_id: int = 0) -> Response:
        link = get_object_or_404(JoinLink, pk=link_id, increment=self.managed(slug))
        self.do(links.revoke_link, link=link)
        link.refresh_from_db()
        return Response(WallSerializer(link, context={"request": request}).data)
