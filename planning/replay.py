"""The board as its log tells it: the state that changes make when they are done one after the other.

State is {kind: {id: {column: value}}}, JSON-able; `version` is no part of it. What the database holds is `stored`;
both are the same after any history of verbs (tests/planning/test_replay.py).
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import models

from planning.models import (
    Absence,
    Capacity,
    Card,
    Check,
    Dependency,
    Increment,
    Iteration,
    Lane,
    Objective,
    Risk,
    Seat,
)

State = dict[str, dict[str, dict[str, Any]]]
Change = Mapping[str, Any]

# What the log knows; `increment` itself stands in it by its own columns.
KINDS: dict[str, type[models.Model]] = {
    "increment": Increment,
    "iteration": Iteration,
    "lane": Lane,
    "card": Card,
    "dependency": Dependency,
    "objective": Objective,
    "risk": Risk,
    "seat": Seat,
    "absence": Absence,
    "capacity": Capacity,
    "check": Check,
}
NAMES = {model: name for name, model in KINDS.items()}
# Columns that are no part of the plan: what counts writes, and what the portal sets by itself.
APART = {"id", "version", "increment_id", "made_at", "requested_at"}


def values_of(row: models.Model) -> dict[str, Any]:
    """The columns of a row as the log has them; of an objective its cards too."""
    # The numbers of an increment count its lines; that of an iteration is its place.
    apart = APART | {"number", "frame_number"} if isinstance(row, Increment) else APART
    found = {f.attname: _plain(getattr(row, f.attname)) for f in row._meta.concrete_fields if f.attname not in apart}
    if isinstance(row, Objective):
        found["cards"] = sorted(card.pk for card in row.cards.all())
    return found


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        # 5 and 5.0 are one size.
        return str(value.normalize() if value else Decimal(0)) if value is not None else None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value


def fold(state: State, changes: Iterable[Change]) -> State:
    """Do `changes` to the state, in place."""
    for change in changes:
        rows = state.setdefault(change["kind"], {})
        key = str(change["id"])
        if change["after"] is None:
            rows.pop(key, None)
        else:
            rows[key] = {**rows.get(key, {}), **change["after"]}
    return state


def replayed(increment: Increment, until: int | None = None) -> State:
    """The board as its log tells it, up to and with the line `until`."""
    lines = increment.events.order_by("number")
    if until is not None:
        lines = lines.filter(number__lte=until)
    state: State = {}
    for changes in lines.values_list("changes", flat=True).iterator():
        fold(state, changes)
    return {kind: rows for kind, rows in state.items() if rows}


def stored(increment: Increment) -> State:
    """The board as the database holds it."""
    found: State = {}
    for kind, model in KINDS.items():
        rows = _rows(model, increment)
        if rows:
            found[kind] = {str(row.pk): values_of(row) for row in rows}
    return found


def _rows(model: type[models.Model], increment: Increment) -> list[models.Model]:
    manager = model._default_manager
    if model is Increment:
        return list(manager.filter(pk=increment.pk))
    if model in (Seat, Capacity):
        return list(manager.filter(lane__increment=increment))
    if model is Absence:
        return list(manager.filter(seat__lane__increment=increment))
    rows = manager.filter(increment=increment)
    return list(rows.prefetch_related("cards") if model is Objective else rows)
