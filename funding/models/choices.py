"""Ways to spend next quarter's money: scenarios to compare, and events in which many people decide."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from portfolio.models import Decision, Initiative, ValueStream


class Scenario(models.Model):
    """A way to fund a quarter: budgets of streams, initiatives that are funded. Adopting one writes the budgets."""

    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    quarter = models.DateField()
    copied_from = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="copies")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    # Set when it was adopted; it can not be changed any more.
    decision = models.ForeignKey(Decision, null=True, blank=True, on_delete=models.PROTECT, related_name="scenarios")
    discarded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-quarter", "-made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["quarter", "name"],
                name="scenario_named_once",
                violation_error_message="There is a scenario of this name for the quarter already.",
            ),
            models.CheckConstraint(
                condition=Q(quarter__month__in=[1, 4, 7, 10], quarter__day=1), name="scenario_of_a_quarter"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ScenarioBudget(models.Model):
    """The budget of a value stream in a scenario."""

    scenario = models.ForeignKey(Scenario, on_delete=models.CASCADE, related_name="budgets")
    stream = models.ForeignKey(ValueStream, on_delete=models.CASCADE, related_name="+")
    amount = models.DecimalField(max_digits=14, decimal_places=2, validators=[MinValueValidator(Decimal(0))])

    class Meta:
        ordering = ["stream"]
        constraints = [
            models.UniqueConstraint(fields=["scenario", "stream"], name="scenario_budget_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="scenario_budget_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.scenario}: {self.stream} {self.amount}"


class ScenarioInitiative(models.Model):
    """Whether a scenario funds an initiative, and with how much in its quarter (None: nothing said)."""

    scenario = models.ForeignKey(Scenario, on_delete=models.CASCADE, related_name="initiatives")
    initiative = models.ForeignKey(Initiative, on_delete=models.CASCADE, related_name="+")
    is_funded = models.BooleanField(default=True)
    amount = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(Decimal(0))]
    )

    class Meta:
        ordering = ["initiative"]
        constraints = [
            models.UniqueConstraint(fields=["scenario", "initiative"], name="scenario_initiative_once"),
            models.CheckConstraint(condition=Q(amount=None) | Q(amount__gte=0), name="scenario_amount_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.scenario}: {self.initiative}"


class Event(models.Model):
    """Participatory budgeting: groups of people share a budget over initiatives. Opened, then closed for good."""

    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    quarter = models.DateField(null=True, blank=True)
    budget = models.DecimalField(max_digits=14, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))])
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at"]
        constraints = [models.CheckConstraint(condition=Q(budget__gt=0), name="event_has_a_budget")]

    def __str__(self) -> str:
        return self.name


class EventItem(models.Model):
    """Something that can be funded, only in full: its cost as it was when the event was made."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="items")
    initiative = models.ForeignKey(Initiative, on_delete=models.PROTECT, related_name="+")
    cost = models.DecimalField(max_digits=14, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))])

    class Meta:
        ordering = ["event", "id"]
        constraints = [
            models.UniqueConstraint(fields=["event", "initiative"], name="event_item_once"),
            models.CheckConstraint(condition=Q(cost__gt=0), name="event_item_costs"),
        ]

    def __str__(self) -> str:
        return f"{self.initiative}: {self.cost}"


class EventGroup(models.Model):
    """People at one table: each group works with the whole budget, so that groups can be compared."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="groups")
    name = models.CharField(max_length=80)
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Seat", related_name="+")

    class Meta:
        ordering = ["event", "name"]
        constraints = [models.UniqueConstraint(fields=["event", "name"], name="event_group_once")]

    def __str__(self) -> str:
        return self.name


class Seat(models.Model):
    """A person in a group; everybody of a group has the same share of the budget. One seat per person and event."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="seats")
    group = models.ForeignKey(EventGroup, on_delete=models.CASCADE, related_name="seats")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["group", "user"]
        constraints = [models.UniqueConstraint(fields=["event", "user"], name="seat_once_per_event")]

    def __str__(self) -> str:
        return f"{self.user} in {self.group}"


class Pledge(models.Model):
    """What a person puts on an item; 0 takes it back."""

    seat = models.ForeignKey(Seat, on_delete=models.CASCADE, related_name="pledges")
    item = models.ForeignKey(EventItem, on_delete=models.CASCADE, related_name="pledges")
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        ordering = ["item", "seat"]
        constraints = [
            models.UniqueConstraint(fields=["seat", "item"], name="pledge_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="pledge_of_an_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.seat}: {self.amount} for {self.item}"
