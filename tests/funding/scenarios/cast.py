"""Two value streams with budgets of the next quarter, and four initiatives."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone

from funding import actions
from funding.models import Scenario
from portfolio.models import Initiative, ValueStream
from portfolio.quarters import Quarter
from tests.cast import Cast


def next_quarter() -> Quarter:
    return Quarter.of(timezone.localdate()).next


def initiative(slug: str, stream: ValueStream, stage: str, **fields: Any) -> Initiative:
    return Initiative.objects.create(slug=slug, name=slug.capitalize(), stream=stream, stage=stage, **fields)


def scored(value: int, time: int, risk: int, size: int) -> dict[str, int]:
    return {"business_value": value, "time_criticality": time, "risk_reduction": risk, "job_size": size}


@dataclass
class Plan:
    """Payments has 500,000 and Platform 300,000. WSJF of refunds (5 + 8 + 2) ÷ 3 = 5, of wallet (8 + 5 + 5) ÷ 2 = 9;
    batch has no scores.
    """

    cast: Cast
    refunds: Initiative
    wallet: Initiative
    batch: Initiative
    idea: Initiative

    def copy(self, name: str = "More for Platform") -> Scenario:
        return actions.copy_present(actor=self.cast.leader, name=name, quarter=next_quarter())

    def other(self, name: str = "More for Platform", **more: Any) -> Scenario:
        """50,000 from Payments to Platform, wallet and batch funded."""
        return actions.change_scenario(
            actor=self.cast.leader,
            scenario=self.copy(name),
            budgets={self.cast.payments: Decimal(450_000), self.cast.platform: Decimal(350_000)},
            initiatives={self.wallet: (True, None), self.batch: (True, None)},
            **more,
        )


def make_plan(cast: Cast) -> Plan:
    payments = cast.payments
    for stream, amount in ((payments, 500_000), (cast.platform, 300_000)):
        actions.set_budget(actor=None, stream=stream, quarter=next_quarter(), amount=Decimal(amount))
    return Plan(
        cast,
        initiative(
            "refunds", cast.payments, "implementing", horizon="h1", estimated_cost=100_000, **scored(5, 8, 2, 3)
        ),
        initiative("wallet", cast.payments, "backlog", horizon="h2", estimated_cost=60_000, **scored(8, 5, 5, 2)),
        initiative("batch", cast.platform, "backlog", horizon="h0", estimated_cost=40_000),
        initiative("idea", cast.platform, "funnel"),
    )
