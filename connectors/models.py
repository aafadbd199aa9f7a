"""Runs of syncs and what they rejected."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.models import JobState, LeasedJob
from metrics.models import Source


class SyncRun(LeasedJob):
    """One sync of one source: a leased job with its counts. At most one per source is not over."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="runs")
    is_full = models.BooleanField(default=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    phase = models.CharField(max_length=60, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True, blank=True)
    read = models.PositiveBigIntegerField(default=0)
    written = models.PositiveBigIntegerField(default=0)
    unchanged = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    deleted = models.PositiveBigIntegerField(default=0)
    # The error will come back until a person changes something (401, 404): the schedule stops.
    is_permanent = models.BooleanField(default=False)
    # What a person should know although the sync went well.
    warning = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source"],
                condition=Q(state__in=[JobState.QUEUED, JobState.RUNNING]),
                name="one_open_run_per_source",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} run {self.pk}"


class Rejection(models.Model):
    """A record the connector or the loader could not use: where it was, why, and what it looked like."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="rejections")
    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="rejections")
    place = models.CharField(max_length=200)
    reason = models.TextField()
    record = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"
