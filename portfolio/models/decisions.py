"""Decisions: proposed by rule or raised by a person, decided on evidence that is frozen with them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portfolio.models.organisation import ValueStream
from portfolio.models.work import Initiative


class DecisionKind(models.TextChoices):
    PIVOT = "pivot", "Pivot or persevere"
    FUND = "fund", "Fund, keep or stop"
    BUDGET = "budget", "Budget of a value stream"
    SCENARIO = "scenario", "Portfolio scenario"
    REVIEW = "review", "Business owner review"
    OTHER = "other", "Other"


class CostKind(models.TextChoices):
    """What waiting costs; kinds are never totalled."""

    DELAY = "delay", "Delay cost"
    CAPACITY = "capacity", "Capacity cost"
    OVERSPEND = "overspend", "Overspend"


class DecisionState(models.TextChoices):
    OPEN = "open", "Open"
    DECIDED = "decided", "Decided"
    DISMISSED = "dismissed", "Dismissed"


class Decision(models.Model):
    """A question with options; once decided it is never changed.

    `evidence` is a list of facts (portfolio/evidence.py) as they were when it was decided (before that, when it was
    raised). `cause` is what a rule proposed it for: one open decision per cause, and a dismissed cause with the same
    `fingerprint` is not proposed again. `options`: [{"key", "label"}].
    """

    kind = models.CharField(max_length=8, choices=DecisionKind)
    question = models.CharField(max_length=300)
    why = models.TextField(blank=True)
    initiative = models.ForeignKey(
        Initiative, null=True, blank=True, on_delete=models.PROTECT, related_name="decisions"
    )
    stream = models.ForeignKey(ValueStream, null=True, blank=True, on_delete=models.PROTECT, related_name="decisions")
    options = models.JSONField(default=list)
    cause = models.CharField(max_length=120, blank=True)
    fingerprint = models.CharField(max_length=200, blank=True)
    cost_kind = models.CharField(max_length=9, choices=CostKind, blank=True)
    cost_per_week = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="owned_decisions"
    )
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    raised_at = models.DateTimeField()
    due_on = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=9, choices=DecisionState, default=DecisionState.OPEN)
    choice = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    review_on = models.DateField(null=True, blank=True)
    evidence = models.JSONField(default=list)
    evidence_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-raised_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["cause"], condition=Q(state="open") & ~Q(cause=""), name="decision_open_once_per_cause"
            ),
            models.CheckConstraint(
                condition=Q(state="open") | Q(decided_at__isnull=False), name="decision_closed_has_instant"
            ),
            models.CheckConstraint(
                condition=Q(cost_kind="", cost_per_week=None) | ~Q(cost_kind="") & Q(cost_per_week__gte=0),
                name="decision_cost_is_named",
            ),
        ]
        indexes = [models.Index(fields=["state", "raised_at"])]

    def __str__(self) -> str:
        return self.question
