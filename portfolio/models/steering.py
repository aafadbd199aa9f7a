"""How initiatives are steered: their way through the stages, limits, approvals, reviews, and scoring sessions."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from portfolio.models.organisation import ValueStream
from portfolio.models.work import SCORES, WSJF_PARTS, Initiative, Stage


class StageEntry(models.Model):
    """An initiative entered a stage. Never changed: the stage as of an instant is that of the latest entry before it.

    `override` is the reason why the stage's limit was passed.
    """

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="stages")
    stage = models.CharField(max_length=12, choices=Stage)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    override = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["initiative", "at", "id"]
        indexes = [models.Index(fields=["initiative", "at"])]

    def __str__(self) -> str:
        return f"{self.initiative}: {self.stage} since {self.at:%Y-%m-%d}"


class StageLimit(models.Model):
    """At most so many initiatives in a stage: of a value stream or (no stream) of the whole portfolio."""

    stream = models.ForeignKey(
        ValueStream, null=True, blank=True, on_delete=models.CASCADE, related_name="stage_limits"
    )
    stage = models.CharField(max_length=12, choices=[one for one in Stage.choices if one[0] != Stage.DONE])
    most = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])

    class Meta:
        ordering = ["stage", "stream"]
        constraints = [
            models.UniqueConstraint(fields=["stream", "stage"], nulls_distinct=False, name="stage_limit_once"),
            models.CheckConstraint(condition=Q(most__gte=1), name="stage_limit_at_least_one"),
        ]

    def __str__(self) -> str:
        return f"{self.stage}: {self.most} of {self.stream or 'the portfolio'}"


class ApprovalThreshold(models.Model):
    """Initiatives that cost more need an approval before `implementing`. A stream's own goes first."""

    stream = models.OneToOneField(
        ValueStream, null=True, blank=True, on_delete=models.CASCADE, related_name="approval_threshold"
    )
    amount = models.DecimalField(max_digits=14, decimal_places=2, validators=[MinValueValidator(Decimal(0))])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream"], nulls_distinct=False, name="approval_threshold_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="approval_threshold_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of {self.stream or 'the portfolio'}"


class ApprovalState(models.TextChoices):
    ASKED = "asked", "Asked for"
    APPROVED = "approved", "Approved"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Approval(models.Model):
    """Somebody asked to spend up to `amount` on an initiative; somebody else decides. It covers costs up to that."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="approvals")
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=9, choices=ApprovalState, default=ApprovalState.ASKED)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["initiative"],
                condition=Q(state="asked"),
                name="approval_asked_once",
                violation_error_message="An approval is asked for already.",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="approval_of_an_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.initiative}: {self.amount} {self.state}"


class Review(models.Model):
    """A business owner looked at an initiative (guardrail 4: engagement)."""

    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="reviews")
    on = models.DateField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-on", "-id"]

    def __str__(self) -> str:
        return f"{self.initiative} on {self.on}"


class ScoringSession(models.Model):
    """People score the initiatives of a session together, one part of WSJF after the other.

    `part` is the one being scored; its estimates are hidden until `is_revealed`. Closing writes what was agreed.
    """

    name = models.CharField(max_length=120)
    stream = models.ForeignKey(
        ValueStream, null=True, blank=True, on_delete=models.CASCADE, related_name="scoring_sessions"
    )
    initiatives = models.ManyToManyField(Initiative, related_name="scoring_sessions")
    part = models.CharField(max_length=16, choices=[(part, part) for part in WSJF_PARTS], default=WSJF_PARTS[0])
    is_revealed = models.BooleanField(default=False)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-opened_at"]

    def __str__(self) -> str:
        return self.name


class Estimate(models.Model):
    """One person's score of one part of one initiative in a session; `by` None is what was agreed on."""

    session = models.ForeignKey(ScoringSession, on_delete=models.CASCADE, related_name="estimates")
    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="estimates")
    part = models.CharField(max_length=16, choices=[(part, part) for part in WSJF_PARTS])
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    score = models.PositiveSmallIntegerField()
    # Of what was agreed on: grows with every change, so that two who agree at once hear of each other.
    version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        ordering = ["session", "part", "initiative"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "initiative", "part", "by"], nulls_distinct=False, name="estimate_once"
            ),
            models.CheckConstraint(condition=Q(score__in=SCORES), name="estimate_on_scale"),
        ]

    def __str__(self) -> str:
        return f"{self.initiative}: {self.part} {self.score}"
