"""What a plan is expected to bring, against what it commits to."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promise:
    """A committed objective: its planned business value (1 to 10; None: nobody gave one) and its chance (0…1)."""

    value: int | None
    chance: float | None


@dataclass(frozen=True, slots=True)
class Expected:
    """`expected` is Σ value × chance and `committed` Σ value over the objectives that have both; None where none has.

    `reason` says what was left out, or why there is nothing ("" for neither).
    """

    expected: float | None
    committed: int | None
    reason: str = ""


def expected_value(promises: Sequence[Promise]) -> Expected:
    """Like against like: what has no chance is in neither sum, and said."""
    if not promises:
        return Expected(None, None, "no committed objective")
    both = [(one.value, one.chance) for one in promises if one.value is not None and one.chance is not None]
    without_value = sum(1 for one in promises if one.value is None)
    unknown = [one.value for one in promises if one.value is not None and one.chance is None]
    said = []
    if unknown:
        noun = "objective" if len(unknown) == 1 else "objectives"
        said.append(f"{len(unknown)} committed {noun} of planned value {sum(unknown)} without a chance")
    if without_value:
        noun = "objective" if without_value == 1 else "objectives"
        said.append(f"{without_value} committed {noun} without a planned value")
    reason = f"left out: {' and '.join(said)}" if said else ""
    if not both:
        return Expected(None, None, reason)
    return Expected(round(sum(value * chance for value, chance in both), 6), sum(value for value, _ in both), reason)
