"""The organisation for programs: the same verbs and the same rights as the pages."""

from datetime import timedelta
from typing import Any, cast

from django.db.models import QuerySet
from rest_framework import mixins, serializers
from rest_framework.request import Request

from accounts.models import User
from portfolio import actions
from portfolio.api.base import NoDelete, Seen, without
from portfolio.models import Grant, Holiday, Membership, Service, Team, ValueStream, WorkingCalendar
from portfolio.rules import can, require


class StreamSerializer(serializers.ModelSerializer):
    slug = serializers.SlugField(required=False, max_length=60)

    class Meta:
        model = ValueStream
        fields = ["id", "slug", "name", "description", "position", "started_on", "ended_on"]


class StreamViewSet(NoDelete):
    """Value streams. Setting `ended_on` ends one, null lets it go on."""

    serializer_class = StreamSerializer
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[ValueStream]:
        return ValueStream.objects.for_user(self.request.user)

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.create_stream, **serializer.validated_data)

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        stream, fields = serializer.instance, without(serializer.validated_data, "slug", "ended_on")
        self.save_by(serializer, actions.change_stream, stream=stream, **fields)
        self.end_or_reopen(serializer, actions.end_stream, actions.reopen_stream, stream=stream)


class TeamSerializer(serializers.ModelSerializer):
    """`cost_per_day` is there for those who may see money."""

    slug = serializers.SlugField(required=False, max_length=60)
    stream = Seen(slug_field="slug", queryset=ValueStream.objects.all())
    calendar = serializers.PrimaryKeyRelatedField(queryset=WorkingCalendar.objects.all(), required=False)
    iteration_days = serializers.IntegerField(min_value=1, max_value=92, required=False)

    class Meta:
        model = Team
        fields = ["id", "slug", "name", "stream", "timezone", "calendar", "cost_per_day", "planning_unit"]
        fields += ["iteration_days", "iteration_starts_on", "started_on", "ended_on"]

    def to_representation(self, instance: Team) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if not can(self.context["request"].user, "see_money", instance):
            del shown["cost_per_day"]
        return shown


class TeamViewSet(NoDelete):
    """Teams. Setting `ended_on` ends one, null lets it go on."""

    serializer_class = TeamSerializer
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Team]:
        return Team.objects.for_user(self.request.user).select_related("stream")

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.create_team, **serializer.validated_data)

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        team, fields = serializer.instance, without(serializer.validated_data, "slug", "ended_on")
        self.save_by(serializer, actions.change_team, team=team, **fields)
        self.end_or_reopen(serializer, actions.end_team, actions.reopen_team, team=team)


class ServiceSerializer(serializers.ModelSerializer):
    slug = serializers.SlugField(required=False, max_length=80)
    team = Seen(slug_field="slug", queryset=Team.objects.all())

    class Meta:
        model = Service
        fields = ["id", "slug", "name", "team"]


class ServiceViewSet(NoDelete):
    """Deployables: what deployments and incidents belong to."""

    serializer_class = ServiceSerializer

    def get_queryset(self) -> QuerySet[Service]:
        return Service.objects.filter(team__in=Team.objects.for_user(self.request.user)).select_related("team")

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.create_service, **serializer.validated_data)

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        fields = without(serializer.validated_data, "slug")
        self.save_by(serializer, actions.change_service, service=serializer.instance, **fields)


class HolidaySerializer(serializers.ModelSerializer):
    class Meta:
        model = Holiday
        fields = ["on", "name"]


class CalendarSerializer(serializers.ModelSerializer):
    """`holidays` given are added to those that are there."""

    holidays = HolidaySerializer(many=True, required=False)

    class Meta:
        model = WorkingCalendar
        fields = ["id", "name", "weekdays", "day_starts", "day_ends", "holidays"]


class CalendarViewSet(NoDelete):
    """Working calendars with their holidays."""

    serializer_class = CalendarSerializer
    queryset = WorkingCalendar.objects.prefetch_related("holidays")

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.create_calendar, **without(serializer.validated_data, "holidays"))
        self._add_holidays(serializer)

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        fields = without(serializer.validated_data, "holidays")
        self.save_by(serializer, actions.change_calendar, calendar=serializer.instance, **fields)
        self._add_holidays(serializer)

    def _add_holidays(self, serializer: serializers.BaseSerializer[Any]) -> None:
        calendar = cast(WorkingCalendar, serializer.instance)
        days = [(day["on"], day.get("name", "")) for day in serializer.validated_data.get("holidays", [])]
        self.do(actions.add_holidays, calendar=calendar, days=days)
        serializer.instance = WorkingCalendar.objects.get(pk=calendar.pk)


class MembershipSerializer(serializers.ModelSerializer):
    """`first` and `last` are days in the team; `last` null is until further notice."""

    team = Seen(slug_field="slug", queryset=Team.objects.all())
    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True))
    user_name = serializers.CharField(source="user.name", read_only=True)
    first = serializers.DateField(write_only=True)
    last = serializers.DateField(write_only=True, required=False, allow_null=True)
    share = serializers.IntegerField(min_value=1, max_value=100, default=100)

    class Meta:
        model = Membership
        fields = ["id", "team", "user", "user_name", "first", "last", "share"]
        validators: list[Any] = []

    def to_representation(self, instance: Membership) -> dict[str, Any]:
        end = instance.during.upper
        days = {"first": instance.during.lower, "last": end - timedelta(days=1) if end else None}
        return super().to_representation(instance) | days


class MembershipViewSet(mixins.DestroyModelMixin, NoDelete):
    """People in teams over time. DELETE is for what never was; one that ended gets its `last` day."""

    serializer_class = MembershipSerializer
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[Membership]:
        teams = Team.objects.for_user(self.request.user)
        return Membership.objects.filter(team__in=teams).select_related("team", "user")

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.add_member, **serializer.validated_data)

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        membership, given = cast(Membership, serializer.instance), serializer.validated_data
        end = membership.during.upper
        now = {
            "first": membership.during.lower,
            "last": end - timedelta(days=1) if end else None,
            "share": membership.share,
        }
        fields = now | {name: value for name, value in given.items() if name in now}
        self.save_by(serializer, actions.change_member, membership=membership, **fields)

    def perform_destroy(self, instance: Membership) -> None:
        self.do(actions.remove_member, membership=instance)


class ForAdministrators:
    """People and roles are for administrators, reading too."""

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)  # type: ignore[misc]
        require(request.user, "administer")


class PersonSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "name", "email", "is_active", "last_login"]
        read_only_fields = ["last_login"]


class PersonViewSet(ForAdministrators, NoDelete):
    """People. POST makes an account without a password; `is_active` false deactivates one."""

    serializer_class = PersonSerializer
    queryset = User.objects.all()

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.invite, **without(serializer.validated_data, "is_active"))

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        person, given = cast(User, serializer.instance), serializer.validated_data
        if given.get("is_active", person.is_active) != person.is_active:
            verb = actions.reactivate if given["is_active"] else actions.deactivate
            self.save_by(serializer, verb, person=person)
        fields = {"name": given.get("name", person.name), "email": given.get("email", person.email)}
        self.save_by(serializer, actions.change_person, person=person, **fields)


class GrantSerializer(serializers.ModelSerializer):
    """Neither `stream` nor `team`: for the whole portal."""

    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.all())
    stream = Seen(slug_field="slug", queryset=ValueStream.objects.all(), required=False, allow_null=True)
    team = Seen(slug_field="slug", queryset=Team.objects.all(), required=False, allow_null=True)

    class Meta:
        model = Grant
        fields = ["id", "user", "role", "stream", "team"]
        validators: list[Any] = []


class GrantViewSet(ForAdministrators, mixins.DestroyModelMixin, NoDelete):
    """Roles of people; they are given and taken away, not changed."""

    serializer_class = GrantSerializer
    queryset = Grant.objects.select_related("stream", "team")
    http_method_names = ["get", "post", "delete", "head", "options"]

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self.save_by(serializer, actions.grant, **serializer.validated_data)

    def perform_destroy(self, instance: Grant) -> None:
        self.do(actions.revoke, grant=instance)
