"""An issue of Jira → rows. No network here: payload and settings in, rows out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.jira.payload import (
    KEY,
    PROJECT,
    STATUS,
    Event,
    Field,
    History,
    Issue,
    events,
    in_order,
    instant,
    instant_or_none,
    name_of,
    pick,
    texts,
)
from connectors.jira.settings import Options
from connectors.jira.statuses import Statuses
from connectors.protocol import Gone
from metrics.rows import BlockRow, IncidentRow, LinkRow, Row, TeamMoveRow, TransitionRow, WorkItemRow

SYSTEM_FIELDS = (
    "summary",
    "status",
    "issuetype",
    "project",
    "created",
    "updated",
    "labels",
    "parent",
    "priority",
    "resolutiondate",
    "issuelinks",
)


# How links read that say of an issue that it waits for the other one.
WAITS = frozenset(
    {"is blocked by", "depends on", "is dependent on", "requires", "needs", "waits for", "has to be done after"}
)


@dataclass(frozen=True, slots=True)
class Reading:
    """The settings' field names, looked up on this site. A name that it does not know finds no field."""

    points: Sequence[Field] = ()
    epic: Sequence[Field] = ()
    flag: Sequence[Field] = ()
    service_class: Sequence[Field] = ()
    team: Sequence[Field] = ()
    started: Sequence[Field] = ()
    service: Sequence[Field] = ()

    @classmethod
    def of(cls, options: Options, fields: Sequence[Field]) -> "Reading":
        return cls(
            points=find(fields, *options.points),
            epic=find(fields, options.epic),
            flag=find(fields, options.flag),
            service_class=find(fields, options.service_class),
            team=find(fields, options.team),
            started=find(fields, options.incident_started),
            service=find(fields, options.service),
        )

    @property
    def field_ids(self) -> tuple[str, ...]:
        """What to ask the server for."""
        custom = (
            *self.points,
            *self.epic,
            *self.flag,
            *self.service_class,
            *self.team,
            *self.started,
            *self.service,
        )
        return tuple(dict.fromkeys((*SYSTEM_FIELDS, *(field.id for field in custom))))


def find(fields: Sequence[Field], *names: str) -> tuple[Field, ...]:
    """The fields of these names (or ids), in the names' order; several fields may have one name."""
    wanted = [name.casefold() for name in names if name]
    return tuple(field for name in wanted for field in fields if name in {field.name.casefold(), field.id.casefold()})


class Reader:
    """Turns issues into rows, for one source."""

    def __init__(self, options: Options, reading: Reading, statuses: Statuses) -> None:
        self.options, self.reading, self.statuses = options, reading, statuses

    def rows(self, issue: Issue, histories: Sequence[History]) -> list[Row]:
        """All rows of a work item; `histories` is its whole changelog. Raises ValueError, KeyError, TypeError."""
        ordered = in_order(histories)
        rows: list[Row] = [self.item(issue)]
        rows += self.transitions(issue, ordered)
        rows += self.blocks(issue, ordered)
        rows += self.team_moves(issue, ordered)
        rows += self.links(issue)
        if self.is_incident(issue):
            rows.append(self.incident(issue, ordered))
        return rows

    def item(self, issue: Issue) -> WorkItemRow:
        fields = issue.fields
        status = fields["status"]
        return WorkItemRow(
            external_id=issue.id,
            key=issue.key,
            title=str(fields.get("summary") or ""),
            url=self._url(issue),
            tool_type=name_of(fields.get("issuetype")),
            status=self.statuses.meet(str(status["id"]), name_of(status)),
            created_at=instant_or_none(fields.get("created")),
            updated_at=instant_or_none(fields.get("updated")),
            team=pick(self.options.teams, self._texts(issue, self.reading.team)),
            points=self._points(fields),
            labels=tuple(str(label) for label in fields.get("labels") or ()),
            parent=self._parent(fields),
            class_of_service=self._first(fields, self.reading.service_class),
        )

    def transitions(self, issue: Issue, histories: Sequence[History]) -> Iterator[TransitionRow]:
        """Every change of the status. Ids tell statuses apart, never names."""
        for event in events(histories, STATUS):
            item = event.item
            if not item.new:
                raise ValueError(f"history {event.ref} has a status change without the new status's id")
            old = self.statuses.meet(item.old, item.old_name) if item.old else None
            new = self.statuses.meet(item.new, item.new_name)
            yield TransitionRow(event.ref, issue.id, event.at, old, new)

    def blocks(self, issue: Issue, histories: Sequence[History]) -> Iterator[BlockRow]:
        """The times in which the flag was set. One set at the creation has no entry of its own in the changelog."""
        for field in self.reading.flag:
            changes = list(events(histories, field))
            held = changes[0].item if changes else None
            at_creation = bool(held and (held.old or held.old_name)) or (
                not changes and bool(issue.fields.get(field.id))
            )
            opened = self._flagged_at_creation(issue, field, changes) if at_creation else None
            for event in changes:
                is_set = bool(event.item.new or event.item.new_name)
                if opened and not is_set:
                    yield opened._replace(to_at=max(event.at, opened.from_at))
                    opened = None
                elif is_set and not opened:
                    opened = BlockRow(event.ref, issue.id, event.at, None, event.item.new_name or "")
            if opened:
                yield opened

    def team_moves(self, issue: Issue, histories: Sequence[History]) -> Iterator[TeamMoveRow]:
        """Changes of the team field that change the team here; what the setting does not name is the source's team."""
        for field in self.reading.team if self.options.teams else ():
            for event in events(histories, field):
                old, new = (pick(self.options.teams, side) for side in _sides(event, field))
                if old != new:
                    yield TeamMoveRow(event.ref, issue.id, event.at, old, new)

    def links(self, issue: Issue) -> Iterator[LinkRow]:
        """What the issue waits for, by the words of its links; the other side of a link says the opposite."""
        for link in issue.fields.get("issuelinks") or ():
            for side, words in (("inwardIssue", "inward"), ("outwardIssue", "outward")):
                other = link.get(side)
                if other and str((link.get("type") or {}).get(words) or "").casefold() in WAITS:
                    yield LinkRow(str(link["id"]), issue.id, str(other["key"]))

    def incident_rows(self, issue: Issue, histories: Sequence[History]) -> list[Row]:
        """The row of an issue that is an incident by a filter of its own."""
        return [self.incident(issue, in_order(histories))]

    def is_incident(self, issue: Issue) -> bool:
        names = {name_of(issue.fields.get("issuetype")), *(str(label) for label in issue.fields.get("labels") or ())}
        return not self.options.incident_types.isdisjoint(name.casefold() for name in names)

    def no_incident(self, issue: Issue) -> list[Gone]:
        """An issue whose type and labels make it no incident (any more). A filter's incidents are not known here."""
        by_filter_too = bool(self.options.incident_jql)
        if by_filter_too or not self.options.incident_types or self.is_incident(issue):
            return []
        return [Gone("incident", issue.id)]

    def incident(self, issue: Issue, histories: Sequence[History]) -> IncidentRow:
        """The issue as an incident; `histories` oldest first. Raises ValueError when nothing says when it began."""
        fields = issue.fields
        began = self._first_value(fields, self.reading.started) or fields.get("created")
        started = instant(began)
        if self.options.by_resolution:
            resolved = instant_or_none(fields.get("resolutiondate"))
        else:
            resolved = self._last_done(issue, histories)
        return IncidentRow(
            external_id=issue.id,
            title=f"{issue.key} {fields.get('summary') or ''}".strip(),
            url=self._url(issue),
            started_at=started,
            resolved_at=max(resolved, started) if resolved else None,
            severity=name_of(fields.get("priority"))[:60],
            service=self._service(issue),
        )

    def _service(self, issue: Issue) -> str | None:
        named = pick(self.options.services, self._texts(issue, self.reading.service))
        return named or name_of(self._first_value(issue.fields, self.reading.service)) or None

    def _last_done(self, issue: Issue, histories: Sequence[History]) -> datetime | None:
        """When the issue entered the done category for good; None when it is not in it."""
        if not self.statuses.is_done(str(issue.fields["status"]["id"])):
            return None
        entered = instant_or_none(issue.fields.get("created"))
        for event in events(histories, STATUS):
            if self.statuses.is_done(event.item.new) and not self.statuses.is_done(event.item.old):
                entered = event.at
        return entered

    def _flagged_at_creation(self, issue: Issue, field: Field, changes: Sequence[Event]) -> BlockRow:
        name = (changes[0].item.old_name or "") if changes else name_of(issue.fields.get(field.id))
        return BlockRow(f"{issue.id}.{field.id}.created", issue.id, instant(issue.fields["created"]), None, name)

    def _texts(self, issue: Issue, fields: Sequence[Field]) -> list[str]:
        return [text for field in fields for text in texts(issue.fields.get(field.id))]

    def _first_value(self, fields: Mapping[str, Any], candidates: Sequence[Field]) -> Any:
        return next((value for field in candidates if (value := fields.get(field.id)) not in (None, "", [])), None)

    def _first(self, fields: Mapping[str, Any], candidates: Sequence[Field]) -> str:
        return name_of(self._first_value(fields, candidates))[:60]

    def _points(self, fields: Mapping[str, Any]) -> float | None:
        for field in self.reading.points:
            value = fields.get(field.id)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return float(value)
        return None

    def _parent(self, fields: Mapping[str, Any]) -> str:
        """Key of the parent, else of the epic."""
        parent = fields.get("parent")
        return str(parent.get("key") or "") if isinstance(parent, Mapping) else self._epic(fields)

    def _epic(self, fields: Mapping[str, Any]) -> str:
        value = self._first_value(fields, self.reading.epic)
        return str(value.get("key") or "") if isinstance(value, Mapping) else str(value or "")

    def _url(self, issue: Issue) -> str:
        return f"{self.options.url}/browse/{issue.key}"


def _sides(event: Event, field: Field) -> tuple[list[str], list[str]]:
    """What the value before and after a change may be called; of a project also its key, from the issue's key."""
    item = event.item
    old, new = [*texts(item.old), *texts(item.old_name)], [*texts(item.new), *texts(item.new_name)]
    if field.id == PROJECT.id:
        for sibling in event.siblings:
            if KEY.changed_by(sibling) or (sibling.field, sibling.fieldtype) == ("Key", "jira"):
                old.append((sibling.old_name or "").rpartition("-")[0])
                new.append((sibling.new_name or "").rpartition("-")[0])
    return old, new
