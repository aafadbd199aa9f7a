"""The statuses of a Jira site. Their id is what lasts; names change, and several statuses may share one."""

from collections.abc import Iterable, Mapping

import msgspec

from metrics.rows import State, StatusRow

HINTS: Mapping[str, State] = {"new": "backlog", "indeterminate": "active", "done": "done"}
# How far apart the categories are in the workflow's order; inside one, a project's own order comes first.
CATEGORIES = {"new": 0, "indeterminate": 1, "done": 2}
STEP, OUTSIDE = 100_000, 50_000


class Category(msgspec.Struct, frozen=True):
    key: str = ""


class Status(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    category: Category = msgspec.field(default=Category(), name="statusCategory")


class IssueType(msgspec.Struct, frozen=True):
    """An issue type of a project with the statuses of its workflow."""

    statuses: list[Status] = []


class Statuses:
    """Gives each status that is met its row, once. `workflow` are those of the source's projects, in their order."""

    def __init__(self, site: Iterable[Status], workflow: Iterable[Status]) -> None:
        self._known = {status.id: status for status in site}
        self._order = {status_id: OUTSIDE + n for n, status_id in enumerate(self._known)}
        project = list({status.id: status for status in workflow}.values())
        self._known.update((status.id, status) for status in project)
        self._order.update((status.id, n) for n, status in enumerate(project))
        self._waiting = [self._row(status) for status in project]
        self._given = {status.id for status in project}

    def meet(self, status_id: str, name: str | None) -> str:
        """`status_id`, whose row will be among those `take` gives. `name`: what the changelog called it."""
        if status_id not in self._given:
            # Deleted statuses live on in changelogs only, and there without a category.
            status = self._known.setdefault(status_id, Status(status_id, name or status_id))
            self._given.add(status_id)
            self._waiting.append(self._row(status))
        return status_id

    def take(self) -> list[StatusRow]:
        """Rows of the statuses met since the last time."""
        rows, self._waiting = self._waiting, []
        return rows

    def is_done(self, status_id: str | None) -> bool:
        """Whether the tool itself puts the status in its category “done”."""
        status = self._known.get(status_id or "")
        return status is not None and status.category.key == "done"

    def _row(self, status: Status) -> StatusRow:
        place = self._order.get(status.id, STEP - 1)
        position = CATEGORIES.get(status.category.key, 1) * STEP + place
        return StatusRow(status.id, status.name or status.id, HINTS.get(status.category.key), position)
