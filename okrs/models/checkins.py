"""Check-ins, team confidence votes, and the reminders that were sent."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from okrs.models.goals import KeyResult, Objective


class CheckIn(models.Model):
    """The value of a key result on a day. "Current" is the newest by `on`; entering a day again corrects that day."""

    key_result = models.ForeignKey(KeyResult, on_delete=models.CASCADE, related_name="check_ins")
    on = models.DateField()
    value = models.FloatField()
    # 0 (no hope) to 10 (certain); None when the portal wrote it by itself.
    confidence = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)
    blocker = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    is_automatic = models.BooleanField(default=False)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["key_result", "on"]
        constraints = [
            models.UniqueConstraint(fields=["key_result", "on"], name="check_in_once_a_day"),
            models.CheckConstraint(
                condition=Q(confidence=None) | Q(confidence__lte=10), name="check_in_confidence_in_range"
            ),
            models.CheckConstraint(
                condition=Q(is_automatic=True) | Q(confidence__isnull=False), name="check_in_has_confidence"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key_result}: {self.value:g} on {self.on}"


class Poll(models.Model):
    """A team's vote of confidence in an objective; votes stay hidden until it is revealed, which ends it."""

    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, related_name="polls")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    opened_at = models.DateTimeField()
    revealed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["objective"],
                condition=Q(revealed_at=None),
                name="poll_open_once",
                violation_error_message="A vote is open already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.objective} at {self.opened_at:%Y-%m-%d}"


class PollVote(models.Model):
    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="votes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    confidence = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["poll", "user"], name="poll_vote_once"),
            models.CheckConstraint(condition=Q(confidence__lte=10), name="poll_vote_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.poll}: {self.confidence}"


class ReminderStep(models.TextChoices):
    DUE = "due", "Due"
    NEXT_DAY = "next-day", "One day later"
    OUTDATED = "outdated", "Outdated"
    COORDINATOR = "coordinator", "To the coordinator"


class Reminder(models.Model):
    """A reminder of a check-in that was sent to a person; each step of a due day once."""

    key_result = models.ForeignKey(KeyResult, on_delete=models.CASCADE, related_name="reminders")
    due_on = models.DateField()
    step = models.CharField(max_length=11, choices=ReminderStep)
    to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key_result", "due_on", "step", "to"], name="reminded_once")]

    def __str__(self) -> str:
        return f"{self.key_result}: {self.step} of {self.due_on}"
