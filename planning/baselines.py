"""What became of the plan that was committed to: moved, added, removed, what else was changed, how stable it was."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from planning.formulas.stability import Moves, Place, moves
from planning.models import Baseline, Event, Increment
from planning.replay import State, stored

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A thing that is not as it was committed to. `last` is the line of the log that touched it last, if one did."""

    kind: str
    id: int
    what: str
    text: str
    last: "Line | None" = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log: who (empty: the portal) did what, when."""

    number: int
    at: datetime
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Since:
    """Since the commitment: `moves` of the cards, and all changes by kind."""

    baseline: Baseline
    moves: Moves
    moved: list[Change] = field(default_factory=list)
    added: list[Change] = field(default_factory=list)
    removed: list[Change] = field(default_factory=list)
    others: list[Change] = field(default_factory=list)

    @property
    def is_untouched(self) -> bool:
        return not (self.moved or self.added or self.removed or self.others)


def latest(increment: Increment, number: int | None = None) -> Baseline | None:
    """The plan that was last committed to, or the baseline with that number."""
    rows = increment.baselines.all() if number is None else increment.baselines.filter(number=number)
    return rows.order_by("-number").first()


def moves_since(baseline: Baseline, now: State | None = None) -> Moves:
    """What became of its cards, without the words: for tiles and lists."""
    state = stored(baseline.increment) if now is None else now
    return moves(places(baseline.plan), places(state))


def since(baseline: Baseline) -> Since:
    """All that is not as it was committed to, with the last line of the log on each."""
    now = stored(baseline.increment)
    found = Since(baseline, moves_since(baseline, now))
    lines, words = _lines(baseline), _Words(baseline.plan, now)
    for pk in sorted(found.moves.moved, key=words.card):
        text = f"from {words.place(pk, then=True)} to {words.place(pk)}"
        found.moved.append(Change("card", pk, words.card(pk), text, lines.get(("card", pk))))
    for pk in sorted(found.moves.added, key=words.card):
        found.added.append(Change("card", pk, words.card(pk), f"in {words.place(pk)}", lines.get(("card", pk))))
    for pk in sorted(found.moves.removed, key=words.card):
        text = f"was in {words.place(pk, then=True)}"
        found.removed.append(Change("card", pk, words.card(pk), text, lines.get(("card", pk))))
    found.others.extend(_others(baseline.plan, now, words, lines))
    return found


def places(state: State) -> dict[int, Place]:
    """Where the cards on the board stand."""
    cards = state.get("card", {}).items()
    return {int(pk): (row["lane_id"], row["iteration_id"]) for pk, row in cards if row["removed_at"] is None}


def _lines(baseline: Baseline) -> dict[tuple[str, int], Line]:
    """By kind and id, the last line since the commitment that touched it."""
    rows = Event.objects.filter(increment=baseline.increment_id, number__gt=baseline.event).order_by("number")
    return {
        (change["kind"], change["id"]): Line(row.number, row.at, row.actor_name, row.text)
        for row in rows
        for change in row.changes
    }


class _Words:
    """Rows of both states by the names they have now, or had."""

    def __init__(self, then: State, now: State) -> None:
        self.then, self.now = then, now

    def named(self, kind: str, pk: int | None, column: str) -> str:
        row = self.now.get(kind, {}).get(str(pk)) or self.then.get(kind, {}).get(str(pk)) or {}
        return str(row.get(column) or "")

    def card(self, pk: int | None) -> str:
        key, title = self.named("card", pk, "key"), self.named("card", pk, "title")
        return f"{key} {title}".strip()

    def place(self, pk: int, *, then: bool = False) -> str:
        row = (self.then if then else self.now)["card"][str(pk)]
        if row["lane_id"] is None:
            return "the parking lot"
        lane = self.named("lane", row["lane_id"], "name")
        iteration = self.named("iteration", row["iteration_id"], "name") if row["iteration_id"] else "unplanned"
        return f"{lane}, {iteration}"


# Of kinds beside cards: what a row is called, and the columns whose changes say something.
TOLD: dict[str, tuple[str, dict[str, str]]] = {
    "iteration": ("name", {"first_on": "first day", "last_on": "last day", "is_ip": "innovation and planning"}),
    "lane": ("name", {"left_on": "left the train on"}),
    "dependency": ("what", {"agreement": "agreement"}),
    "objective": ("title", {"is_committed": "committed", "planned_value": "planned value", "title": "title"}),
    "risk": ("text", {"roam": "ROAM"}),
    "capacity": ("reason", {"amount": "capacity"}),
}
RESIZED = {"size": "size", "title": "title"}
AMOUNTS = {"size", "capacity"}


def _others(then: State, now: State, words: _Words, lines: Mapping[tuple[str, int], Line]) -> list[Change]:
    found = []
    for kind, (column, told) in TOLD.items():
        before, after = _there(then.get(kind, {})), _there(now.get(kind, {}))
        for pk in sorted(before.keys() | after.keys(), key=int):
            if text := _difference(before.get(pk), after.get(pk), told):
                row = after.get(pk) or before[pk]
                what = str(row.get(column) or "") or words.card(row.get("consumer_id"))
                found.append(Change(kind, int(pk), what, text, lines.get((kind, int(pk)))))
    before, after = _there(then.get("card", {})), _there(now.get("card", {}))
    for pk in sorted(before.keys() & after.keys(), key=int):
        if text := _difference(before[pk], after[pk], RESIZED):
            found.append(Change("card", int(pk), words.card(int(pk)), text, lines.get(("card", int(pk)))))
    return found


def _there(rows: Mapping[str, Values]) -> dict[str, Values]:
    return {pk: row for pk, row in rows.items() if row.get("removed_at") is None}


def _difference(before: Values | None, after: Values | None, told: Mapping[str, str]) -> str:
    if before is None or after is None:
        return "added" if before is None else "removed"
    changed = [(label, before.get(name), after.get(name)) for name, label in told.items()]
    return ", ".join(
        f"{label}: {_shown(old, label)} → {_shown(new, label)}" for label, old, new in changed if old != new
    )


def _shown(value: object, label: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value in (None, ""):
        return "none"
    # The log keeps amounts as Decimal writes them: 20 is "2E+1".
    return f"{Decimal(str(value)):f}" if label in AMOUNTS else str(value)
