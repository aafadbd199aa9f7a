"""What data propose, and what blocked work costs: prepared, can be made again at any time (but for the answers)."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from impediments.models.impediments import Impediment
from portfolio.models import Team, ValueStream


class Trigger(models.TextChoices):
    """What data propose an impediment for (docs/users/impediments.md)."""

    REASON = "reason", "The same reason blocks several items"
    QUEUE = "queue", "A queue grows and holds most of the waiting"
    AGEING = "ageing", "Much of the work in progress is old"


class Answer(models.TextChoices):
    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    DISMISSED = "dismissed", "Dismissed"


class Proposal(models.Model):
    """An impediment that nobody logged, found in the data: one open per `cause`.

    `items` are the primary keys of the work items it rests on; `evidence` [{"key", "title", "url", "text"}] says of
    each why it counts. Items of a dismissed proposal count no more for its cause.
    """

    trigger = models.CharField(max_length=7, choices=Trigger)
    stream = models.ForeignKey(ValueStream, on_delete=models.CASCADE, related_name="impediment_proposals")
    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="impediment_proposals")
    cause = models.CharField(max_length=200)
    what = models.CharField(max_length=200)
    why = models.TextField()
    category = models.CharField(max_length=14, blank=True)
    items = ArrayField(models.BigIntegerField(), default=list)
    evidence = models.JSONField(default=list)
    # Since when the data show it, when it was found and when it was last seen to hold.
    since_at = models.DateTimeField()
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=Answer, default=Answer.OPEN)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    answer_reason = models.CharField(max_length=300, blank=True)
    impediment = models.ForeignKey(Impediment, null=True, on_delete=models.SET_NULL, related_name="proposals")

    class Meta:
        ordering = ["-found_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["cause"], condition=Q(state="open"), name="proposal_open_once_per_cause"),
            models.CheckConstraint(
                condition=Q(state="open") | Q(answered_at__isnull=False), name="proposal_answered_has_instant"
            ),
        ]
        indexes = [models.Index(fields=["state", "stream"], name="proposal_state_stream")]

    def __str__(self) -> str:
        return self.what


class BlockedDay(models.Model):
    """Prepared: what an impediment took from a team on a working day (docs/users/impediments.md, capacity cost).

    `items`: its blocked items in progress at the day's end, one blocked by k impediments counted 1/k. `in_progress`:
    all items in progress then. `amount`: the team's cost of the day × items ÷ in_progress, None: nobody said that cost.
    """

    impediment = models.ForeignKey(Impediment, on_delete=models.CASCADE, related_name="days")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="blocked_days")
    on = models.DateField()
    items = models.FloatField()
    in_progress = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=14, decimal_places=4, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["impediment", "team", "on"], name="blocked_day_once"),
            models.CheckConstraint(condition=Q(items__gt=0, in_progress__gt=0), name="blocked_day_has_items"),
        ]
        indexes = [models.Index(fields=["team", "on"], name="blocked_day_of_team")]

    def __str__(self) -> str:
        return f"{self.impediment_id} on {self.on}: {self.items} of {self.in_progress}"


class BlockedMark(models.Model):
    """How far the blocked days of a team are true: days before `done_until`, made at `made_at` of data `stamp`."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="blocked_mark")
    done_until = models.DateField()
    made_at = models.DateTimeField()
    stamp = models.CharField(max_length=80, blank=True)

    def __str__(self) -> str:
        return f"{self.team_id} until {self.done_until}"


class ProposalMark(models.Model):
    """Of which data of a value stream the proposals were last made."""

    stream = models.OneToOneField(ValueStream, on_delete=models.CASCADE, related_name="proposal_mark")
    made_at = models.DateTimeField()
    stamp = models.CharField(max_length=80, blank=True)

    def __str__(self) -> str:
        return f"{self.stream_id} at {self.made_at}"
