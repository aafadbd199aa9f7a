"""Boards drawn as files by a worker: what somebody asked for, how far it is, and the file for a day."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.models import JobState, LeasedJob
from planning.models.increments import Increment


class PrintKind(models.TextChoices):
    PDF = "pdf", "A3, to print"
    PNG = "png", "PNG"


class Print(LeasedJob):
    """The board as one person sees it (rows stand in their own order), as of the line `number` of its log.

    At most one of a kind per person is not over.
    """

    increment = models.ForeignKey(Increment, on_delete=models.CASCADE, related_name="prints")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=3, choices=PrintKind)
    number = models.PositiveIntegerField(default=0, db_default=0)
    # Sheets that are drawn, of how many; 0 of 0: nobody knows yet.
    done = models.PositiveSmallIntegerField(default=0, db_default=0)
    total = models.PositiveSmallIntegerField(default=0, db_default=0)
    content = models.BinaryField(default=bytes)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "lease_until"])]
        constraints = [
            models.UniqueConstraint(
                fields=["increment", "asked_by", "kind"],
                condition=Q(state__in=[JobState.QUEUED, JobState.RUNNING]),
                name="one_open_print",
            )
        ]

    def __str__(self) -> str:
        return f"{self.increment} as {self.kind}"
