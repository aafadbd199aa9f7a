"""What slows teams down: impediments, what they block, and the times their clocks are made of."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from metrics.models import BlockedStay, WorkItem
from portfolio.models import Action, Decision, Team

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class Category(models.TextChoices):
    """Of what kind the cause is; limits and usual resolution times differ by it."""

    PROCUREMENT = "procurement", "Procurement"
    LEGAL = "legal", "Legal"
    ACCESS = "access", "Access or security"
    INFRASTRUCTURE = "infrastructure", "Infrastructure"
    PEOPLE = "people", "People or skills"
    TEAM = "team", "Other team"
    VENDOR = "vendor", "Vendor"
    DECISION = "decision", "Decision"
    OTHER = "other", "Other"


# Their cause lies outside the organisation unless somebody says otherwise.
EXTERNAL = frozenset({Category.VENDOR})


class Level(models.IntegerChoices):
    """Who acts. An impediment climbs when the clock of its level runs out."""

    TEAM = 1, "Team"
    PMO = 2, "PMO"
    BOARD = 3, "VMO board"
    EXECUTIVE = 4, "Executive"


class State(models.TextChoices):
    """The columns of the board."""

    NEW = "new", "New"
    ACTIVE = "active", "In progress"
    WAITING = "waiting", "Waiting for others"
    RESOLVED = "resolved", "Resolved"


class Via(models.TextChoices):
    """How it came here."""

    PAGE = "page", "Logged in the portal"
    MAIL = "mail", "By e-mail"
    API = "api", "By a program"
    TOOL = "tool", "Marked as blocked in a tool"
    DATA = "data", "Proposed by data"


class RootCause(models.TextChoices):
    """Why it could happen: said when it is resolved, so that what comes back is seen."""

    PROCESS = "process", "Process or approval takes long"
    POLICY = "policy", "Rule or policy"
    CAPACITY = "capacity", "Too few people or too much work"
    SKILLS = "skills", "Skills or knowledge missing"
    SYSTEM = "system", "System, tool or environment"
    SUPPLIER = "supplier", "Supplier or partner"
    COMMUNICATION = "communication", "Misunderstanding or late word"
    ONE_OFF = "one-off", "One-off"
    UNKNOWN = "unknown", "Not found"


class ImpedimentQuerySet(models.QuerySet["Impediment"]):
    def for_user(self, user: "User | AnonymousUser") -> "ImpedimentQuerySet":
        """The impediments of the teams that `user` may see, and those they own."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(team__in=Team.objects.for_user(user).order_by()) | Q(owner=user))


class Impediment(models.Model):
    """Something that slows a team down. Its age runs over `periods`, its level's clock over `spells` less `pauses`."""

    what = models.CharField("what is in the way", max_length=200)
    description = models.TextField(blank=True)
    category = models.CharField(max_length=14, choices=Category)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="impediments")
    state = models.CharField(max_length=8, choices=State, default=State.NEW)
    level = models.PositiveSmallIntegerField(choices=Level, default=Level.TEAM)
    is_external = models.BooleanField("the cause lies outside the organisation", default=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="owned_impediments"
    )
    # What is asked of whoever acts: said to leaders in one line.
    asked = models.CharField("what is asked", max_length=300, blank=True)
    # When the block ends, if somebody promised it.
    promised_on = models.DateField(null=True, blank=True)
    # Since when it is in the way, and when it was logged.
    since_at = models.DateTimeField()
    logged_at = models.DateTimeField()
    logged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    via = models.CharField(max_length=4, choices=Via, default=Via.PAGE)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.TextField(blank=True)
    root_cause = models.CharField(max_length=13, choices=RootCause, blank=True)
    # A duplicate is resolved with what it was merged into.
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="duplicates")
    actions = models.ManyToManyField(Action, blank=True, related_name="impediments")
    decisions = models.ManyToManyField(Decision, blank=True, related_name="impediments")
    # Grows with every change: a writer says which one it saw.
    version = models.PositiveIntegerField(default=1, db_default=1)

    objects = ImpedimentQuerySet.as_manager()

    class Meta:
        ordering = ["-logged_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="resolved", resolved_at__isnull=False) & ~Q(resolution="") & ~Q(root_cause="")
                | ~Q(state="resolved") & Q(resolved_at=None),
                name="impediment_resolved_says_how",
                violation_error_message="What is resolved says how, and why it could happen.",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | Q(state="resolved") & ~Q(merged_into=F("id")),
                name="impediment_merged_is_resolved",
            ),
            models.CheckConstraint(condition=Q(level__gte=1, level__lte=4), name="impediment_level_is_one_of_four"),
            models.CheckConstraint(condition=Q(since_at__lte=F("logged_at")), name="impediment_since_is_past"),
        ]
        indexes = [
            models.Index(fields=["state", "team"], name="impediment_state_team"),
            models.Index(fields=["team", "-logged_at"], name="impediment_of_team"),
        ]

    def __str__(self) -> str:
        return self.what

    @property
    def is_open(self) -> bool:
        return self.state != State.RESOLVED


def _never_twice(name: str, of: str, words: str) -> ExclusionConstraint:
    """Times of one impediment never overlap (no btree_gist: equality is said with ranges of one value)."""
    during = Func(F("from_at"), F("to_at"), RangeBoundary(), function="tstzrange")
    same = Func(F(of), F(of), RangeBoundary(True, True), function="int8range")
    return ExclusionConstraint(
        name=name,
        expressions=[(same, RangeOperators.OVERLAPS), (during, RangeOperators.OVERLAPS)],
        violation_error_message=words,
    )


class Times(models.Model):
    """A time, half-open; without an end it goes on."""

    from_at = models.DateTimeField()
    to_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


def _forward(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(to_at=None) | Q(to_at__gte=F("from_at")), name=name)


class Period(Times):
    """A time in which an impediment was open: the first from `since_at` on, one more for each reopening.

    `resolution` and `root_cause` are how it ended: kept when the impediment is reopened.
    """

    impediment = models.ForeignKey(Impediment, on_delete=models.CASCADE, related_name="periods")
    resolution = models.TextField(blank=True, default="", db_default="")
    root_cause = models.CharField(max_length=13, choices=RootCause, blank=True, default="", db_default="")

    class Meta:
        ordering = ["from_at"]
        constraints = [
            _forward("period_forward"),
            _never_twice("period_once_at_a_time", "impediment_id", "It is open at that time already."),
        ]

    def __str__(self) -> str:
        return f"{self.impediment_id} open from {self.from_at}"


class Spell(Times):
    """A stay at a level while open; the level's clock runs in it from the logging (or reopening) on.

    `limit_hours` is the limit it began with (business hours; None: none). `breach_at`: when the clock runs out if
    nothing changes; None while it is paused, when it is over, or without a limit. Recomputed when pauses, calendars or
    limits change; whoever escalates computes the clock itself.
    """

    impediment = models.ForeignKey(Impediment, on_delete=models.CASCADE, related_name="spells")
    level = models.PositiveSmallIntegerField(choices=Level)
    limit_hours = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    breach_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["from_at"]
        constraints = [
            _forward("spell_forward"),
            _never_twice("spell_once_at_a_time", "impediment_id", "It is at a level at that time already."),
        ]
        indexes = [models.Index(fields=["breach_at"], condition=Q(to_at=None), name="spell_to_breach")]

    def __str__(self) -> str:
        return f"{self.impediment_id} at level {self.level} from {self.from_at}"


class Pause(Times):
    """A time in which the level's clock stands (never the age): waiting for a date, say. `until_on` ends it."""

    impediment = models.ForeignKey(Impediment, on_delete=models.CASCADE, related_name="pauses")
    reason = models.CharField(max_length=300)
    until_on = models.DateField(null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["from_at"]
        constraints = [
            _forward("pause_forward"),
            models.CheckConstraint(condition=~Q(reason=""), name="pause_has_reason"),
            _never_twice("pause_once_at_a_time", "impediment_id", "Its clock is paused at that time already."),
        ]

    def __str__(self) -> str:
        return f"{self.impediment_id} paused from {self.from_at}: {self.reason}"


class Escalation(models.Model):
    """The clock of a level ran out: once per spell, however often the job looks."""

    spell = models.OneToOneField(Spell, on_delete=models.CASCADE, related_name="escalation")
    at = models.DateTimeField()
    # When the limit was reached; the job may have been away.
    breached_at = models.DateTimeField()
    to_level = models.PositiveSmallIntegerField(choices=Level)

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.spell_id} to level {self.to_level}"


class Limit(models.Model):
    """How many business hours a level has, for all categories or one. Without a row the defaults; level 4 has none."""

    level = models.PositiveSmallIntegerField(choices=Level)
    category = models.CharField(max_length=14, choices=Category, blank=True)
    hours = models.DecimalField(max_digits=7, decimal_places=2)

    class Meta:
        ordering = ["level", "category"]
        constraints = [
            models.UniqueConstraint(fields=["level", "category"], name="limit_once"),
            models.CheckConstraint(condition=Q(hours__gt=0), name="limit_is_some_time"),
            models.CheckConstraint(condition=Q(level__gte=1, level__lte=3), name="limit_below_executive"),
        ]

    def __str__(self) -> str:
        return f"level {self.level} {self.category}: {self.hours} h"


class Block(Times):
    """A time in which an impediment blocked an item. `stay` is the same in the facts of metrics.

    `item` and `stay` are gone when their source was removed; `key` and `title` stay. A block that a tool marked follows
    its stay; one logged here makes it.
    """

    impediment = models.ForeignKey(Impediment, on_delete=models.CASCADE, related_name="blocks")
    item = models.ForeignKey(WorkItem, null=True, on_delete=models.SET_NULL, related_name="blocks")
    stay = models.ForeignKey(BlockedStay, null=True, on_delete=models.SET_NULL, related_name="blocks")
    key = models.CharField(max_length=200)
    title = models.TextField(blank=True)

    class Meta:
        ordering = ["from_at", "key"]
        constraints = [
            _forward("block_forward"),
            models.UniqueConstraint(
                fields=["impediment", "item"], condition=Q(to_at=None), name="block_open_once_per_item"
            ),
        ]
        indexes = [models.Index(fields=["item", "from_at"], name="block_of_item")]

    def __str__(self) -> str:
        return f"{self.impediment_id} blocks {self.key}"
