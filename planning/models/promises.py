"""What a plan promises and what may break it: objectives, risks, and the checklists before it is final."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from planning.models.board import Card, Lane
from planning.models.increments import Increment


class Objective(models.Model):
    """A PI objective of a team (or, without a row, of the whole train). Business value is 1 to 10."""

    increment = models.ForeignKey(Increment, on_delete=models.CASCADE, related_name="objectives")
    lane = models.ForeignKey(Lane, null=True, blank=True, on_delete=models.PROTECT, related_name="objectives")
    title = models.CharField(max_length=200)
    is_committed = models.BooleanField("committed", default=True)
    planned_value = models.PositiveSmallIntegerField("planned business value", null=True, blank=True)
    # Given when the increment ends; 0: nothing of it came about.
    actual_value = models.PositiveSmallIntegerField("actual business value", null=True, blank=True)
    cards = models.ManyToManyField(Card, blank=True, related_name="objectives")
    position = models.PositiveSmallIntegerField(default=0)
    removed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        ordering = ["increment", "lane", "-is_committed", "position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(planned_value=None) | Q(planned_value__gte=1, planned_value__lte=10),
                name="planned_value_1_to_10",
                violation_error_message="Business value goes from 1 to 10.",
            ),
            models.CheckConstraint(
                condition=Q(actual_value=None) | Q(actual_value__lte=10),
                name="actual_value_0_to_10",
                violation_error_message="Actual business value goes from 0 to 10.",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Roam(models.TextChoices):
    OPEN = "", "Not discussed"
    RESOLVED = "resolved", "Resolved"
    OWNED = "owned", "Owned"
    ACCEPTED = "accepted", "Accepted"
    MITIGATED = "mitigated", "Mitigated"


class Risk(models.Model):
    """A risk of the plan. Owned has an owner and a day, mitigated a plan."""

    increment = models.ForeignKey(Increment, on_delete=models.CASCADE, related_name="risks")
    lane = models.ForeignKey(Lane, null=True, blank=True, on_delete=models.PROTECT, related_name="risks")
    card = models.ForeignKey(Card, null=True, blank=True, on_delete=models.PROTECT, related_name="risks")
    text = models.CharField("what may happen", max_length=300)
    roam = models.CharField(max_length=9, choices=Roam, blank=True, default=Roam.OPEN)
    # A person by name: not everybody in the room has an account.
    owner_name = models.CharField("owner", max_length=120, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    due_on = models.DateField(null=True, blank=True)
    plan = models.TextField(blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        ordering = ["increment", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(roam="owned") | ~Q(owner_name="") & Q(due_on__isnull=False),
                name="owned_risk_has_an_owner",
                violation_error_message="An owned risk has an owner and a date.",
            ),
            models.CheckConstraint(
                condition=~Q(roam="mitigated") | ~Q(plan=""),
                name="mitigated_risk_has_a_plan",
                violation_error_message="A mitigated risk has a plan.",
            ),
        ]

    def __str__(self) -> str:
        return self.text


class CheckList(models.TextChoices):
    READY = "ready", "Plan ready"
    FINAL = "final", "Plan final"


class Check(models.Model):
    """A line of a checklist. One with a `rule` is ticked by the portal (planning/checklists.py), others by people."""

    increment = models.ForeignKey(Increment, on_delete=models.CASCADE, related_name="checks")
    list = models.CharField(max_length=5, choices=CheckList)
    position = models.PositiveSmallIntegerField(default=0)
    text = models.CharField(max_length=200)
    rule = models.CharField(max_length=30, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        ordering = ["increment", "list", "position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(rule="") | Q(done_at=None), name="check_by_rule_is_not_ticked"),
            models.UniqueConstraint(fields=["increment", "list", "text"], name="check_once"),
        ]

    def __str__(self) -> str:
        return self.text
