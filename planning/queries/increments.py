"""An increment as its page shows it: how far it is, what is missing, what was promised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count

from planning import checklists
from planning.baselines import latest, moves_since
from planning.chances import value_of
from planning.formulas.stability import Moves
from planning.models import Baseline, CardKind, Increment, IncrementState, Iteration, Lane, LaneKind, Reckoning
from planning.queries.trains import Predicted, Row, percent, predicted, rows_of

LABELS = [(state.value, state.label) for state in IncrementState]
ORDER = list(IncrementState)


@dataclass(frozen=True, slots=True)
class Step:
    """A state in the row of all; the one after it or before it may be gone to."""

    key: str
    label: str
    is_here: bool
    is_done: bool


@dataclass(frozen=True, slots=True)
class Page:
    """What the page of an increment shows. `value` is expected and committed business value (planning.chances)."""

    row: Row
    steps: Sequence[Step]
    iterations: Sequence[Iteration]
    lanes: Sequence[Lane]
    # Rows that are no team's.
    others: Sequence[Lane]
    lists: Sequence[tuple[str, str, Sequence[checklists.Line]]]
    cards: int
    placed: int
    baseline: Baseline | None
    moves: Moves | None
    predicted: Predicted
    value: Mapping[str, Any]

    @property
    def left(self) -> int:
        """How many lines of the two checklists are open."""
        return sum(not line.is_done for _, _, lines in self.lists for line in lines)


def page(increment: Increment, today: date) -> Page:
    """The number of queries does not grow with the plan."""
    [row] = rows_of(Increment.objects.filter(pk=increment.pk), today)
    cards = increment.cards.filter(removed_at=None).exclude(kind=CardKind.MILESTONE)
    lists = checklists.lines(increment)
    kept = latest(increment)
    rows = list(increment.lanes.select_related("team__stream"))
    return Page(
        row,
        _steps(increment),
        list(increment.iterations.all()),
        [lane for lane in rows if lane.kind == LaneKind.TEAM],
        [lane for lane in rows if lane.kind != LaneKind.TEAM],
        [(key, _list_label(key), lines) for key, lines in lists.items()],
        cards.count(),
        cards.exclude(iteration=None).count(),
        kept,
        moves_since(kept) if kept else None,
        predicted([increment])[increment.pk],
        value_of(Reckoning.objects.filter(increment=increment).first()),
    )


def _list_label(key: str) -> str:
    return "Is everything ready to plan?" if key == "ready" else "Is the plan final?"


def _steps(increment: Increment) -> list[Step]:
    here = ORDER.index(IncrementState(increment.state))
    return [Step(state.value, state.label, place == here, place < here) for place, state in enumerate(ORDER)]


def finding(found: Page) -> str:
    """The heading of the page: where it stands, and the first thing that needs somebody."""
    increment, row = found.row.increment, found.row
    if increment.state == IncrementState.CLOSED:
        share = found.predicted.train.share
        return f"{increment} is closed" + (
            f": {percent(share)} of its promised value came about" if share is not None else ""
        )
    if increment.state == IncrementState.COMMITTED:
        return _running(found)
    needs = ", ".join(need.text for need in row.needs)
    if increment.state == IncrementState.DRAFT:
        return f"{increment} is a draft: {found.left} lines of its checklists are open"
    return f"{increment} is being planned" + (
        f": {needs}" if needs else f": {found.placed} of {found.cards} cards placed"
    )


def _running(found: Page) -> str:
    name = str(found.row.increment)
    if found.row.is_over:
        return f"{name} is over: close it"
    stable = found.moves.stability if found.moves else None
    told = f", {percent(stable)} of its plan untouched" if stable is not None else ""
    if found.row.now is None:
        return f"{name} {found.row.begins or 'runs'}{told}"
    return f"{name} is in {found.row.now.name}{told}"


def cards_by_iteration(increment: Increment) -> dict[int, int]:
    """How many cards stand in each iteration, by its id: what its removal would make unplanned."""
    rows = increment.cards.filter(removed_at=None, iteration__isnull=False).order_by()
    return dict(rows.values("iteration").annotate(n=Count("pk")).values_list("iteration", "n"))
