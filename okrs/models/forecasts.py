"""Chances of key results as they were shown when their cycle was young: kept to be scored when it is over."""

from django.db import models
from django.db.models import Q

from okrs.models.goals import KeyResult


class ChanceForecast(models.Model):
    """The first chance of a key result that could be told in its cycle; never changed but for what came of it.

    `inputs` is canonical text that makes the same chance again by the formula named in `engine`. `confidence` is what
    people said then (0 to 10). `is_kept`: the target was reached on the cycle's last day; None: not known yet.
    """

    key_result = models.OneToOneField(KeyResult, on_delete=models.CASCADE, related_name="forecast")
    as_of = models.DateTimeField()
    due_on = models.DateField()
    chance = models.FloatField()
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    engine = models.CharField(max_length=40)
    inputs = models.TextField()
    is_kept = models.BooleanField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-as_of", "-id"]
        indexes = [models.Index(fields=["is_kept", "due_on"])]
        constraints = [
            models.CheckConstraint(condition=Q(chance__gte=0, chance__lte=1), name="chance_forecast_is_a_chance"),
            models.CheckConstraint(
                condition=Q(confidence=None) | Q(confidence__lte=10), name="chance_forecast_confidence_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key_result}: {self.chance:.0%} by {self.due_on}"
