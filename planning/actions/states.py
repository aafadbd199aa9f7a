"""The life of an increment: draft, planning, committed, closed; forth by doing it, back with a reason."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from planning.actions.carrying import carry_on
from planning.actions.held import hold_increment
from planning.actions.rows import keep_rows
from planning.actions.writing import Board, conflict, holding, write
from planning.chances import settle
from planning.checklists import undiscussed
from planning.commitments import keep_forecasts
from planning.models import Baseline, Increment, IncrementState, Reckoning
from planning.replay import stored
from portfolio.rules import Person

ORDER = [state.value for state in IncrementState]
WORDS = {
    "planning": "began the planning of",
    "committed": "committed to the plan of",
    "closed": "closed",
}
BACK = {
    "draft": "took back to draft",
    "planning": "reopened the planning of",
    "committed": "reopened",
}


def change_state(
    *,
    actor: Person,
    increment: Increment,
    to: str,
    reason: str = "",
    version: int | None = None,
    at: datetime | None = None,
) -> Increment:
    """To the state before it, with a `reason`, or after it (as `start_planning`, `commit` and `close` do)."""
    steps = {"planning": start_planning, "committed": commit, "closed": close}
    here = Increment.objects.values_list("state", flat=True).get(pk=increment.pk)
    if to not in ORDER or abs(ORDER.index(to) - ORDER.index(here)) != 1:
        raise ValidationError({"to": f"{increment} is in state {here}: it goes one step at a time."})
    if ORDER.index(to) < ORDER.index(here):
        return step_back(actor=actor, increment=increment, reason=reason, version=version)
    step: Any = steps[to]
    return step(actor=actor, increment=increment, version=version, at=at)  # type: ignore[no-any-return]


def start_planning(
    *, actor: Person, increment: Increment, version: int | None = None, at: datetime | None = None
) -> Increment:
    """From draft. Refused without iterations or rows of teams: there would be nothing to plan on."""
    with write(actor, increment, "began planning") as board:
        row = _from(board, version, IncrementState.DRAFT)
        if not row.iterations.exists():
            raise ValidationError("It has no iterations: lay them out first.")
        if not row.lanes.filter(kind="team", left_on=None).exists():
            raise ValidationError("No team is in the train: add its teams first.")
        _to(board, IncrementState.PLANNING)
    return row


def commit(*, actor: Person, increment: Increment, version: int | None = None, at: datetime | None = None) -> Increment:
    """From planning: the plan as it is becomes a baseline that never changes, its forecasts are kept to be scored.

    Refused, with a list, while risks were not discussed (ROAM). `at`: when it was (default: now).
    """
    when = at or timezone.now()
    with write(actor, increment, "committed") as board:
        row = _from(board, version, IncrementState.PLANNING)
        if left := undiscussed(row):
            raise ValidationError([f"Discuss this risk first (ROAM): “{risk.text}”" for risk in left])
        _to(board, IncrementState.COMMITTED, committed_at=when)
        kept = _freeze(board, settle(row, when), when)
        keep_forecasts(actor=actor, increment=row, baseline=kept)
    return row


def _freeze(board: Board, reckoning: Reckoning, when: datetime) -> Baseline:
    """The plan, and the chances as they are of this very plan: what was shown a moment ago may be behind it."""
    row = board.increment
    return Baseline.objects.create(
        increment=row,
        number=row.baselines.count() + 1,
        at=when,
        by_id=getattr(board.actor, "pk", None),
        # The line that this write becomes.
        event=row.number + 1,
        plan=stored(row),
        chances=_chances(row),
        engine=reckoning.engine,
        inputs=reckoning.inputs,
    )


def _chances(row: Increment) -> dict[str, dict[str, float]]:
    """{"cards": {id: chance}, "objectives": {id: chance}}, without those that are n/a."""
    cards = row.cards.filter(removed_at=None, chance__chance__isnull=False).values_list("pk", "chance__chance")
    goals = row.objectives.filter(removed_at=None, chance__chance__isnull=False).values_list("pk", "chance__chance")
    return {
        "cards": {str(pk): chance for pk, chance in cards if chance is not None},
        "objectives": {str(pk): chance for pk, chance in goals if chance is not None},
    }


def close(
    *,
    actor: Person,
    increment: Increment,
    actual_values: Mapping[int, int | None] | None = None,
    saw: Mapping[int, int] | None = None,
    carry_into: Increment | None = None,
    version: int | None = None,
    at: datetime | None = None,
) -> Increment:
    """From committed: the actual business values (by objective's id), and what did not land goes on to `carry_into`.

    Values may be given before and, after a reopening, again. `saw`: at which version the writer saw each objective.
    `at`: when it was (default: now).
    """
    when = at or timezone.now()
    with holding(increment, carry_into or increment), write(actor, increment, "closed") as board:
        row = _from(board, version, IncrementState.COMMITTED)
        _values(board, actual_values or {}, saw or {})
        if carry_into is not None:
            carry_on(board, carry_into, when)
        _to(board, IncrementState.CLOSED, closed_at=when)
    return row


def _values(board: Board, values: Mapping[int, int | None], saw: Mapping[int, int]) -> None:
    rows = {row.pk: row for row in board.increment.objectives.filter(removed_at=None).prefetch_related("cards")}
    for pk, value in values.items():
        if pk not in rows:
            raise ValidationError("One of these objectives is not there any more.")
        if value is not None and not 0 <= value <= 10:
            raise ValidationError({f"objective-{pk}": "Actual business value goes from 0 to 10."})
        if saw.get(pk, rows[pk].version) != rows[pk].version:
            raise conflict(board.increment, rows[pk])
        board.set(rows[pk], actual_value=value)


def step_back(*, actor: Person, increment: Increment, reason: str, version: int | None = None) -> Increment:
    """To the state before. Baselines stay; committing again makes another one. Needs a reason, kept in the log."""
    with write(actor, increment, "stepped back", even_closed=True) as board:
        board.require_manage()
        row = hold_increment(board, version)
        if not reason.strip():
            raise ValidationError({"reason": "Say why: it is kept in the log."})
        if row.state == IncrementState.DRAFT:
            raise ValidationError("It is a draft: there is no state before.")
        before = ORDER[ORDER.index(row.state) - 1]
        times: dict[str, Any] = {"closed_at": None} | (
            {"committed_at": None} if before == IncrementState.PLANNING else {}
        )
        board.set(row, state=before, **times)
        # Teams that came or went while it was closed.
        said = keep_rows(board)
        board.say("; ".join([f"{BACK[before]} {row}: {reason.strip()}", *said]))
    return row


def _from(board: Board, version: int | None, state: IncrementState) -> Increment:
    """The increment that is held, in `state`. Raises Conflict when a button of another state was pressed."""
    board.require_manage()
    row = hold_increment(board, version)
    if row.state != state:
        raise ValidationError(f"{row} is in state {row.get_state_display().lower()}: look again what is to be done.")
    return row


def _to(board: Board, state: IncrementState, **times: Any) -> None:
    board.set(board.increment, state=state, **times)
    board.say(f"{WORDS[state]} {board.increment}")
