"""Budgets of value streams by quarter, what was really spent, and the shares that spending should have."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from portfolio.models import Horizon, Initiative, Team, ValueStream


class Amendment(models.Model):
    """From `at` on a value stream's budget of a quarter is `amount`; the first one sets it. Rows are never changed.

    The budget as of an instant is that of the latest row at or before it. `quarter` is the quarter's first day.
    """

    stream = models.ForeignKey(ValueStream, on_delete=models.PROTECT, related_name="amendments")
    quarter = models.DateField()
    amount = models.DecimalField(max_digits=14, decimal_places=2, validators=[MinValueValidator(Decimal(0))])
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ["stream", "quarter", "at", "id"]
        indexes = [models.Index(fields=["quarter", "stream", "at"])]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="budget_not_negative"),
            models.CheckConstraint(
                condition=Q(quarter__month__in=[1, 4, 7, 10], quarter__day=1), name="budget_of_a_quarter"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream}: {self.amount} from {self.quarter}"


class LedgerEntry(models.Model):
    """A line of an imported ledger. Where a stream has lines in a month, they replace its teams' cost of that month."""

    stream = models.ForeignKey(ValueStream, on_delete=models.PROTECT, related_name="ledger")
    key = models.CharField(max_length=200, unique=True)
    posted_on = models.DateField()
    # A credit is negative.
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    initiative = models.ForeignKey(Initiative, null=True, blank=True, on_delete=models.PROTECT, related_name="ledger")
    horizon = models.CharField(max_length=2, choices=Horizon, blank=True)
    text = models.CharField(max_length=300, blank=True)
    # The import it came with (core.models.ImportRun), by number: imports are pruned, money is not.
    import_number = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["posted_on", "id"]
        indexes = [models.Index(fields=["stream", "posted_on"]), models.Index(fields=["posted_on"])]

    def __str__(self) -> str:
        return f"{self.posted_on} {self.stream}: {self.amount}"


class DayCost(models.Model):
    """Prepared: what a team cost on a working day, split equally over the items in progress at its end.

    `initiative` None: items that belong to no initiative, or nothing was in progress. `share` is the part of the day
    (a team's shares of a day sum to 1). Built by funding/rollups.py; can be thrown away and made again at any time.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="day_costs")
    on = models.DateField()
    initiative = models.ForeignKey(Initiative, null=True, on_delete=models.CASCADE, related_name="day_costs")
    share = models.FloatField()
    amount = models.DecimalField(max_digits=14, decimal_places=4)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "on", "initiative"], nulls_distinct=False, name="day_cost_once_per_initiative"
            )
        ]
        indexes = [models.Index(fields=["on", "team"]), models.Index(fields=["initiative", "on"])]

    def __str__(self) -> str:
        return f"{self.team} on {self.on}: {self.amount}"


class CostMark(models.Model):
    """How far the prepared costs of a team are true: days before `done_until`, made at `made_at` of data `stamp`."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="cost_mark")
    done_until = models.DateField()
    made_at = models.DateTimeField()
    stamp = models.CharField(max_length=80, blank=True)

    def __str__(self) -> str:
        return f"{self.team} until {self.done_until}"


class HorizonTarget(models.Model):
    """Which share of spend a horizon should have, ± `tolerance`, in per cent: of a stream or of the whole portfolio."""

    stream = models.ForeignKey(
        ValueStream, null=True, blank=True, on_delete=models.CASCADE, related_name="horizon_targets"
    )
    horizon = models.CharField(max_length=2, choices=Horizon)
    share = models.PositiveSmallIntegerField()
    tolerance = models.PositiveSmallIntegerField(default=5)

    class Meta:
        ordering = ["stream", "horizon"]
        constraints = [
            models.UniqueConstraint(fields=["stream", "horizon"], nulls_distinct=False, name="horizon_target_once"),
            models.CheckConstraint(condition=Q(share__lte=100, tolerance__lte=100), name="horizon_target_in_per_cent"),
        ]

    def __str__(self) -> str:
        return f"{self.horizon} of {self.stream or 'the portfolio'}: {self.share} % ± {self.tolerance}"
