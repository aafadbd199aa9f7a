"""Who works in a team during an increment, when they are away, and capacities given by hand."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from planning.models.board import Lane, Unit
from planning.models.increments import Iteration


class Seat(models.Model):
    """A person of a team during an increment. `share`: per cent of a full-time week."""

    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="people")
    name = models.CharField(max_length=120)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    share = models.PositiveSmallIntegerField("share of a full week", default=100)
    # Developers and testers make capacity; others (a product owner, a coach) do not.
    makes_capacity = models.BooleanField("develops or tests", default=True)
    version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        ordering = ["lane", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["lane", "name"], name="seat_once", violation_error_message="This person is in the list."
            ),
            models.CheckConstraint(condition=Q(share__gte=1, share__lte=100), name="seat_share_in_per_cent"),
        ]

    def __str__(self) -> str:
        return self.name


class Absence(models.Model):
    """Days on which a person is away, both included; days off of the calendar among them do not count twice."""

    seat = models.ForeignKey(Seat, on_delete=models.CASCADE, related_name="absences")
    first_on = models.DateField()
    last_on = models.DateField()

    class Meta:
        ordering = ["seat", "first_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_on__gte=F("first_on")),
                name="absence_ends_after_start",
                violation_error_message="The last day is before the first.",
            ),
            models.UniqueConstraint(fields=["seat", "first_on", "last_on"], name="absence_once"),
        ]

    def __str__(self) -> str:
        return f"{self.seat} away {self.first_on} to {self.last_on}"


class Capacity(models.Model):
    """A capacity given by hand, with the reason; it stands in place of the computed one."""

    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="capacities")
    iteration = models.ForeignKey(Iteration, on_delete=models.CASCADE, related_name="capacities")
    amount = models.DecimalField(max_digits=7, decimal_places=1, validators=[MinValueValidator(0)])
    unit = models.CharField(max_length=6, choices=Unit)
    reason = models.CharField(max_length=200)
    version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        ordering = ["lane", "iteration"]
        verbose_name_plural = "capacities"
        constraints = [
            models.UniqueConstraint(fields=["lane", "iteration"], name="capacity_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="capacity_not_negative"),
            models.CheckConstraint(condition=~Q(reason=""), name="capacity_by_hand_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.lane} in {self.iteration}: {self.amount} {self.unit}"
