"""Money: budgets and their amendments, ledgers, prepared costs, targets; scenarios and participatory budgeting."""

from funding.models.budgets import Amendment, CostMark, DayCost, HorizonTarget, LedgerEntry
from funding.models.choices import (
    Event,
    EventGroup,
    EventItem,
    Pledge,
    Scenario,
    ScenarioBudget,
    ScenarioInitiative,
    Seat,
)

__all__ = [
    "Amendment",
    "CostMark",
    "DayCost",
    "Event",
    "EventGroup",
    "EventItem",
    "HorizonTarget",
    "LedgerEntry",
    "Pledge",
    "Scenario",
    "ScenarioBudget",
    "ScenarioInitiative",
    "Seat",
]
