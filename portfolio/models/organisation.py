"""Value streams, teams with their calendars and costs, people in teams, services, grants."""

import zoneinfo
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeBoundary, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, Func, Q
from django.utils import timezone

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


def validate_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"“{name}” is not an IANA time zone such as Europe/Berlin.")


def default_zone() -> str:
    return settings.TIME_ZONE


def default_weekdays() -> list[int]:
    return [1, 2, 3, 4, 5]


class WorkingCalendar(models.Model):
    """Which days and hours count as work; days are ISO weekdays, Monday is 1."""

    name = models.CharField(max_length=80, unique=True)
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=default_weekdays)
    day_starts = models.TimeField(default=time(9))
    day_ends = models.TimeField(default=time(17))

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7]) & Q(weekdays__len__gt=0),
                name="calendar_weekdays_are_iso",
            ),
            models.CheckConstraint(condition=Q(day_ends__gt=F("day_starts")), name="calendar_day_has_hours"),
        ]

    def __str__(self) -> str:
        return self.name


class Holiday(models.Model):
    calendar = models.ForeignKey(WorkingCalendar, on_delete=models.CASCADE, related_name="holidays")
    on = models.DateField()
    name = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["on"]
        constraints = [models.UniqueConstraint(fields=["calendar", "on"], name="holiday_once")]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d} {self.name}".strip()


class Lifetime(models.Model):
    """Something that starts and may end; `ended_on` is its last day. Ended things keep their history."""

    started_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        abstract = True


def lifetime_constraint(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(started_on=None) | Q(ended_on=None) | Q(ended_on__gte=F("started_on")),
        name=f"{name}_ends_after_start",
        violation_error_message="The last day is before the first.",
    )


def _sees_all(user: "User") -> Exists | Q:
    """Whether `user` has a grant for the whole portal (or is a superuser), as a condition."""
    if user.is_superuser:
        return ~Q(pk=None)
    return Exists(Grant.objects.filter(user=user, stream=None, team=None))


class ValueType(models.TextChoices):
    """What kind of value work is for: of items, of features, of initiatives, and of a stream's allocation policy."""

    FEATURE = "feature", "Feature"
    ENABLER = "enabler", "Enabler"
    DEFECT = "defect", "Defect"
    DEBT = "debt", "Debt"
    RISK = "risk", "Risk"
    OTHER = "other", "Other"


# A Monday: iterations are counted from here where a team does not say otherwise.
FIRST_ITERATION = date(2024, 1, 1)


class ValueStreamQuerySet(models.QuerySet["ValueStream"]):
    def for_user(self, user: "User | AnonymousUser") -> "ValueStreamQuerySet":
        """The streams `user` may see: all with a global grant, else those of their stream grants."""
        if not user.is_authenticated:
            return self.none()
        own = Grant.objects.filter(user=user).exclude(stream=None)
        return self.filter(_sees_all(user) | Q(pk__in=own.values("stream")))


class TeamQuerySet(models.QuerySet["Team"]):
    def for_user(self, user: "User | AnonymousUser") -> "TeamQuerySet":
        """The teams `user` may see: all with a global grant, else those of their grants and today's memberships."""
        if not user.is_authenticated:
            return self.none()
        grants = Grant.objects.filter(user=user)
        member = Membership.objects.filter(user=user, during__contains=timezone.localdate())
        return self.filter(
            _sees_all(user)
            | Q(stream__in=grants.exclude(stream=None).values("stream"))
            | Q(pk__in=grants.exclude(team=None).values("team"))
            | Q(pk__in=member.values("team"))
        )


class ValueStream(Lifetime):
    """Long-lived; holds teams, and is what gets funded."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    # By how many percentage points a kind's share may miss its target (Allocation) before the page says so.
    allocation_tolerance = models.PositiveSmallIntegerField(default=10, db_default=10)

    objects = ValueStreamQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            lifetime_constraint("stream"),
            models.CheckConstraint(condition=Q(allocation_tolerance__lte=100), name="stream_tolerance_in_per_cent"),
        ]

    def __str__(self) -> str:
        return self.name


class Allocation(models.Model):
    """A value stream's policy: which share of its finished work a kind should have, in per cent."""

    stream = models.ForeignKey(ValueStream, on_delete=models.CASCADE, related_name="allocations")
    value_type = models.CharField(max_length=8, choices=ValueType)
    share = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["stream", "value_type"]
        constraints = [
            models.UniqueConstraint(fields=["stream", "value_type"], name="allocation_once"),
            models.CheckConstraint(condition=Q(share__lte=100), name="allocation_in_per_cent"),
        ]

    def __str__(self) -> str:
        return f"{self.stream}: {self.share} % {self.value_type}"


class Team(Lifetime):
    """A team works in one value stream, in its own time zone and calendar."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120, unique=True)
    stream = models.ForeignKey(ValueStream, on_delete=models.PROTECT, related_name="teams")
    timezone = models.CharField(max_length=60, default=default_zone, validators=[validate_zone])
    calendar = models.ForeignKey(WorkingCalendar, on_delete=models.PROTECT, related_name="teams")
    cost_per_day = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    planning_unit = models.CharField(max_length=8, choices=[("items", "Items"), ("points", "Points")], default="items")
    iteration_days = models.PositiveSmallIntegerField(default=14, db_default=14)
    # The first day of any iteration; the others follow before and after it without a gap.
    iteration_starts_on = models.DateField(default=FIRST_ITERATION, db_default=FIRST_ITERATION)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            lifetime_constraint("team"),
            models.CheckConstraint(
                condition=Q(cost_per_day=None) | Q(cost_per_day__gte=0), name="team_cost_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(iteration_days__gte=1, iteration_days__lte=92), name="team_iteration_has_days"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.timezone)


class TeamCost(models.Model):
    """What a team costs per working day from a day on; before its first row, a team costs what that row says."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="costs")
    valid_from = models.DateField()
    cost_per_day = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        ordering = ["team", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["team", "valid_from"], name="team_cost_once_a_day"),
            models.CheckConstraint(condition=Q(cost_per_day__gte=0), name="team_costs_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.team}: {self.cost_per_day} from {self.valid_from}"


class Membership(models.Model):
    """A person in a team over a time; `during` is half-open, as ranges are."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    during = DateRangeField()
    share = models.PositiveSmallIntegerField(default=100, help_text="Per cent of a full-time week.")

    class Meta:
        ordering = ["team", "user", "during"]
        constraints = [
            models.CheckConstraint(condition=Q(share__gte=1, share__lte=100), name="membership_share_in_per_cent"),
            # The wheel's PostgreSQL has no btree_gist: equality of ids is said with one-value ranges.
            ExclusionConstraint(
                name="membership_once_at_a_time",
                expressions=[
                    (
                        Func(F("team"), F("team"), RangeBoundary(True, True), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(F("user"), F("user"), RangeBoundary(True, True), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    ("during", RangeOperators.OVERLAPS),
                ],
                violation_error_message="This person is in the team at that time already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"

    @property
    def last_day(self) -> date | None:
        return self.during.upper - timedelta(days=1) if self.during.upper else None


class ServiceQuerySet(models.QuerySet["Service"]):
    def for_user(self, user: "User | AnonymousUser") -> "ServiceQuerySet":
        """The services of the teams that `user` may see."""
        return self.filter(team__in=Team.objects.for_user(user).order_by())


class Service(models.Model):
    """A deployable: what deployments and incidents belong to."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="services")

    objects = ServiceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", "Administrator"
    LEADER = "leader", "Leader"
    PMO = "pmo", "PMO"
    COACH = "coach", "Coach"
    MEMBER = "member", "Member"
    VIEWER = "viewer", "Viewer"


class Grant(models.Model):
    """A role, for the whole portal (neither stream nor team), for a value stream, or for a team."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=16, choices=Role)
    stream = models.ForeignKey(ValueStream, null=True, blank=True, on_delete=models.CASCADE, related_name="grants")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="grants")

    class Meta:
        ordering = ["user", "role"]
        constraints = [
            models.CheckConstraint(condition=Q(stream=None) | Q(team=None), name="grant_has_one_scope"),
            models.UniqueConstraint(fields=["user", "role", "stream", "team"], nulls_distinct=False, name="grant_once"),
            models.CheckConstraint(
                condition=~Q(role="administrator") | Q(stream=None, team=None),
                name="grant_administrator_is_global",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} of {self.stream or self.team or 'the whole portal'}"
