"""What a worker makes of a plan: landing chances of cards and objectives, kept beside the plan, never part of it."""

from django.db import models
from django.db.models import Q

from planning.models.board import Card
from planning.models.increments import Increment
from planning.models.promises import Objective


class Reckoning(models.Model):
    """Of which line of the log the chances are. Behind Increment.number: a worker is at it, or will be woken.

    Expected value is Σ planned business value × chance over committed objectives, `committed_value` their Σ; None with
    the `reason`.
    """

    increment = models.OneToOneField(Increment, on_delete=models.CASCADE, related_name="reckoning")
    number = models.PositiveIntegerField(default=0)
    # The portal's day it was made on: chances change from day to day without anybody's doing.
    on = models.DateField(null=True, blank=True)
    made_at = models.DateTimeField(null=True, blank=True)
    # What was known when it was made (metrics.forecasts.landing.known): a sync changes it.
    known = models.CharField(max_length=64, blank=True, default="", db_default="")
    engine = models.CharField(max_length=40, blank=True)
    inputs = models.TextField(blank=True)
    expected_value = models.FloatField(null=True, blank=True)
    committed_value = models.PositiveIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["increment"]

    def __str__(self) -> str:
        return f"Chances of {self.increment}"


class _Chance(models.Model):
    """`chance` is 0…1, uncapped; None: n/a with the `reason`. `note`: what it rests on."""

    chance = models.FloatField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True


class CardChance(_Chance):
    """That a card and all it waits for are finished by the end of their iterations."""

    card = models.OneToOneField(Card, on_delete=models.CASCADE, related_name="chance")

    class Meta:
        ordering = ["card"]
        constraints = [
            models.CheckConstraint(condition=Q(chance=None) | Q(chance__gte=0, chance__lte=1), name="card_chance")
        ]

    def __str__(self) -> str:
        return f"{self.card}: {self.chance}"


class ObjectiveChance(_Chance):
    """That all cards of an objective land."""

    objective = models.OneToOneField(Objective, on_delete=models.CASCADE, related_name="chance")

    class Meta:
        ordering = ["objective"]
        constraints = [
            models.CheckConstraint(condition=Q(chance=None) | Q(chance__gte=0, chance__lte=1), name="objective_chance")
        ]

    def __str__(self) -> str:
        return f"{self.objective}: {self.chance}"
