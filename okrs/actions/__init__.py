"""What people do to objectives and key results, a module per kind of deed; every verb is found here.

Each verb checks the actor, is one transaction and leaves one audit entry. `actor` None is the portal itself.
"""

from okrs.actions.checkins import check_in, delete_check_in, restore_check_in

__all__ = ["check_in", "delete_check_in", "restore_check_in"]
