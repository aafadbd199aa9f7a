"""What every verb on objectives shares: holding the row, refusing what is closed, telling who listens."""

import math
from typing import Any

from django.core.exceptions import ValidationError

from core import live
from okrs.models import Cycle, KeyResult, Objective

# Beyond this a number is a typing slip, and loses its last digits.
LARGEST = 1e15


def hold_cycle(cycle: Cycle) -> Cycle:
    """The cycle as it is now; nobody closes it until the transaction ends. Refused when it is closed."""
    row = Cycle.objects.select_for_update(no_key=True).get(pk=cycle.pk)
    if row.closed_at:
        raise ValidationError({"cycle": f"{row} is closed: choose another cycle, or reopen it."})
    return row


def hold(objective: Objective) -> Objective:
    """The objective as it is now, locked until the transaction ends. Refused when it is closed."""
    rows = Objective.objects.select_related("cycle", "stream", "team").select_for_update(of=("self",))
    row = rows.get(pk=objective.pk)
    if row.closed_at or row.cycle.closed_at:
        raise ValidationError("The objective is closed: reopen it first.")
    return row


def hold_of(key_result: KeyResult) -> KeyResult:
    """The key result as it is now, its objective locked until the transaction ends. Refused when that is closed."""
    hold(key_result.objective)
    return KeyResult.objects.select_related("objective__cycle", "objective__stream", "objective__team").get(
        pk=key_result.pk
    )


def check_number(name: str, value: float | None) -> None:
    """Refuse, at its field, what is no number that can be kept."""
    if value is not None and (not math.isfinite(value) or abs(value) > LARGEST):
        raise ValidationError({name: "This is no number that can be kept."})


def tell(objective: Objective, kind: str, **data: Any) -> None:
    """Tell the browsers that show the objective; call it at the end of the transaction."""
    live.publish(f"okr:{objective.pk}", kind, data)
