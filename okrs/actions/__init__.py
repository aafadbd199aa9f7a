"""What people do to objectives and key results, a module per kind of deed; every verb is found here.

Each verb checks the actor, is one transaction and leaves one audit entry. `actor` None is the portal itself.
"""

from okrs.actions.checkins import check_in, delete_check_in, restore_check_in
from okrs.actions.closing import carry_over, close_objective, is_reached, offered, reopen_objective
from okrs.actions.cycles import change_cycle, close_cycle, create_cycle, reopen_cycle
from okrs.actions.key_results import change_key_result, create_key_result
from okrs.actions.links import (
    change_contribution,
    link_contribution,
    link_support,
    unlink_contribution,
    unlink_support,
)
from okrs.actions.objectives import change_objective, create_objective
from okrs.actions.polls import drop_poll, open_poll, reveal, vote
from okrs.actions.removing import delete_key_result, delete_objective, restore_removed

__all__ = [
    "carry_over",
    "change_contribution",
    "change_cycle",
    "change_key_result",
    "change_objective",
    "check_in",
    "close_cycle",
    "close_objective",
    "create_cycle",
    "create_key_result",
    "create_objective",
    "delete_check_in",
    "delete_key_result",
    "delete_objective",
    "drop_poll",
    "is_reached",
    "link_contribution",
    "link_support",
    "offered",
    "open_poll",
    "reopen_cycle",
    "reopen_objective",
    "restore_check_in",
    "restore_removed",
    "reveal",
    "unlink_contribution",
    "unlink_support",
    "vote",
]
