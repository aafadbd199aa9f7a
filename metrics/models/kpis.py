"""Key figures of value streams and leading measures of initiatives, with their history."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portfolio.models import Initiative, Team, ValueStream


class Better(models.TextChoices):
    MORE = "more", "More is better"
    LESS = "less", "Less is better"


class Kpi(models.Model):
    """A figure of a value stream (with `initiative`: a leading measure of it), fed by people, programs or the portal.

    With `measure` (a key of the registry) the portal writes a value a day by itself: of `team`, or of the stream.
    """

    stream = models.ForeignKey(ValueStream, on_delete=models.CASCADE, related_name="kpis")
    initiative = models.ForeignKey(Initiative, null=True, blank=True, on_delete=models.CASCADE, related_name="kpis")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="kpis")
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    unit = models.CharField(max_length=40, blank=True)
    better = models.CharField(max_length=4, choices=Better, default=Better.MORE)
    target = models.FloatField(null=True, blank=True)
    target_on = models.DateField(null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="owned_kpis"
    )
    measure = models.CharField(max_length=40, blank=True)
    # Which of the measure's percentiles; None: its value. The window is the `window_days` up to the day.
    percentile = models.PositiveSmallIntegerField(null=True, blank=True)
    window_days = models.PositiveSmallIntegerField(default=28)
    position = models.PositiveSmallIntegerField(default=0)
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["stream", "position", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["stream", "name"],
                name="kpi_named_once",
                violation_error_message="This value stream has a figure of this name already.",
            ),
            models.CheckConstraint(
                condition=Q(percentile=None) | Q(percentile__gte=1, percentile__lte=99), name="kpi_percentile_in_range"
            ),
            models.CheckConstraint(condition=Q(window_days__gte=1, window_days__lte=366), name="kpi_window_in_range"),
        ]

    def __str__(self) -> str:
        return self.name


class KpiOrigin(models.TextChoices):
    HAND = "hand", "By hand"
    FILE = "file", "From a file"
    API = "api", "By a program"
    MEASURE = "measure", "By the portal"


class KpiValue(models.Model):
    """What a figure was on a day; entering a day again corrects it."""

    kpi = models.ForeignKey(Kpi, on_delete=models.CASCADE, related_name="values")
    on = models.DateField()
    value = models.FloatField()
    origin = models.CharField(max_length=7, choices=KpiOrigin, default=KpiOrigin.HAND)
    note = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["kpi", "on"]
        constraints = [models.UniqueConstraint(fields=["kpi", "on"], name="kpi_value_once_a_day")]

    def __str__(self) -> str:
        return f"{self.kpi}: {self.value:g} on {self.on}"
