"""The board: rows (lanes), cards, the log of what happened to them, and how a person looks at it."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from planning.models.increments import Increment, Iteration
from portfolio.models import Feature, Team
from portfolio.models.organisation import ValueType


class LaneKind(models.TextChoices):
    TEAM = "team", "Team"
    EXTERNAL = "external", "External"
    MILESTONES = "milestones", "Milestones"


class Unit(models.TextChoices):
    """What a size is counted in: sizes of different units are never added up."""

    POINTS = "points", "points"
    ITEMS = "items", "items"


class Lane(models.Model):
    """A row of the board: a team of the train, somebody outside it who provides something, or the milestones.

    `left_on`: the team left the train; what stands in its row stays there, and nothing comes in.
    """

    increment = models.ForeignKey(Increment, on_delete=models.CASCADE, related_name="lanes")
    kind = models.CharField(max_length=10, choices=LaneKind)
    # Of a team; an external row may name a team outside the train.
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="lanes")
    name = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(default=0)
    left_on = models.DateField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        ordering = ["increment", "position", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["increment", "name"],
                name="lane_named_once",
                violation_error_message="The board has a row of that name.",
            ),
            models.UniqueConstraint(
                fields=["increment", "team"],
                condition=~Q(team=None),
                name="lane_of_a_team_once",
                violation_error_message="This team has a row on the board.",
            ),
            models.UniqueConstraint(
                fields=["increment"], condition=Q(kind="milestones"), name="lane_of_milestones_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="team", team__isnull=False) | Q(kind="external") | Q(kind="milestones", team=None),
                name="lane_has_its_team",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CardKind(models.TextChoices):
    FEATURE = "feature", "Feature"
    ENABLER = "enabler", "Enabler"
    MILESTONE = "milestone", "Milestone"
    OTHER = "other", "Other"


class Card(models.Model):
    """Something to be delivered. In a row and an iteration; in a row and none: unplanned; in none: the parking lot.

    `rank` is its place in its cell, from 0; a team works its cards by iteration, then by place. Nothing is deleted:
    what is taken off the board has `removed_at`.
    """

    increment = models.ForeignKey(Increment, on_delete=models.CASCADE, related_name="cards")
    lane = models.ForeignKey(Lane, null=True, blank=True, on_delete=models.PROTECT, related_name="cards")
    iteration = models.ForeignKey(Iteration, null=True, blank=True, on_delete=models.PROTECT, related_name="cards")
    rank = models.PositiveIntegerField(default=0)
    kind = models.CharField(max_length=9, choices=CardKind, default=CardKind.FEATURE)
    # As its tool or the team calls it; once per increment.
    key = models.CharField(max_length=40, blank=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    url = models.URLField(max_length=500, blank=True)
    value_type = models.CharField(max_length=8, choices=ValueType, default=ValueType.FEATURE)
    size = models.DecimalField(max_digits=7, decimal_places=1, null=True, blank=True, validators=[MinValueValidator(0)])
    unit = models.CharField(max_length=6, choices=Unit, default=Unit.POINTS)
    # What the data know it as: its items are what is left to do.
    feature = models.ForeignKey(Feature, null=True, blank=True, on_delete=models.PROTECT, related_name="cards")
    # When it was delivered, where no data say so (cards without a feature, external ones, milestones).
    done_on = models.DateField(null=True, blank=True)
    carried_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="carried_into"
    )
    removed_at = models.DateTimeField(null=True, blank=True)
    # Grows with every change but that of `rank`: a writer says which one it saw.
    version = models.PositiveIntegerField(default=1, db_default=1)

    # Not a column: the line of the log that the verb wrote which gave this row; None: it changed nothing.
    line: "Event | None" = None

    class Meta:
        ordering = ["increment", "lane", "iteration", "rank", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(iteration=None) | Q(lane__isnull=False), name="card_in_an_iteration_has_a_row"
            ),
            models.CheckConstraint(condition=Q(size=None) | Q(size__gte=0), name="card_size_not_negative"),
            models.UniqueConstraint(
                fields=["increment", "key"],
                condition=~Q(key="") & Q(removed_at=None),
                name="card_key_once",
                violation_error_message="A card of this increment has that key.",
            ),
            models.UniqueConstraint(
                fields=["increment", "feature"],
                condition=~Q(feature=None) & Q(removed_at=None),
                name="card_of_a_feature_once",
                violation_error_message="This feature has a card on the board.",
            ),
        ]
        indexes = [models.Index(fields=["increment", "removed_at"], name="card_of_increment")]

    def __str__(self) -> str:
        return self.title


class Event(models.Model):
    """A line of an increment's log: who did what, as changes that can be replayed and taken back.

    `changes` is a list of {"kind", "id", "before", "after"}: the columns of a row before (null: there was none) and
    after (null: it is gone), see planning/replay.py. Never changed but for `undone_by`.
    """

    increment = models.ForeignKey(Increment, on_delete=models.CASCADE, related_name="events")
    number = models.PositiveIntegerField()
    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    actor_name = models.CharField(max_length=200, blank=True)
    verb = models.CharField(max_length=40)
    # What happened, as a sentence without the person: "moved PAY-92 from Iteration 2 to Iteration 3".
    text = models.CharField(max_length=400)
    changes = models.JSONField()
    undone_by = models.OneToOneField("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="undoes")

    class Meta:
        ordering = ["increment", "number"]
        constraints = [
            models.UniqueConstraint(fields=["increment", "number"], name="event_numbered_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="event_number_from_one"),
        ]
        indexes = [models.Index(fields=["increment", "actor", "-number"], name="event_of_actor")]

    def __str__(self) -> str:
        return f"{self.actor_name or 'The portal'} {self.text}"


class BoardView(models.Model):
    """How a person looks at a board: the order of rows, those folded, the density. Not part of the plan."""

    increment = models.ForeignKey(Increment, on_delete=models.CASCADE, related_name="board_views")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="board_views")
    lanes = models.JSONField(default=list)
    folded = models.JSONField(default=list)
    density = models.CharField(max_length=8, choices=[("airy", "Airy"), ("dense", "Dense")], default="airy")

    class Meta:
        ordering = ["increment", "user"]
        constraints = [models.UniqueConstraint(fields=["increment", "user"], name="board_view_once")]

    def __str__(self) -> str:
        return f"{self.user} at {self.increment}"
