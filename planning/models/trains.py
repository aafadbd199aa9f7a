"""Trains: teams that plan together."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F, Func, Q
from django.utils import timezone

from portfolio.models import Team
from portfolio.models.organisation import Lifetime, lifetime_constraint

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


def sees_all(user: "User | AnonymousUser") -> bool:
    """Whether somebody sees every train, also one without teams."""
    from portfolio.rules import access

    mine = access(user)
    return mine.is_administrator or bool(mine.everywhere)


class TrainQuerySet(models.QuerySet["Train"]):
    def for_user(self, user: "User | AnonymousUser") -> "TrainQuerySet":
        """The trains of which `user` may see a team, today's or one to come: whoever plans with others sees the whole.

        A train without teams is seen by those who may see everything.
        """
        if not user.is_authenticated:
            return self.none()
        if sees_all(user):
            return self
        seats = TrainTeam.objects.filter(team__in=Team.objects.for_user(user).order_by())
        there = seats.exclude(during__fully_lt=DateRange(timezone.localdate(), None))
        return self.filter(pk__in=there.values("train"))


class Train(Lifetime):
    """Long-lived; its teams plan their increments together."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True)
    # Grows with every change: a writer says which one it saw.
    version = models.PositiveIntegerField(default=1, db_default=1)

    objects = TrainQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [lifetime_constraint("train")]

    def __str__(self) -> str:
        return self.name


class TrainTeam(models.Model):
    """A team in a train over a time (`during` is half-open); a team plans with one train at a time."""

    train = models.ForeignKey(Train, on_delete=models.CASCADE, related_name="seats")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="train_seats")
    during = DateRangeField()

    class Meta:
        ordering = ["train", "team", "during"]
        constraints = [
            models.CheckConstraint(condition=Q(during__isempty=False), name="train_team_has_days"),
            # The wheel's PostgreSQL has no btree_gist: equality of ids is said with one-value ranges.
            ExclusionConstraint(
                name="team_in_one_train_at_a_time",
                expressions=[
                    (
                        Func(F("team"), F("team"), RangeBoundary(True, True), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    ("during", RangeOperators.OVERLAPS),
                ],
                violation_error_message="This team is in a train at that time already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team} in {self.train}"

    @property
    def last_day(self) -> date | None:
        return self.during.upper - timedelta(days=1) if self.during.upper else None
