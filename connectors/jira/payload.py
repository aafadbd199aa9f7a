"""Jira's answers as far as we read them, and its small conventions: dates, values, field names.

Nothing about people is read: no assignee, reporter or author.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec


class Item(msgspec.Struct, frozen=True):
    """A change of one field. `old` and `new` are ids where the field has ids; older servers give no `field_id`."""

    field: str = ""
    fieldtype: str = ""
    field_id: str | None = msgspec.field(default=None, name="fieldId")
    old: str | None = msgspec.field(default=None, name="from")
    old_name: str | None = msgspec.field(default=None, name="fromString")
    new: str | None = msgspec.field(default=None, name="to")
    new_name: str | None = msgspec.field(default=None, name="toString")


class History(msgspec.Struct, frozen=True):
    """An entry of the changelog: what was changed at one instant."""

    id: str
    created: str | int
    items: list[Item] = []


class Changelog(msgspec.Struct, frozen=True):
    histories: list[History] = []
    total: int = 0


class Issue(msgspec.Struct, frozen=True):
    id: str
    key: str
    fields: dict[str, Any]
    changelog: Changelog | None = None


class Field(msgspec.Struct, frozen=True):
    """A field of the site, the system's (`priority`) or a custom one (`customfield_10016`)."""

    id: str
    name: str = ""

    def changed_by(self, item: Item) -> bool:
        if item.field_id:
            return item.field_id == self.id
        kind = "custom" if self.id.startswith("customfield_") else "jira"
        return item.fieldtype == kind and item.field.casefold() in {self.name.casefold(), self.id.casefold()}


STATUS = Field("status", "status")
PROJECT = Field("project", "project")
KEY = Field("issuekey", "Key")


class Event(NamedTuple):
    """A change of one field; `ref` is the same in every delivery: history id and which of its changes of the field."""

    at: datetime
    ref: str
    item: Item
    siblings: list[Item]


def instant(value: object) -> datetime:
    """2024-01-08T10:15:32.123+0100, or milliseconds since 1970. Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)
    at = datetime.fromisoformat(str(value))
    if at.tzinfo is None:
        raise ValueError(f"“{value}” has no time zone")
    return at.astimezone(UTC)


def instant_or_none(value: object) -> datetime | None:
    return instant(value) if value else None


def in_order(histories: Iterable[History]) -> list[History]:
    """Oldest first, each once; of one instant by id, which grows."""
    once = {history.id: history for history in histories}
    return sorted(once.values(), key=lambda entry: (instant(entry.created), len(entry.id), entry.id))


def events(histories: Iterable[History], field: Field) -> Iterator[Event]:
    """The changes of `field` in `histories`, in their order."""
    for history in histories:
        changes = [item for item in history.items if field.changed_by(item)]
        for n, item in enumerate(changes):
            yield Event(instant(history.created), f"{history.id}.{n}", item, history.items)


def texts(value: Any) -> list[str]:
    """What a person or Jira may call a field's value: its id, its name, its key …; of a list, those of all entries."""
    if isinstance(value, Mapping):
        return [str(value[name]) for name in ("id", "value", "name", "key", "title") if value.get(name)]
    if isinstance(value, list):
        return [text for entry in value for text in texts(entry)]
    return [str(value).strip("[]")] if value not in (None, "") else []


def pick(known: Mapping[str, str], candidates: Iterable[str | None]) -> str | None:
    """The first of `candidates` that `known` (case-folded keys) has a word for."""
    for text in candidates:
        if text and (found := known.get(text.strip().casefold())):
            return found
    return None


def name_of(value: Any) -> str:
    """A field's value in words: of an option or object its name, of a list the first one's."""
    if isinstance(value, list):
        return name_of(value[0]) if value else ""
    if isinstance(value, Mapping):
        return str(value.get("name") or value.get("value") or value.get("key") or "")
    return "" if value is None else str(value)


def jql_minute(at: datetime, zone: ZoneInfo | None) -> str:
    """The JQL text of a minute that is not after `at`, however the server reads it.

    JQL has no zones: it is read in that of the account. When a clock is set back, an hour comes twice; then the
    text is an hour earlier, so that the later reading is safe as well. No zone known: early enough for all of them.
    """
    if zone is None:
        return f"{at.astimezone(UTC) - timedelta(hours=26):%Y-%m-%d %H:%M}"
    local = at.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
    while max(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)) > at:
        local -= timedelta(hours=1)
    return f"{local:%Y-%m-%d %H:%M}"
