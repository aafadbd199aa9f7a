"""What people do to impediments, a module per kind of deed; every verb is found here.

Each verb checks the actor, is one transaction and leaves one audit entry. `actor` None is the portal itself. `version`
is the one that the writer saw: another one since is a Conflict. `at` is when it happened (default: now).
"""

from impediments.actions.attachments import attach, detach
from impediments.actions.blocking import block_items, unblock_items
from impediments.actions.levels import change_pause, pause, resume, set_level
from impediments.actions.limits import remove_limit, set_limit
from impediments.actions.logging import change_impediment, log_impediment, take
from impediments.actions.merging import merge, undo_merge
from impediments.actions.moving import move_impediment, reopen, resolve, undo_resolve
from impediments.actions.onward import ask_leaders, improve

__all__ = [
    "ask_leaders",
    "attach",
    "block_items",
    "change_impediment",
    "change_pause",
    "detach",
    "improve",
    "log_impediment",
    "merge",
    "move_impediment",
    "pause",
    "remove_limit",
    "reopen",
    "resolve",
    "resume",
    "set_level",
    "set_limit",
    "take",
    "unblock_items",
    "undo_merge",
    "undo_resolve",
]
