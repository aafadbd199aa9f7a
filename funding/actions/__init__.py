"""What people do to money, a module per kind of deed; every verb is found here.

Each verb checks the actor, is one transaction and leaves one audit entry. `actor` None is the portal itself (commands,
the demo organisation). Invalid values raise ValidationError by field.
"""

from funding.actions.budgets import set_budget
from funding.actions.events import (
    change_event,
    close_event,
    create_event,
    open_event,
    pledge,
    remove_group,
    remove_item,
    set_group,
    set_item,
)
from funding.actions.ledgers import LedgerLine, Posted, post_ledger, take_back
from funding.actions.scenarios import (
    Adopted,
    adopt_scenario,
    change_scenario,
    copy_present,
    copy_scenario,
    discard_scenario,
    latest_amendment,
    restore_scenario,
)
from funding.actions.targets import set_targets

__all__ = [
    "Adopted",
    "LedgerLine",
    "Posted",
    "adopt_scenario",
    "change_event",
    "change_scenario",
    "close_event",
    "copy_present",
    "copy_scenario",
    "create_event",
    "discard_scenario",
    "latest_amendment",
    "open_event",
    "pledge",
    "post_ledger",
    "remove_group",
    "remove_item",
    "restore_scenario",
    "set_budget",
    "set_group",
    "set_item",
    "set_targets",
    "take_back",
]
