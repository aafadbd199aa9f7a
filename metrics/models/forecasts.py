"""Which items belong to a feature, and forecasts as they stood when somebody committed to them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.formats import date_format

from metrics.models.sources import Source
from portfolio.models import Feature, Initiative, Team, ValueStream


class EpicLink(models.Model):
    """The items whose parent in `source` is `parent` (an epic's key there) are the items of `feature`."""

    feature = models.ForeignKey(Feature, on_delete=models.CASCADE, related_name="epics")
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="epics")
    parent = models.CharField(max_length=200)

    class Meta:
        ordering = ["source", "parent"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "parent"],
                name="epic_of_one_feature",
                violation_error_message="The items of this parent belong to another feature already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.parent} is {self.feature}"


class Outcome(models.TextChoices):
    OPEN = "open", "Open"
    KEPT = "kept", "Kept"
    MISSED = "missed", "Missed"
    # The question became void: scope dropped, team dissolved. Never scored.
    WITHDRAWN = "withdrawn", "Withdrawn"


class Forecast(models.Model):
    """A forecast as shown at a commitment: never changed afterwards but for its outcome.

    `inputs` and `result` are canonical JSON (sorted keys, no spaces): the engine named in `engine` makes the same bytes
    of the same inputs. `chance` is the stated probability, uncapped, that `items` items (or the feature, or the
    initiative) are finished by the end of `due_on`; `votes` the people's own, a mean, never per person.
    """

    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="forecasts")
    stream = models.ForeignKey(ValueStream, null=True, blank=True, on_delete=models.PROTECT, related_name="forecasts")
    feature = models.ForeignKey(Feature, null=True, blank=True, on_delete=models.PROTECT, related_name="forecasts")
    initiative = models.ForeignKey(
        Initiative, null=True, blank=True, on_delete=models.PROTECT, related_name="forecasts"
    )
    subject = models.CharField(max_length=200)
    items = models.PositiveIntegerField()
    due_on = models.DateField()
    chance = models.FloatField()
    votes = models.FloatField(null=True, blank=True)
    engine = models.CharField(max_length=40)
    inputs = models.TextField()
    result = models.TextField()
    as_of = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    outcome = models.CharField(max_length=9, choices=Outcome, default=Outcome.OPEN)
    finished_on = models.DateField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(team=None) | ~Q(stream=None), name="forecast_has_a_scope"),
            models.CheckConstraint(condition=Q(chance__gte=0, chance__lte=1), name="forecast_chance_is_a_chance"),
            models.CheckConstraint(
                condition=Q(votes=None) | Q(votes__gte=0, votes__lte=1), name="forecast_votes_are_a_chance"
            ),
        ]
        indexes = [models.Index(fields=["outcome", "due_on"], name="forecast_to_decide")]

    def __str__(self) -> str:
        return f"{self.subject} by {date_format(self.due_on, 'j M Y')}"
