"""Ways in beside the pages: an address for mails per team, the mails that came, files that came with them; marks."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.models import LeasedJob
from impediments.models.impediments import Impediment
from portfolio.models import Team


class Channel(models.Model):
    """How a team's impediments come in: the secret part of its mail address (empty: none), and whether items that a
    tool marks as blocked log one by themselves."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="impediment_channel")
    token = models.CharField(max_length=40, blank=True)
    logs_marks = models.BooleanField(default=False)
    # Marks before this instant log nothing.
    marks_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token"], condition=~Q(token=""), name="channel_token_once")]

    def __str__(self) -> str:
        return f"channel of {self.team_id}"


class Verdict(models.TextChoices):
    WAITING = "waiting", "Not read yet"
    LOGGED = "logged", "Logged"
    COMMENT = "comment", "Added as a comment"
    REFUSED = "refused", "Refused"


class IncomingMail(LeasedJob):
    """A mail as it came, read by a worker: once per team and message id. `note` says in words what became of it."""

    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="+")
    message_id = models.CharField(max_length=300)
    sender = models.CharField(max_length=320, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    raw = models.BinaryField()
    received_at = models.DateTimeField()
    verdict = models.CharField(max_length=7, choices=Verdict, default=Verdict.WAITING)
    note = models.CharField(max_length=500, blank=True)
    impediment = models.ForeignKey(Impediment, null=True, on_delete=models.SET_NULL, related_name="mails")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "message_id"], nulls_distinct=False, name="incoming_mail_once")
        ]
        indexes = [models.Index(fields=["state", "lease_until"])]

    def __str__(self) -> str:
        return self.subject or self.message_id


class Attachment(models.Model):
    """A file that belongs to an impediment; small, of a kind that cannot run (attachments.py), kept in the database."""

    impediment = models.ForeignKey(Impediment, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    data = models.BinaryField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["added_at", "id"]

    def __str__(self) -> str:
        return self.name
