"""What somebody had drawn of a board: one of each kind, the newest."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from core.models import JobState
from planning import exports
from planning.models import Increment, Print


@dataclass(frozen=True, slots=True)
class Drawing:
    """A kind of file, and the person's newest of it: on its way, there, or failed."""

    format: exports.Format
    row: Print | None = None
    # The line of the log that the board is at now.
    now: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it is on its way."""
        return self.row is not None and not self.row.is_over

    @property
    def is_there(self) -> bool:
        """Whether it can be taken."""
        return self.row is not None and self.row.state == JobState.SUCCEEDED

    @property
    def is_old(self) -> bool:
        """Whether the plan was changed since."""
        return self.is_there and self.row is not None and self.row.number < self.now

    @property
    def place(self) -> int:
        """Which sheet is being drawn."""
        return self.row.done + 1 if self.row else 0


def drawings(increment: Increment, user: User) -> list[Drawing]:
    """One of each kind."""
    rows = mine(increment, user)
    return [_of(one, rows, increment.number) for one in exports.DRAWN]


def _of(form: exports.Format, rows: Sequence[Print], number: int) -> Drawing:
    return Drawing(form, next((row for row in rows if row.kind == form.ending), None), number)


def mine(increment: Increment, user: User) -> list[Print]:
    """What `user` had drawn of it, the newest first; without the files."""
    return list(Print.objects.filter(increment=increment, asked_by=user).defer("content"))


def print_of(increment: Increment, user: User, print_id: int) -> Print | None:
    """A file of `user`'s own, if it is there."""
    rows = Print.objects.filter(increment=increment, asked_by=user, state=JobState.SUCCEEDED)
    return rows.filter(pk=print_id).first()
