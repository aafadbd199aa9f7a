"""Derived: can be thrown away and computed again from facts and mappings at any time."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from metrics.models.facts import Commit, Deployment, PullRequest, WorkItem
from metrics.models.sources import FlowState, Status
from portfolio.models import Service, Team


class ItemFlow(models.Model):
    """Derived, one row per item: where it is now and its milestone dates as of now, by today's mapping."""

    item = models.OneToOneField(WorkItem, on_delete=models.CASCADE, primary_key=True, related_name="flow")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    status = models.ForeignKey(Status, null=True, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=FlowState)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # Calendar days in the zone of the team at the finish (docs/users/measures.md): same day is 1.
    cycle_days = models.IntegerField(null=True)
    lead_days = models.IntegerField(null=True)
    active_seconds = models.FloatField(default=0)
    waiting_seconds = models.FloatField(default=0)
    # Every team that ever held the item: whose rollups a change of it touches.
    teams = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        indexes = [
            models.Index(fields=["team", "finished_at"], name="flow_team_finished"),
            models.Index(fields=["team", "state"], name="flow_team_state"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.state}"


class FlowRollup(models.Model):
    """What the FlowDay rows of a team were computed from; they answer only as long as nothing of it is different."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, primary_key=True, related_name="+")
    built_at = models.DateTimeField()
    # An event that was known then, but lies after `built_at`.
    good_until = models.DateTimeField(null=True)
    timezone = models.CharField(max_length=60)
    items = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"{self.team_id} as of {self.built_at}"


class FlowDay(models.Model):
    """Derived: what adds up, per team and local day; `n` is signed where it says what changed (see rollups.py)."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    measure = models.CharField(max_length=12)
    on = models.DateField()
    part = models.CharField(max_length=12)
    n = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "measure", "on", "part"], name="flow_day_once")]

    def __str__(self) -> str:
        return f"{self.team_id} {self.measure} {self.on} {self.part}: {self.n}"


class Change(models.Model):
    """Derived: a change (docs/users/measures.md, delivery) and the deployment that brought it to production."""

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="changes")
    commit = models.ForeignKey(Commit, on_delete=models.CASCADE, related_name="+")
    pull_request = models.ForeignKey(PullRequest, null=True, on_delete=models.CASCADE, related_name="changes")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="+")
    authored_at = models.DateTimeField()
    deployed_at = models.DateTimeField()
    is_bot = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["commit", "service", "deployment"], name="change_once")]
        indexes = [models.Index(fields=["service", "deployed_at"], name="change_of_service")]

    def __str__(self) -> str:
        return f"{self.commit_id} in {self.deployment_id}"


class Rollback(models.Model):
    """Derived: `deployment` brought back an ancestor of what the one immediately before it had brought."""

    deployment = models.OneToOneField(Deployment, on_delete=models.CASCADE, primary_key=True, related_name="rollback")
    undone = models.OneToOneField(Deployment, on_delete=models.CASCADE, related_name="rolled_back_by")

    def __str__(self) -> str:
        return f"{self.deployment_id} undoes {self.undone_id}"
