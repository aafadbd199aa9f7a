"""Rows that serve every app and know no noun: audit entries, leased jobs, mails, notices, imports, the live log."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class AuditEntry(models.Model):
    """Who did what to what, when. Written in the transaction of the deed; never changed afterwards."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    actor_name = models.CharField(max_length=200, blank=True)
    verb = models.CharField(max_length=60)
    target_type = models.CharField(max_length=60)
    target_id = models.CharField(max_length=60)
    target_name = models.CharField(max_length=300)
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["target_type", "target_id", "-id"])]

    def __str__(self) -> str:
        return f"{self.actor_name or 'the portal'} {self.verb} {self.target_name}"


class JobState(models.TextChoices):
    QUEUED = "queued", "Waiting for a worker"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class LeasedJob(models.Model):
    """A job whose truth is this row: a worker holds it by a lease, and loses it by being silent.

    See core/jobs.py for the verbs. `fence` grows with each claim; a worker that lost its lease cannot
    write any more, because its fence no longer matches.
    """

    state = models.CharField(max_length=12, choices=JobState, default=JobState.QUEUED)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        abstract = True

    @property
    def is_over(self) -> bool:
        return self.state in {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}


class LiveEvent(models.Model):
    """One line of the live log; `id` is what a browser sends back as Last-Event-ID."""

    topic = models.CharField(max_length=120)
    kind = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(F("topic"), F("id"), name="live_topic_id")]
        constraints = [models.CheckConstraint(condition=~Q(topic=""), name="live_topic_given")]

    def __str__(self) -> str:
        return f"{self.topic} {self.kind} {self.id}"


class Mail(LeasedJob):
    """A mail to be sent, once per `key` whoever asks how often; written in the transaction of what it tells."""

    key = models.CharField(max_length=200, unique=True)
    to = models.EmailField()
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    # Where an answer goes, and what it belongs to ("impediment-12"); see core/outbox.py.
    reply_to = models.EmailField(blank=True, db_default="")
    thread = models.CharField(max_length=80, blank=True, db_default="")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "lease_until"])]

    def __str__(self) -> str:
        return self.subject


class Notice(models.Model):
    """Something a person should know, shown in the portal until it is read; once per person and `key`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=200)
    text = models.CharField(max_length=300)
    url = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notice_once")]
        indexes = [models.Index(fields=["user", "read_at"])]

    def __str__(self) -> str:
        return self.text


class ImportState(models.TextChoices):
    CHECKED = "checked", "Checked, nothing written"
    APPLIED = "applied", "Imported"
    ROLLED_BACK = "rolled-back", "Rolled back"


class ImportRun(models.Model):
    """A file that was checked (dry run), then imported or not; see core/imports.py.

    `rows` is what was read, by line number; `problems` [{"line", "column", "message"}]; `undo` what rolls it back.
    """

    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    # Where in the domain it belongs ("stream:payments"), for its app to say who may see it.
    scope = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=11, choices=ImportState, default=ImportState.CHECKED)
    rows = models.JSONField(default=list)
    problems = models.JSONField(default=list)
    created = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    undo = models.JSONField(default=dict)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    rolled_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return self.name


class Comment(models.Model):
    """What somebody wrote about a thing (by its label and id); the text stays in the audit trail when it is removed."""

    target_type = models.CharField(max_length=60)
    target_id = models.CharField(max_length=60)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    author_name = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    # Whom it names: they were told.
    mentions = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["target_type", "target_id", "at"], name="comment_of_target")]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="comment_says_something")]

    def __str__(self) -> str:
        return self.text[:80]


class Hook(models.Model):
    """An address of another program (a chat tool) that is told what happens; see core/hooks.py.

    `scope` says of where, in the words of the app that calls ("stream:payments"), empty for everywhere. `sealed` holds
    the secret that signs each call.
    """

    name = models.CharField(max_length=120, unique=True)
    url = models.URLField(max_length=500)
    scope = models.CharField(max_length=120, blank=True)
    sealed = models.BinaryField(default=bytes)
    is_active = models.BooleanField(default=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class HookCall(LeasedJob):
    """A call of a hook: once per hook and `key`, tried again while the other side is away."""

    hook = models.ForeignKey(Hook, on_delete=models.CASCADE, related_name="calls")
    key = models.CharField(max_length=200)
    event = models.CharField(max_length=60)
    body = models.JSONField(default=dict)
    status = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "lease_until"])]
        constraints = [models.UniqueConstraint(fields=["hook", "key"], name="hook_call_once")]

    def __str__(self) -> str:
        return f"{self.event} to {self.hook_id}"
