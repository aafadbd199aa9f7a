"""Sources, the facts pulled from them, and what is derived from the facts.

Facts hold what the tools said, merged on (source, external_id) by metrics/load.py. Derived tables (ItemFlow, Change,
Rollback, FlowDay) can be thrown away and computed again from facts and mappings at any time.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

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

    class Meta:
        ordering = ["source", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="status_once")]

    def __str__(self) -> str:
        return self.name


class ItemKind(models.TextChoices):
    FEATURE = "feature", "Feature"
    ENABLER = "enabler", "Enabler"
    DEFECT = "defect", "Defect"
    DEBT = "debt", "Debt"
    RISK = "risk", "Risk"
    OTHER = "other", "Other"


class WorkItem(models.Model):
    """A work item as its tool shows it now. When it started and finished is derived: see ItemFlow."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="items")
    external_id = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    title = models.TextField(blank=True)
    url = models.TextField(blank=True)
    tool_type = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=8, choices=ItemKind, default=ItemKind.OTHER)
    status = models.ForeignKey(Status, null=True, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="items")
    created_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(null=True)
    points = models.FloatField(null=True)
    labels = ArrayField(models.TextField(), default=list)
    parent = models.CharField(max_length=200, blank=True)
    class_of_service = models.CharField(max_length=60, blank=True)
    # Missing in a sweep once; deleted when a second sweep of the same identity agrees.
    missing_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="item_once")]
        indexes = [
            models.Index(fields=["team"], condition=Q(deleted_at=None), name="item_of_team"),
            models.Index(fields=["source", "key"], name="item_by_key"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.title}".strip()


class Transition(models.Model):
    """A move between statuses: what all of flow is derived from."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=200)
    item = models.ForeignKey(WorkItem, on_delete=models.CASCADE, related_name="transitions")
    at = models.DateTimeField()
    from_status = models.ForeignKey(Status, null=True, on_delete=models.PROTECT, related_name="+")
    to_status = models.ForeignKey(Status, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="transition_once")]
        indexes = [models.Index(fields=["item", "at"], name="transition_of_item")]

    def __str__(self) -> str:
        return f"{self.item_id} → {self.to_status_id} at {self.at:%Y-%m-%d %H:%M}"


class TeamMove(models.Model):
    """A move of an item between teams."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=200)
    item = models.ForeignKey(WorkItem, on_delete=models.CASCADE, related_name="team_moves")
    at = models.DateTimeField()
    from_team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    to_team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="team_move_once")]
        indexes = [
            models.Index(fields=["item", "at"], name="team_move_of_item"),
            models.Index(fields=["from_team"], name="team_move_from"),
            models.Index(fields=["to_team"], name="team_move_to"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.from_team_id} → {self.to_team_id}"


class BlockedStay(models.Model):
    """A time in which an item was blocked. From a tool (source and external id given) or logged here."""

    source = models.ForeignKey(Source, null=True, on_delete=models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=200)
    item = models.ForeignKey(WorkItem, on_delete=models.CASCADE, related_name="blocked_stays")
    from_at = models.DateTimeField()
    to_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="blocked_stay_once"),
            models.CheckConstraint(condition=Q(to_at=None) | Q(to_at__gte=F("from_at")), name="blocked_stay_forward"),
        ]
        indexes = [models.Index(fields=["item", "from_at"], name="blocked_stay_of_item")]

    def __str__(self) -> str:
        return f"{self.item_id} blocked: {self.reason}"


class PullRequest(models.Model):
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="pull_requests")
    external_id = models.CharField(max_length=200)
    number = models.CharField(max_length=40)
    title = models.TextField(blank=True)
    url = models.TextField(blank=True)
    opened_at = models.DateTimeField(null=True)
    first_commit_at = models.DateTimeField(null=True)
    first_review_at = models.DateTimeField(null=True)
    merged_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    merge_sha = models.CharField(max_length=64, blank=True)
    merge_method = models.CharField(max_length=8, blank=True)
    commits = ArrayField(models.CharField(max_length=64), default=list)
    is_bot = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="pull_request_once")]

    def __str__(self) -> str:
        return f"#{self.number} {self.title}".strip()


class Commit(models.Model):
    """A commit; `external_id` is its full hash, `parents` the hashes of its parents."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="commits")
    external_id = models.CharField(max_length=64)
    authored_at = models.DateTimeField()
    committed_at = models.DateTimeField()
    parents = ArrayField(models.CharField(max_length=64), default=list)
    pull_request = models.CharField(max_length=200, null=True)
    is_bot = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="commit_once")]

    def __str__(self) -> str:
        return self.external_id[:10]


class Deployment(models.Model):
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="deployments")
    external_id = models.CharField(max_length=200)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="deployments")
    sha = models.CharField(max_length=64)
    ref = models.TextField(blank=True)
    environment = models.CharField(max_length=200)
    is_production = models.BooleanField()
    status = models.CharField(max_length=10)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    reached = models.BooleanField(default=True)
    is_unplanned = models.BooleanField(default=False)
    url = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="deployment_once")]
        indexes = [models.Index(fields=["service", "finished_at"], name="deployment_of_service")]

    def __str__(self) -> str:
        return f"{self.ref or self.sha[:10]} to {self.environment}"


class Incident(models.Model):
    """A failure users felt; `deployment` and `fix` are external ids of deployments as the tool gave them."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="incidents")
    external_id = models.CharField(max_length=200)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="incidents")
    title = models.TextField(blank=True)
    url = models.TextField(blank=True)
    started_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    deployment = models.CharField(max_length=200, null=True)
    fix = models.CharField(max_length=200, null=True)
    severity = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="incident_once")]
        indexes = [models.Index(fields=["service", "started_at"], name="incident_of_service")]

    def __str__(self) -> str:
        return self.title


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
