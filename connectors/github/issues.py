"""An issue and its timeline → the item, its moves, its blocks, its incident. Pure: no requests, no clock.

The status of an open issue is its latest status label that is still on it (or the column of a project's board); of a
closed one, how it was closed. The order of a timeline is GitHub's own.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from connectors.github.payloads import Event, Issue
from connectors.github.rules import Rules, hint, last_part
from connectors.protocol import Gone
from metrics.rows import BlockRow, IncidentRow, LinkRow, Row, StatusRow, TransitionRow, WorkItemRow

OPEN, CLOSED, NOT_PLANNED = "open", "closed", "not_planned"
FIXED_STATUSES = (
    StatusRow(OPEN, "Open", "backlog", 0),
    StatusRow(CLOSED, "Closed", "done", 900),
    StatusRow(NOT_PLANNED, "Closed as not planned", "removed", 901),
)
# Somebody who moves an issue takes one label off and puts the next on; in between it is nowhere.
RELABELLING = timedelta(minutes=10)


class BoardMove(NamedTuple):
    """A change of an issue's column on a project board; an empty status: it left its column."""

    id: str
    at: datetime
    status: str


class Move(NamedTuple):
    id: str
    at: datetime
    from_status: str
    to_status: str
    # The last status label was taken off: perhaps the next one follows at once.
    is_unlabelling: bool = False


class ItemRows(NamedTuple):
    rows: list[Row]
    gone: list[Gone]


def label_status(name: str) -> str:
    return f"label:{name.lower()}"


def board_status(name: str) -> str:
    return f"project:{name.lower()}"


class _History:
    """Follows an issue through its events."""

    def __init__(self, rules: Rules, by_board: bool) -> None:
        self._rules, self._by_board = rules, by_board
        self._labels: list[str] = []
        self._board = OPEN
        self._closed = ""
        self.status = OPEN
        self.moves: list[Move] = []

    def label(self, event: Event) -> None:
        name = event.label.name if event.label else ""
        if self._by_board or not self._rules.status_labels.matches(name):
            return
        self._labels = [label for label in self._labels if label.lower() != name.lower()]
        if event.event == "labeled":
            self._labels.append(name)
        self._board = label_status(self._labels[-1]) if self._labels else OPEN
        self._moved(event, event.event == "unlabeled" and not self._labels)

    def close(self, event: Event, reason: str | None) -> None:
        self._closed = NOT_PLANNED if reason in {"not_planned", "duplicate"} else CLOSED
        self._moved(event)

    def reopen(self, event: Event) -> None:
        self._closed = ""
        self._moved(event)

    def board(self, move: BoardMove) -> None:
        self._board = board_status(move.status) if move.status else OPEN
        self._moved(Event(id=move.id, created_at=move.at))

    def _moved(self, event: Event, is_unlabelling: bool = False) -> None:
        status = self._closed or self._board
        if status != self.status and event.created_at is not None:
            self.moves.append(Move(str(event.id), event.created_at, self.status, status, is_unlabelling))
            self.status = status


def _close_reason(event: Event, issue: Issue, is_last: bool) -> str | None:
    """How it was closed. Older servers do not say it in the event; then the issue tells of its last closing."""
    return event.state_reason or (issue.state_reason if is_last else None)


def history(issue: Issue, events: Sequence[Event], rules: Rules, board: Sequence[BoardMove] | None) -> list[Move]:
    """The issue's moves in order of time. `board`: its moves on the project's board, which count instead of labels."""
    follow = _History(rules, board is not None)
    closings = [event for event in events if event.event == "closed"]
    steps: list[tuple[datetime, Event | BoardMove]] = [
        (event.created_at, event) for event in events if event.created_at
    ]
    steps += [(move.at, move) for move in board or ()]
    for _, step in sorted(steps, key=lambda timed: timed[0]):
        if isinstance(step, BoardMove):
            follow.board(step)
        elif step.event in {"labeled", "unlabeled"}:
            follow.label(step)
        elif step.event == "closed":
            follow.close(step, _close_reason(step, issue, step is closings[-1]))
        elif step.event == "reopened":
            follow.reopen(step)
    if issue.state == "closed" and issue.closed_at and follow.status not in {CLOSED, NOT_PLANNED}:
        # Imported issues are closed without an event.
        follow.close(Event(id=f"{issue.id}:closed", created_at=issue.closed_at), issue.state_reason)
    return _joined(follow.moves)


def _joined(moves: Sequence[Move]) -> list[Move]:
    """Taking one status label off and putting another on shortly after is one move, at the second's time."""
    joined: list[Move] = []
    for move in moves:
        before = joined[-1] if joined else None
        if before and before.is_unlabelling and move.at - before.at <= RELABELLING:
            joined.pop()
            move = move._replace(from_status=before.from_status)
        if move.from_status != move.to_status:
            joined.append(move)
    return joined


def blocks(issue: Issue, events: Sequence[Event], rules: Rules) -> Iterator[BlockRow]:
    """The times in which a blocked label was on the issue."""
    open_by_label: dict[str, BlockRow] = {}
    for event in events:
        name = event.label.name if event.label else ""
        if event.created_at is None or not rules.blocked_labels.matches(name):
            continue
        if event.event == "labeled" and name not in open_by_label:
            open_by_label[name] = BlockRow(str(event.id), str(issue.id), event.created_at, None, name)
        elif event.event == "unlabeled" and name in open_by_label:
            yield open_by_label.pop(name)._replace(to_at=event.created_at)
    yield from open_by_label.values()


def _type(issue: Issue, rules: Rules) -> str:
    if issue.type and issue.type.name:
        return issue.type.name
    return next((last_part(name) for name in issue.label_names if rules.type_labels.matches(name)), "")


def _current(issue: Issue, moves: Sequence[Move], rules: Rules, by_board: bool) -> str:
    """Its status now; an issue without a recorded move has had it from the start."""
    if moves:
        return moves[-1].to_status
    labels = [] if by_board else [name for name in issue.label_names if rules.status_labels.matches(name)]
    return label_status(labels[-1]) if labels else OPEN


def _key(rules: Rules, number: int | str) -> str:
    return f"{rules.short_name}#{number}"


def _parent(issue: Issue, rules: Rules) -> str:
    found = re.search(r"/repos/[^/]+/([^/]+)/issues/(\d+)$", issue.parent_issue_url or "")
    return f"{found[1]}#{found[2]}" if found else ""


def may_wait(issue: Issue, events: Sequence[Event]) -> bool:
    """Whether it waits for other issues, or once did: only then it is worth asking for which."""
    counted = issue.issue_dependencies_summary
    return bool(counted and counted.total_blocked_by) or any(event.event == "blocked_by_added" for event in events)


def links(issue: Issue, needed: Sequence[Issue], rules: Rules) -> list[LinkRow]:
    """What the issue waits for, by key; an issue of another repository is called as its own source calls it."""
    return [LinkRow(f"{issue.id}:{other.id}", str(issue.id), _key_of(other, rules)) for other in needed]


def _key_of(issue: Issue, rules: Rules) -> str:
    repository = issue.repository_url.rstrip("/").rpartition("/")[2] or rules.short_name
    return f"{repository}#{issue.number}"


def item(issue: Issue, status: str, rules: Rules) -> WorkItemRow:
    return WorkItemRow(
        external_id=str(issue.id),
        key=_key(rules, issue.number),
        title=issue.title,
        url=issue.html_url,
        tool_type=_type(issue, rules),
        status=status,
        created_at=issue.created_at,
        updated_at=issue.updated_at,
        labels=issue.label_names,
        parent=_parent(issue, rules),
    )


# In the text of an incident: "Deployment: 1234" or a link to it, "Fixed by: …"; for releases the tag.
_REFERENCE = r"(?im)^[\s>*_-]*{words}[*_]*\s*:[*_\s]*(?:https?://\S*/)?([\w.+-]+?)[.,;)]*\s*$"
CAUSE = re.compile(_REFERENCE.format(words="(?:caused by |failed )?deployment"))
FIX = re.compile(_REFERENCE.format(words="(?:fix|fixed by|fix deployment)"))
PREFIXES = {"deployments": "deployment", "releases": "release", "workflow": "run"}


def deployment_id(source: str, name: str | int) -> str:
    """The external id of a deployment of this kind of source; incidents name it by `name`."""
    return f"{PREFIXES[source]}:{name}"


def _reference(pattern: re.Pattern[str], issue: Issue, rules: Rules) -> str | None:
    found = pattern.search(issue.body or "")
    known = found and rules.deployment_source in PREFIXES
    return deployment_id(rules.deployment_source, found[1]) if found and known else None


def incident(issue: Issue, rules: Rules) -> IncidentRow | None:
    """The incident that the issue is, if a label says so: from its creation to its closing."""
    if not any(rules.incident_labels.matches(name) for name in issue.label_names):
        return None
    severities = [name for name in issue.label_names if re.match(r"(?i)sev|priority|p\d$", name)]
    return IncidentRow(
        external_id=str(issue.id),
        title=issue.title,
        url=issue.html_url,
        started_at=issue.created_at,
        resolved_at=issue.closed_at if issue.state == "closed" else None,
        deployment=_reference(CAUSE, issue, rules),
        fix=_reference(FIX, issue, rules),
        severity=last_part(severities[0])[:60] if severities else "",
    )


def rows(issue: Issue, events: Sequence[Event], rules: Rules, board: Sequence[BoardMove] | None) -> ItemRows:
    """Everything an issue is to us."""
    found: list[Row] = []
    gone: list[Gone] = []
    if rules.work_items:
        moves = history(issue, events, rules, board)
        found.append(item(issue, _current(issue, moves, rules, board is not None), rules))
        found += [TransitionRow(m.id, str(issue.id), m.at, m.from_status, m.to_status) for m in moves]
        found += blocks(issue, events, rules)
    outage = incident(issue, rules)
    if outage:
        found.append(outage)
    elif any(event.label and rules.incident_labels.matches(event.label.name) for event in events):
        # It was called an incident once and is none any more.
        gone.append(Gone("incident", str(issue.id)))
    return ItemRows(found, gone)


def statuses_of(
    issue: Issue, events: Sequence[Event], rules: Rules, board: Sequence[BoardMove] | None
) -> list[StatusRow]:
    """Every status that an issue has or had, apart from open and closed; without a place in the workflow."""
    if board is not None:
        return [board_row(move.status, None) for move in board if move.status]
    names = [*issue.label_names, *(event.label.name for event in events if event.label)]
    return [label_row(name, None) for name in names if rules.status_labels.matches(name)]


def label_row(name: str, position: int | None) -> StatusRow:
    return StatusRow(label_status(name), name, hint(name), position)


def board_row(name: str, position: int | None) -> StatusRow:
    return StatusRow(board_status(name), name, hint(name), position)
