"""Facts: what the tools said, merged on (source, external_id) by metrics/load."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from metrics.models.sources import Source, Status
from portfolio.models import Service, Team, ValueType

# The kinds of work are those that value streams set their policy for.
ItemKind = ValueType


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
            models.Index(
                fields=["source", "parent"], condition=Q(deleted_at=None) & ~Q(parent=""), name="item_by_parent"
            ),
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


class ItemLink(models.Model):
    """The tool says that an item waits for the one called `needs`, which another source may hold, or none."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=200)
    item = models.ForeignKey(WorkItem, on_delete=models.CASCADE, related_name="links")
    needs = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "external_id"], name="item_link_once")]
        indexes = [models.Index(fields=["needs"], name="item_link_needs")]

    def __str__(self) -> str:
        return f"{self.item_id} needs {self.needs}"


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
