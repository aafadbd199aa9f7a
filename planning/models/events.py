"""The days of planning: agenda and timer, confidence votes, and links that need no login."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from planning.models.board import Lane
from planning.models.increments import Increment


class AgendaItem(models.Model):
    """A part of the planning event; `day` counts from 1. Parts follow each other; `starts_at` pins one to a time."""

    increment = models.ForeignKey(Increment, on_delete=models.CASCADE, related_name="agenda")
    day = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveSmallIntegerField(default=0)
    title = models.CharField(max_length=120)
    minutes = models.PositiveSmallIntegerField()
    starts_at = models.TimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        ordering = ["increment", "day", "position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__gte=1, minutes__lte=720),
                name="agenda_item_has_minutes",
                violation_error_message="Give from 1 to 720 minutes.",
            )
        ]

    def __str__(self) -> str:
        return self.title


class Timer(models.Model):
    """An increment's one timer, by the server's clock: running (`ends_at`), paused (`left_seconds`), or neither."""

    increment = models.OneToOneField(Increment, on_delete=models.CASCADE, related_name="timer")
    title = models.CharField(max_length=120, blank=True)
    item = models.ForeignKey(AgendaItem, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    ends_at = models.DateTimeField(null=True, blank=True)
    left_seconds = models.PositiveIntegerField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        ordering = ["increment"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at=None) | Q(left_seconds=None), name="timer_runs_or_is_paused")
        ]

    def __str__(self) -> str:
        return f"Timer of {self.increment}"


class Poll(models.Model):
    """A confidence vote (fist of five) of a team, or without a row of the train. Hidden until it is closed.

    `token` is its link; `round` grows when the same ask is put again after rework.
    """

    increment = models.ForeignKey(Increment, on_delete=models.CASCADE, related_name="polls")
    lane = models.ForeignKey(Lane, null=True, blank=True, on_delete=models.PROTECT, related_name="polls")
    round = models.PositiveSmallIntegerField(default=1)
    token = models.CharField(max_length=64, unique=True)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        ordering = ["increment", "lane", "-round"]
        constraints = [
            models.UniqueConstraint(
                fields=["increment", "lane", "round"], nulls_distinct=False, name="confidence_poll_round_once"
            ),
            models.UniqueConstraint(
                fields=["increment", "lane"],
                condition=Q(closed_at=None),
                nulls_distinct=False,
                name="confidence_poll_open_once",
                violation_error_message="A vote of this team is open.",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=F("opened_at")), name="poll_closes_after_it_opens"
            ),
        ]

    def __str__(self) -> str:
        return f"Confidence vote of {self.lane or self.increment}, round {self.round}"


class Invitation(models.Model):
    """A name that may vote once in a poll."""

    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="invitations")
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["poll", "name"]
        constraints = [models.UniqueConstraint(fields=["poll", "name"], name="invited_once")]

    def __str__(self) -> str:
        return self.name


class Ballot(models.Model):
    """A vote: one per device and per invited name. Fingers are 1 to 5."""

    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="ballots")
    invitation = models.OneToOneField(
        Invitation, null=True, blank=True, on_delete=models.CASCADE, related_name="ballot"
    )
    # A hash of a random mark that the device keeps for this poll: it says "the same device", nothing else.
    device = models.CharField(max_length=64)
    fingers = models.PositiveSmallIntegerField()
    comment = models.CharField("what would raise it", max_length=300, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["poll", "id"]
        constraints = [
            models.UniqueConstraint(fields=["poll", "device"], name="confidence_ballot_once_per_device"),
            models.CheckConstraint(condition=Q(fingers__gte=1, fingers__lte=5), name="ballot_of_one_to_five"),
        ]

    def __str__(self) -> str:
        return f"{self.fingers} of 5"


class LinkKind(models.TextChoices):
    # Read-only, for a screen on the wall.
    WALL = "wall", "Wall"


class JoinLink(models.Model):
    """An address that shows a board without a login, until it is revoked or its time is over."""

    increment = models.ForeignKey(Increment, on_delete=models.CASCADE, related_name="links")
    kind = models.CharField(max_length=4, choices=LinkKind, default=LinkKind.WALL)
    name = models.CharField("where it hangs", max_length=80)
    token = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(auto_now_add=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["increment", "-made_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.increment})"
