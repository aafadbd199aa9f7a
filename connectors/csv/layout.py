"""Which column of a file holds what: as the settings say, else by names that are common."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.protocol import ConnectorError

# Settings that name a column, and column names (lower case, without _ and -) they take by themselves.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "key": ("key", "issue key", "ticket", "item", "id", "issue id"),
    "at": ("at", "changed at", "timestamp", "changed", "when", "date"),
    "from": ("from", "from status", "old status", "status from"),
    "to": ("to", "to status", "new status", "status to"),
    "created": ("created", "created at", "creation date"),
    "status": ("status", "state", "current status"),
    "title": ("title", "summary", "name"),
    "type": ("type", "issue type", "item type"),
    "points": ("points", "story points", "custom field (story points)", "custom field (story point estimate)"),
    # Only when said: what other tools call a team is seldom one of ours.
    "team": (),
    "labels": ("labels", "tags"),
    "updated": ("updated", "updated at"),
    "parent": ("parent key", "parent", "custom field (epic link)"),
}
JIRA = {"issue key", "issue id", "status", "created"}
# When a Jira export says how long an item has been as it is, best first.
JIRA_SINCE = ("status category changed", "resolved")


def plain(name: str) -> str:
    """A column's name as it is compared: lower case, single spaces."""
    return re.sub(r"[\s_-]+", " ", name).strip().lower()


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions of columns by what they hold (a name can stand there several times, as Jira's Labels do)."""

    of: Mapping[str, tuple[int, ...]]
    # (status, position) of columns that hold the date of an entry into a status, in the workflow's order.
    dates: Sequence[tuple[str, int]] = ()
    # Positions of dates since which an item has been in its present status.
    since: Sequence[int] = ()
    notes: Sequence[str] = field(default_factory=tuple)

    def cell(self, cells: Sequence[str], what: str) -> str:
        """The first non-empty cell that holds `what`, or nothing."""
        return next((text for n in self.of.get(what, ()) if (text := cells[n].strip())), "")

    def all(self, cells: Sequence[str], what: str) -> list[str]:
        return [text for n in self.of.get(what, ()) if (text := cells[n].strip())]

    @property
    def has_changes(self) -> bool:
        """Whether each row is a change of status."""
        return "to" in self.of and "at" in self.of

    @property
    def date_columns(self) -> list[int]:
        named = [n for what in ("at", "created", "updated") for n in self.of.get(what, ())]
        return [*named, *(n for _, n in self.dates), *self.since]


def _missing(name: str, setting: str, header: Sequence[str]) -> ConnectorError:
    known = ", ".join(column for column in header if column) or "none"
    return ConnectorError(f"There is no column “{name}”; there are: {known}.", permanent=True, field=setting)


def _positions(header: Sequence[str]) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for n, name in enumerate(header):
        found[plain(name)] = (*found.get(plain(name), ()), n)
    return found


def date_columns(text: str) -> list[tuple[str, str]]:
    """(status, column) of lines such as `In progress=Started`, in their order. Raises ConnectorError."""
    pairs = []
    for line in text.splitlines():
        status, equals, column = line.partition("=")
        if line.strip():
            if not equals or not status.strip() or not column.strip():
                raise ConnectorError(f"“{line}” is not of the form status=column.", permanent=True, field="columns")
            pairs.append((status.strip(), column.strip()))
    return pairs


def of(settings: Mapping[str, str], header: Sequence[str]) -> Layout:
    """The mapping of a file with this header. Raises ConnectorError on the setting that is at fault."""
    positions = _positions(header)
    found: dict[str, tuple[int, ...]] = {}
    for what, common in COLUMNS.items():
        wanted = settings.get(what, "").strip()
        if wanted and plain(wanted) not in positions:
            raise _missing(wanted, what, header)
        name = plain(wanted) if wanted else next((name for name in common if name in positions), None)
        if name is not None:
            found[what] = positions[name]
    dates = []
    for status, column in date_columns(settings.get("columns", "")):
        if plain(column) not in positions:
            raise _missing(column, "columns", header)
        dates.append((status, positions[plain(column)][0]))
    return _complete(found, dates, positions)


def _complete(
    found: dict[str, tuple[int, ...]], dates: list[tuple[str, int]], positions: Mapping[str, tuple[int, ...]]
) -> Layout:
    """Check that there is enough to make items of, and see what a Jira export adds."""
    if "key" not in found:
        raise ConnectorError("Say which column holds the item's key.", permanent=True, field="key")
    if dates:
        found = {what: columns for what, columns in found.items() if what not in {"at", "from", "to"}}
    elif "to" in found and "at" not in found:
        raise ConnectorError("Say which column holds the time of the change.", permanent=True, field="at")
    elif "to" not in found and "status" not in found:
        message = "Say which column holds the status an item moved to, or date columns per status."
        raise ConnectorError(message, permanent=True, field="to")
    if not positions.keys() >= JIRA or dates or "to" in found:
        return Layout(found, dates)
    since = [n for name in JIRA_SINCE for n in positions.get(name, ())]
    return Layout(found, dates, since, (_about_jira(bool(since)),))


def _about_jira(has_dates: bool) -> str:
    if has_dates:
        return (
            "An export of Jira has no history: each item enters its present status at the date of its last change of "
            "category, or of its resolution, and was in the backlog before. Connect Jira itself for the real history."
        )
    return "This export of Jira has no dates of status changes: items are in their present status since creation."
