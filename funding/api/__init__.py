"""Money for programs: the same verbs, figures and rights as the pages."""

from funding.api.budgets import AmendmentList, BudgetList, SpendView
from funding.api.events import EventViewSet
from funding.api.guardrails import GuardrailsView, HorizonSharesView
from funding.api.ledger import LedgerList
from funding.api.scenarios import ScenarioViewSet

__all__ = [
    "AmendmentList",
    "BudgetList",
    "EventViewSet",
    "GuardrailsView",
    "HorizonSharesView",
    "LedgerList",
    "ScenarioViewSet",
    "SpendView",
]
