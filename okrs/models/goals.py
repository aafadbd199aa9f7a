"""Objectives and key results by cycle, what supports what, and which work should move which key result."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q

from accounts.models import User
from metrics.models import Kpi
from portfolio.models import Feature, Initiative, Team, Theme, ValueStream


class CycleKind(models.TextChoices):
    QUARTER = "quarter", "Quarter"
    YEAR = "year", "Year"
    OWN = "own", "Own dates"


class Cycle(models.Model):
    """A period for which objectives are set; both days belong to it. Cycles may overlap (a year and its quarters)."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=7, choices=CycleKind, default=CycleKind.QUARTER)
    starts_on = models.DateField()
    ends_on = models.DateField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-starts_on", "ends_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")),
                name="cycle_ends_after_start",
                violation_error_message="The last day is not after the first.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Level(models.TextChoices):
    COMPANY = "company", "Company"
    STREAM = "stream", "Value stream"
    TEAM = "team", "Team"


class Ambition(models.TextChoices):
    """A committed objective is expected at 1.0, an aspirational one at 0.7."""

    COMMITTED = "committed", "Committed"
    ASPIRATIONAL = "aspirational", "Aspirational"


class ObjectiveQuerySet(models.QuerySet["Objective"]):
    def for_user(self, user: "User | AnonymousUser") -> "ObjectiveQuerySet":
        """Company objectives for everybody who has any grant or team; others with their stream or team."""
        if not user.is_authenticated:
            return self.none()
        streams = ValueStream.objects.for_user(user).order_by()
        teams = Team.objects.for_user(user).order_by()
        company = Q(level=Level.COMPANY) if streams.exists() or teams.exists() else Q(pk=None)
        return self.filter(company | Q(stream__in=streams) | Q(team__in=teams))


class Objective(models.Model):
    """What is to be achieved in a cycle; its key results say when it is. Closing freezes score and lessons."""

    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="objectives")
    level = models.CharField(max_length=7, choices=Level)
    stream = models.ForeignKey(ValueStream, null=True, blank=True, on_delete=models.PROTECT, related_name="objectives")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="objectives")
    theme = models.ForeignKey(Theme, null=True, blank=True, on_delete=models.PROTECT, related_name="objectives")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    ambition = models.CharField(max_length=12, choices=Ambition, default=Ambition.COMMITTED)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="owned_objectives"
    )
    position = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    carried_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="carried_to"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_score = models.FloatField(null=True, blank=True)
    # A grade given by people beside the computed one (0…1), with what was learned.
    grade = models.FloatField(null=True, blank=True)
    lessons = models.TextField(blank=True)

    objects = ObjectiveQuerySet.as_manager()

    class Meta:
        ordering = ["level", "position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(level="company", stream=None, team=None)
                | Q(level="stream", stream__isnull=False, team=None)
                | Q(level="team", stream=None, team__isnull=False),
                name="objective_at_its_level",
            ),
            models.CheckConstraint(
                condition=Q(grade=None) | Q(grade__gte=0, grade__lte=1), name="objective_grade_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class KeyResultKind(models.TextChoices):
    INCREASE = "increase", "Increase to a target"
    REDUCE = "reduce", "Reduce to a target"
    BAND = "band", "Keep within a band"
    MILESTONE = "milestone", "Milestone, yes or no"
    # Linked to a key figure of the portal (metrics.models.Kpi): updates itself.
    METRIC = "metric", "Linked to a figure of this portal"


class KeyResult(models.Model):
    """What shows that an objective is reached. Increase, reduce and metric have baseline and target, a band its edges.

    A milestone is 0 or 1. `every_days` is how often a check-in is due, 3 days of grace follow.
    """

    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, related_name="key_results")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=9, choices=KeyResultKind, default=KeyResultKind.INCREASE)
    unit = models.CharField(max_length=40, blank=True)
    baseline = models.FloatField(null=True, blank=True)
    target = models.FloatField(null=True, blank=True)
    band_low = models.FloatField(null=True, blank=True)
    band_high = models.FloatField(null=True, blank=True)
    weight = models.FloatField(default=1)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="owned_key_results"
    )
    kpi = models.ForeignKey(Kpi, null=True, blank=True, on_delete=models.PROTECT, related_name="key_results")
    every_days = models.PositiveSmallIntegerField(default=7)
    position = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    carried_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="carried_to"
    )

    class Meta:
        ordering = ["objective", "position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(weight__gte=0), name="key_result_weight_not_negative"),
            models.CheckConstraint(
                condition=Q(every_days__gte=1, every_days__lte=92), name="key_result_due_within_a_quarter"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["increase", "reduce", "metric"])
                | Q(baseline__isnull=False, target__isnull=False) & ~Q(baseline=F("target")),
                name="key_result_has_way_to_go",
                violation_error_message="The target is the baseline: there would be nothing to reach.",
            ),
            models.CheckConstraint(
                condition=~Q(kind="band") | Q(band_low__isnull=False, band_high__gt=F("band_low")),
                name="key_result_band_has_width",
                violation_error_message="The band needs two edges, the upper one above the lower one.",
            ),
            models.CheckConstraint(condition=Q(kpi=None) | Q(kind="metric"), name="key_result_kpi_only_when_linked"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def updates_itself(self) -> bool:
        """Whether the portal writes its check-ins from a key figure."""
        return self.kpi_id is not None


class Support(models.Model):
    """An objective supports an objective, or one key result, above it. There are no circles (checked under a lock)."""

    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, related_name="supports")
    above = models.ForeignKey(Objective, null=True, blank=True, on_delete=models.CASCADE, related_name="supported_by")
    key_result = models.ForeignKey(
        KeyResult, null=True, blank=True, on_delete=models.CASCADE, related_name="supported_by"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(above=None, key_result__isnull=False) | Q(above__isnull=False, key_result=None),
                name="support_of_one_thing",
            ),
            models.CheckConstraint(condition=Q(above=None) | ~Q(above=F("objective")), name="support_not_of_itself"),
            models.UniqueConstraint(
                fields=["objective", "above", "key_result"], nulls_distinct=False, name="support_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.objective} supports {self.above or self.key_result}"


class Contribution(models.Model):
    """Work that should move a key result: an initiative or a feature, with the expected lift in the KR's unit."""

    key_result = models.ForeignKey(KeyResult, on_delete=models.CASCADE, related_name="contributions")
    initiative = models.ForeignKey(
        Initiative, null=True, blank=True, on_delete=models.CASCADE, related_name="contributions"
    )
    feature = models.ForeignKey(Feature, null=True, blank=True, on_delete=models.CASCADE, related_name="contributions")
    # How far the value moves when it lands, signed as the value moves (−5 days for a reduction).
    lift = models.FloatField()
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["key_result", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(initiative=None, feature__isnull=False) | Q(initiative__isnull=False, feature=None),
                name="contribution_of_one_thing",
            ),
            models.UniqueConstraint(
                fields=["key_result", "initiative", "feature"], nulls_distinct=False, name="contribution_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.initiative or self.feature} moves {self.key_result}"
