"""Increments: a few iterations that a train plans together, from draft to closed, and what was committed to."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from planning.models.trains import Train, sees_all
from portfolio.models import Team

if TYPE_CHECKING:
    from datetime import date

    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class IncrementState(models.TextChoices):
    """The life of an increment, in order; each step can be taken back with a reason."""

    DRAFT = "draft", "Draft"
    PLANNING = "planning", "Planning"
    COMMITTED = "committed", "Committed"
    CLOSED = "closed", "Closed"


class IncrementQuerySet(models.QuerySet["Increment"]):
    def for_user(self, user: "User | AnonymousUser") -> "IncrementQuerySet":
        """The increments of the trains that `user` may see, and those in which a team that they see has a row: one that
        left the train keeps what it planned, and sees nothing of what came after it.
        """
        from planning.models.board import Lane

        if user.is_authenticated and sees_all(user):
            return self
        own = Lane.objects.filter(kind="team", team__in=Team.objects.for_user(user).order_by()).order_by()
        return self.filter(Q(train__in=Train.objects.for_user(user).order_by()) | Q(pk__in=own.values("increment")))


class Increment(models.Model):
    """A planning interval (PI) of a train. Every write to its board holds this row: `number` counts them."""

    train = models.ForeignKey(Train, on_delete=models.PROTECT, related_name="increments")
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=80)
    vision = models.TextField("what it is for", blank=True)
    state = models.CharField(max_length=9, choices=IncrementState, default=IncrementState.DRAFT)
    # The number of the last line of its log (Event): what a browser, a chance and an export were made from.
    number = models.PositiveIntegerField(default=0, db_default=0)
    # The number of the last line that changed iterations, rows, people or capacities: what was reckoned from those is
    # right until then.
    frame_number = models.PositiveIntegerField(default=0, db_default=0)
    # What the landing chances are drawn with: the same plan has the same chances.
    seed = models.PositiveIntegerField()
    # How many features a team works at once, for the chances.
    wip_limit = models.PositiveSmallIntegerField(default=1, db_default=1)
    # What did not land went on to the next increment as new cards.
    carried_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="carried_from"
    )
    made_at = models.DateTimeField(auto_now_add=True)
    committed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)

    objects = IncrementQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["train", "name"],
                name="increment_named_once",
                violation_error_message="This train has an increment of that name.",
            ),
            models.CheckConstraint(condition=Q(wip_limit__gte=1, wip_limit__lte=20), name="increment_wip_limit"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "planning"], closed_at=None)
                | Q(state="committed", closed_at=None, committed_at__isnull=False)
                | Q(state="closed", closed_at__isnull=False),
                name="increment_state_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether its board may be written."""
        return self.state != IncrementState.CLOSED


class Iteration(models.Model):
    """A column of the board: days from `first_on` to `last_on`, both included."""

    increment = models.ForeignKey(Increment, on_delete=models.CASCADE, related_name="iterations")
    # Its place, from 1; what dependencies compare.
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    first_on = models.DateField()
    last_on = models.DateField()
    # Innovation and planning: it carries no features.
    is_ip = models.BooleanField("innovation and planning", default=False)

    class Meta:
        ordering = ["increment", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["increment", "number"],
                name="iteration_numbered_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                condition=Q(last_on__gte=F("first_on")),
                name="iteration_ends_after_start",
                violation_error_message="The last day is before the first.",
            ),
            ExclusionConstraint(
                name="iterations_apart",
                expressions=[
                    (
                        Func(F("increment"), F("increment"), RangeBoundary(True, True), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(F("first_on"), F("last_on"), Value("[]"), function="daterange"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                deferrable=models.Deferrable.DEFERRED,
                violation_error_message="Two iterations of an increment share a day.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def days(self) -> "tuple[date, date]":
        return self.first_on, self.last_on


class Baseline(models.Model):
    """The plan as it was committed to: never changed. Committing again makes another, with the next `number`.

    `plan` is the whole board by kind and id as planning/replay.py has it, `chances` the landing chances by card's and
    objective's id as they were shown, `inputs` what those were drawn from (canonical text).
    """

    increment = models.ForeignKey(Increment, on_delete=models.CASCADE, related_name="baselines")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    # The line of the log up to which it goes.
    event = models.PositiveIntegerField()
    plan = models.JSONField()
    chances = models.JSONField(default=dict)
    engine = models.CharField(max_length=40, blank=True)
    inputs = models.TextField(blank=True)

    class Meta:
        ordering = ["increment", "-number"]
        constraints = [models.UniqueConstraint(fields=["increment", "number"], name="baseline_numbered_once")]

    def __str__(self) -> str:
        return f"Baseline {self.number} of {self.increment}"
