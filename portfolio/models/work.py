"""What value streams invest in: strategic themes, initiatives on their way from funnel to done, features."""

from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from portfolio.models.organisation import Lifetime, Team, ValueStream, ValueType, lifetime_constraint

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class Theme(Lifetime):
    """A strategic theme: a direction of the whole portfolio that objectives and initiatives serve."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        constraints = [lifetime_constraint("theme")]

    def __str__(self) -> str:
        return self.name


class Stage(models.TextChoices):
    """The portfolio Kanban, in order. An initiative that is done has a verdict and a last day (`ended_on`)."""

    FUNNEL = "funnel", "Funnel"
    REVIEWING = "reviewing", "Reviewing"
    ANALYSING = "analysing", "Analysing"
    BACKLOG = "backlog", "Backlog"
    IMPLEMENTING = "implementing", "Implementing"
    DONE = "done", "Done"


class Horizon(models.TextChoices):
    """How far from today's business: investment horizons."""

    H0 = "h0", "H0 retire"
    H1 = "h1", "H1 invest or extract"
    H2 = "h2", "H2 emerging"
    H3 = "h3", "H3 evaluating"


class Verdict(models.TextChoices):
    """What was decided about the hypothesis of an initiative that is done."""

    PERSEVERE = "persevere", "Persevere"
    PIVOT = "pivot", "Pivot"
    STOP = "stop", "Stop"


# What a part of WSJF may be scored with.
SCORES = (1, 2, 3, 5, 8, 13, 20)
# The parts of WSJF in the order they are scored; the last divides the sum of the others.
WSJF_PARTS = ("business_value", "time_criticality", "risk_reduction", "job_size")


def _score(label: str) -> "models.PositiveSmallIntegerField[int | None, int | None]":
    return models.PositiveSmallIntegerField(
        label, null=True, blank=True, choices=[(score, str(score)) for score in SCORES]
    )


def _money(label: str) -> "models.DecimalField[Decimal | None, Decimal | None]":
    return models.DecimalField(
        label, max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(Decimal(0))]
    )


class InitiativeQuerySet(models.QuerySet["Initiative"]):
    def for_user(self, user: "User | AnonymousUser") -> "InitiativeQuerySet":
        """The initiatives of the streams that `user` may see, and those that work of the user's teams belongs to."""
        teams = Team.objects.for_user(user).order_by()
        streams = ValueStream.objects.for_user(user).order_by()
        own = Feature.objects.filter(team__in=teams).exclude(initiative=None)
        expected = Initiative.teams.through.objects.filter(team__in=teams)
        return self.filter(
            Q(stream__in=streams) | Q(pk__in=own.values("initiative")) | Q(pk__in=expected.values("initiative"))
        )


class Initiative(Lifetime):
    """What a value stream invests in (an epic). Until it is broken down into features, `teams` say who would do it."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    stream = models.ForeignKey(ValueStream, on_delete=models.PROTECT, related_name="initiatives")
    value_type = models.CharField(max_length=8, choices=ValueType, default=ValueType.FEATURE)
    teams = models.ManyToManyField(Team, blank=True, related_name="expected_initiatives")
    position = models.PositiveSmallIntegerField(default=0)
    due_on = models.DateField(null=True, blank=True)
    theme = models.ForeignKey(Theme, null=True, blank=True, on_delete=models.PROTECT, related_name="initiatives")
    stage = models.CharField(max_length=12, choices=Stage, default=Stage.FUNNEL, db_default=Stage.FUNNEL.value)
    verdict = models.CharField(max_length=9, choices=Verdict, blank=True, default="", db_default="")
    horizon = models.CharField(max_length=2, choices=Horizon, blank=True, default="", db_default="")
    hypothesis = models.TextField(blank=True, default="", db_default="")
    outcome = models.TextField("expected outcome", blank=True, default="", db_default="")
    business_case = models.TextField("lean business case", blank=True, default="", db_default="")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="owned_initiatives"
    )
    # Money is in the portal's one currency; seen with the verb see_money of its stream.
    estimated_cost = _money("estimated cost")
    cost_of_delay = _money("cost of delay per week")
    business_value = _score("business value")
    time_criticality = _score("time criticality")
    risk_reduction = _score("risk reduction or opportunity")
    job_size = _score("job size")
    # A place given by a person (1 is first), always with the reason; the computed rank stays beside it.
    manual_rank = models.PositiveIntegerField(null=True, blank=True)
    manual_rank_reason = models.CharField(max_length=300, blank=True, default="", db_default="")
    # Grows with every change: a writer says which one it saw.
    version = models.PositiveIntegerField(default=1, db_default=1)

    objects = InitiativeQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name", "id"]
        constraints = [
            lifetime_constraint("initiative"),
            *(
                models.CheckConstraint(
                    condition=Q(**{part: None}) | Q(**{f"{part}__in": SCORES}), name=f"{part}_on_scale"
                )
                for part in WSJF_PARTS
            ),
            models.CheckConstraint(
                condition=(Q(estimated_cost=None) | Q(estimated_cost__gte=0))
                & (Q(cost_of_delay=None) | Q(cost_of_delay__gte=0)),
                name="initiative_costs_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(manual_rank=None) | Q(manual_rank__gte=1) & ~Q(manual_rank_reason=""),
                name="manual_rank_has_reason",
                violation_error_message="A rank given by hand needs a reason.",
            ),
            models.CheckConstraint(
                condition=Q(verdict="") | Q(stage="done"),
                name="verdict_when_done",
                violation_error_message="Only what is done has a verdict.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FeatureQuerySet(models.QuerySet["Feature"]):
    def for_user(self, user: "User | AnonymousUser") -> "FeatureQuerySet":
        """The features of the teams that `user` may see."""
        return self.filter(team__in=Team.objects.for_user(user).order_by())


class Feature(Lifetime):
    """A part of an initiative that one team delivers; a team works its features in the order of their rank."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="features")
    initiative = models.ForeignKey(Initiative, null=True, blank=True, on_delete=models.PROTECT, related_name="features")
    name = models.CharField(max_length=200)
    value_type = models.CharField(max_length=8, choices=ValueType, default=ValueType.FEATURE)
    rank = models.PositiveIntegerField(default=0)
    # How many items it will have, by somebody's guess, while it has none; without a guess the team's typical size.
    guessed_items = models.PositiveIntegerField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)

    objects = FeatureQuerySet.as_manager()

    class Meta:
        ordering = ["team", "rank", "id"]
        constraints = [
            lifetime_constraint("feature"),
            models.UniqueConstraint(fields=["team", "name"], name="feature_named_once_per_team"),
        ]

    def __str__(self) -> str:
        return self.name
