"""Sources: the connections to tools, and the statuses of their workflows."""

from django.db import models

from portfolio.models import Service, Team


class SourceState(models.TextChoices):
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    STOPPED = "stopped", "Stopped after an error"


class Source(models.Model):
    """A connection to one tool: its settings, its mapping, how far it was read and how fresh it is."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120, unique=True)
    tool = models.CharField(max_length=20)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="sources")
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.PROTECT, related_name="sources")
    settings = models.JSONField(default=dict)
    # Secret settings (tokens, passwords), encrypted; see connectors/actions.py.
    secrets = models.BinaryField(default=b"", editable=False)
    # Tool item type (lower case) -> item kind; what is not here goes by the defaults in metrics/states.py.
    type_mapping = models.JSONField(default=dict)
    # [status name, state] as a person gave them, in the workflow's order: a status is mapped when it is first seen.
    status_mapping = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=SourceState, default=SourceState.ACTIVE)
    error = models.TextField(blank=True)
    # Minutes between syncs; 0: only by hand.
    schedule_minutes = models.PositiveIntegerField(default=15)
    # Hours after a deployment in which an incident without a deployment id is put down to it.
    incident_window_hours = models.PositiveSmallIntegerField(default=24)
    cursor = models.JSONField(null=True, blank=True)
    # Who the tool says we are; deletions are not inferred when that changes.
    identity = models.CharField(max_length=300, blank=True)
    # When the tool was last asked for everything that exists, to find what was deleted there.
    swept_at = models.DateTimeField(null=True, blank=True)
    # Facts were stored from which nothing has been derived yet; a sync that ends clears it, a killed one leaves it.
    needs_derive = models.BooleanField(default=False)
    # Grows when a sync changed facts or a person changed a mapping; part of every cache key.
    data_version = models.PositiveBigIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True, blank=True)
    synced_at = models.DateTimeField(null=True, blank=True)
    next_sync_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class FlowState(models.TextChoices):
    BACKLOG = "backlog", "Backlog"
    ACTIVE = "active", "Active"
    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    REMOVED = "removed", "Removed"


class Status(models.Model):
    """A status of a source's workflow, in the workflow's order. No state: not mapped, counts as active."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="statuses")
    external_id = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=8, choices=FlowState, null=True, blank=True)
    # True when a person chose the state; a tool's own category never overwrites that.
    is_chosen = models.BooleanField(default=False)
    position = models.IntegerField(default=0)
    # An item in it is blocked (metrics/load/blocks.py).
    is_blocked = models.BooleanField(default=False, db_default=False)

    class Meta:
        ordering = ["source", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="status_once")]

    def __str__(self) -> str:
        return self.name
