"""What the addresses of money's pages say, and what people type on them."""

from funding.forms.asked import Asked, ask, pickers, portal, seen
from funding.forms.budgets import BudgetForm, SharesForm
from funding.forms.ledger import LedgerFilter

__all__ = ["Asked", "BudgetForm", "LedgerFilter", "SharesForm", "ask", "pickers", "portal", "seen"]
