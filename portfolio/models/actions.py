"""Improvement actions: what somebody will change until when, so that something does not happen again."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from portfolio.models.organisation import Team, ValueStream

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class ActionState(models.TextChoices):
    OPEN = "open", "Open"
    DONE = "done", "Done"
    DROPPED = "dropped", "Dropped"


class ActionQuerySet(models.QuerySet["Action"]):
    def for_user(self, user: "User | AnonymousUser") -> "ActionQuerySet":
        """Those of the whole portal, of the teams and streams that `user` may see, and their own."""
        if not user.is_authenticated:
            return self.none()
        teams, streams = Team.objects.for_user(user).order_by(), ValueStream.objects.for_user(user).order_by()
        return self.filter(
            Q(team=None, stream=None) | Q(team__in=teams) | Q(stream__in=streams, team=None) | Q(owner=user)
        )


class Action(models.Model):
    """An improvement action of a team, a value stream, or (neither) the whole portal."""

    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="actions")
    stream = models.ForeignKey(ValueStream, null=True, blank=True, on_delete=models.PROTECT, related_name="actions")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="owned_actions"
    )
    due_on = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=7, choices=ActionState, default=ActionState.OPEN)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    made_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)

    objects = ActionQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(team=None) | Q(stream=None), name="action_has_one_place"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None) | ~Q(state="open") & Q(closed_at__isnull=False),
                name="action_closed_has_instant",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_on"], name="action_state_due")]

    def __str__(self) -> str:
        return self.name
