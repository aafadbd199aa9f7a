"""Dependencies: what a row provides so that another can deliver. Always from provider to consumer."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from planning.models.board import Card, Lane
from planning.models.increments import Increment, Iteration


class Agreement(models.TextChoices):
    """What both sides say; apart from it, the iterations say whether it can work (planning/formulas/schedule.py)."""

    REQUESTED = "requested", "Requested"
    COUNTERED = "countered", "Other iteration proposed"
    AGREED = "agreed", "Agreed"
    DELIVERED = "delivered", "Delivered"
    # Answered with no, or not needed any more; kept until it is withdrawn: a problem.
    DECLINED = "declined", "Declined"


class Dependency(models.Model):
    """`consumer` needs something of the row `provider_lane`; which card that is may be open until it is agreed.

    `needed_in` is the iteration it is asked for, `proposed_in` the one that the provider can offer (a counter).
    """

    increment = models.ForeignKey(Increment, on_delete=models.CASCADE, related_name="dependencies")
    consumer = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="needs")
    provider_lane = models.ForeignKey(Lane, on_delete=models.PROTECT, related_name="provides")
    provider = models.ForeignKey(Card, null=True, blank=True, on_delete=models.PROTECT, related_name="serves")
    what = models.CharField("what is needed", max_length=200, blank=True)
    agreement = models.CharField(max_length=9, choices=Agreement, default=Agreement.REQUESTED)
    needed_in = models.ForeignKey(Iteration, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    proposed_in = models.ForeignKey(Iteration, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    note = models.CharField("last word", max_length=400, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    requested_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    delivered_on = models.DateField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        ordering = ["increment", "id"]
        verbose_name_plural = "dependencies"
        constraints = [
            models.CheckConstraint(
                condition=Q(provider=None) | ~Q(provider=F("consumer")),
                name="dependency_on_another",
                violation_error_message="A card cannot wait for itself.",
            ),
            models.UniqueConstraint(
                fields=["provider", "consumer"],
                condition=~Q(provider=None) & Q(removed_at=None),
                name="dependency_once",
                violation_error_message="This dependency is on the board.",
            ),
            models.CheckConstraint(
                condition=Q(agreement="delivered", delivered_on__isnull=False)
                | ~Q(agreement="delivered") & Q(delivered_on=None),
                name="dependency_delivered_has_a_day",
            ),
        ]
        indexes = [models.Index(fields=["increment", "removed_at"], name="dependency_of_increment")]

    def __str__(self) -> str:
        return f"{self.consumer} needs {self.what or self.provider} of {self.provider_lane}"
