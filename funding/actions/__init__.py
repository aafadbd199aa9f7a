"""What people do to money, a module per kind of deed; every verb is found here.

Each verb checks the actor, is one transaction and leaves one audit entry. `actor` None is the portal itself (commands,
the demo organisation). Invalid values raise ValidationError by field.
"""

from funding.actions.budgets import set_budget

__all__ = ["set_budget"]
