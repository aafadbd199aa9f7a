"""What people set figures against: baselines of natural limits, and what may be expected of a team."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portfolio.models import Team, ValueStream, ValueType

# What process behaviour charts are drawn of.
CHARTED = [
    ("throughput", "Throughput"),
    ("arrivals", "Arrivals"),
    ("wip", "Work in progress"),
    ("total_work_item_age", "Total work item age"),
    ("cycle_time", "Cycle time"),
]


class Baseline(models.Model):
    """From `starts_on` on, a measure of a scope has natural limits of its own: the process changed there.

    They are made from the points up to `ends_on`, or from all up to the next baseline. Neither stream nor team: the
    whole portfolio.
    """

    stream = models.ForeignKey(ValueStream, null=True, blank=True, on_delete=models.CASCADE, related_name="baselines")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="baselines")
    measure = models.CharField(max_length=32, choices=CHARTED)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=200)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["measure", "starts_on"]
        constraints = [
            models.CheckConstraint(condition=Q(stream=None) | Q(team=None), name="baseline_has_one_scope"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="baseline_ends_after_start",
                violation_error_message="The last day is before the first.",
            ),
            models.UniqueConstraint(
                fields=["stream", "team", "measure", "starts_on"],
                nulls_distinct=False,
                name="baseline_once",
                violation_error_message="There is a baseline from this day on already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure} of {self.team or self.stream or 'the portfolio'} from {self.starts_on}"


class Expectation(models.Model):
    """A service level expectation: `percent` of a team's items of a kind take `days` or less, from `valid_from` on.

    No kind: of every kind that has none of its own.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="expectations")
    kind = models.CharField(max_length=8, choices=ValueType, blank=True)
    percent = models.PositiveSmallIntegerField(default=85)
    days = models.PositiveIntegerField()
    valid_from = models.DateField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["team", "kind", "valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "kind", "valid_from"],
                name="expectation_once",
                violation_error_message="There is an expectation from this day on already.",
            ),
            models.CheckConstraint(condition=Q(percent__gte=1, percent__lte=99), name="expectation_percent_in_range"),
            models.CheckConstraint(condition=Q(days__gte=1), name="expectation_has_days"),
        ]

    def __str__(self) -> str:
        return f"{self.team}: {self.percent} % in {self.days} days"
