"""WSJF (weighted shortest job first): the cost of delay of a job ÷ its size, on a relative scale.

WSJF = (business value + time criticality + risk reduction or opportunity) ÷ job size, each from SCALE. Highest first;
ties: the smaller job first, then by name. What has no score for each part comes after what has. A rank given by hand
puts a job at that place, and the others fill up; the computed rank stays beside it.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

SCALE = (1, 2, 3, 5, 8, 13, 20)
# As the warnings name them, in the order they are scored; the last divides the sum of the others.
PARTS = {
    "business_value": "Business value",
    "time_criticality": "Time criticality",
    "risk_reduction": "Risk reduction or opportunity",
    "job_size": "Job size",
}
Score = int | None
# One score a part, in the order of PARTS.
Parts = tuple[Score, Score, Score, Score]


class Job(NamedTuple):
    """What is to be ranked; `parts` in the order of PARTS, None where not scored yet."""

    key: int
    name: str
    parts: Parts
    manual_rank: int | None = None


class Rank(NamedTuple):
    """`place` in the list (1 is first), `value` the WSJF and `computed` the place by it alone, None without a score."""

    key: int
    place: int
    value: Fraction | None
    computed: int | None
    is_manual: bool


class Oddity(NamedTuple):
    """Something odd about the scores of a part (a key of PARTS), in words; it blocks nothing."""

    part: str
    text: str


def wsjf(business_value: int, time_criticality: int, risk_reduction: int, job_size: int) -> Fraction:
    """(5 + 8 + 2) ÷ 3 = 5. Raises ValueError for a score that is not on the scale: a size of 0, too."""
    for score in (business_value, time_criticality, risk_reduction, job_size):
        if score not in SCALE:
            raise ValueError(f"{score} is not a score: use {', '.join(map(str, SCALE))}.")
    return Fraction(business_value + time_criticality + risk_reduction, job_size)


def value_of(parts: Parts) -> Fraction | None:
    """The WSJF of these parts, None while one is missing."""
    value, time, risk, size = parts
    if value is None or time is None or risk is None or size is None:
        return None
    return wsjf(value, time, risk, size)


def _order(job: Job) -> tuple[bool, Fraction, int, str, int]:
    value = value_of(job.parts)
    return value is None, -(value or Fraction(0)), job.parts[3] or 0 if value else 0, job.name.casefold(), job.key


def ranked(jobs: Iterable[Job]) -> list[Rank]:
    """Every job in its place. A manual rank beyond the end is the end; two of the same go by WSJF."""
    ordered = sorted(jobs, key=_order)
    values = {job.key: value_of(job.parts) for job in ordered}
    computed = {job.key: place for place, job in enumerate(ordered, 1) if values[job.key] is not None}
    placed = [job for job in ordered if job.manual_rank is None]
    free = 0
    by_hand = [(job.manual_rank, place, job) for place, job in enumerate(ordered) if job.manual_rank is not None]
    for wanted, _, job in sorted(by_hand, key=lambda one: one[:2]):
        free = min(max(wanted - 1, free), len(placed)) + 1
        placed.insert(free - 1, job)
    return [
        Rank(job.key, place, values[job.key], computed.get(job.key), job.manual_rank is not None)
        for place, job in enumerate(placed, 1)
    ]


def warnings(rows: Sequence[Parts]) -> list[Oddity]:
    """What is odd about the scores of jobs that are ranked together, part by part; missing scores are passed over.

    A part without a 1 (its smallest is the unit of the others), a part with all scores equal (it tells nothing), and
    more than half of the sizes at the floor (the sizes were not compared).
    """
    found: list[Oddity] = []
    for (part, label), column in zip(PARTS.items(), zip(*rows, strict=True), strict=bool(rows)):
        scores = [score for score in column if score is not None]
        if scores and 1 not in scores:
            found.append(Oddity(part, f"{label}: no 1. The smallest should be 1; the others are compared with it."))
        if len(scores) > 1 and len(set(scores)) == 1:
            found.append(Oddity(part, f"{label}: all scores are equal, so it does not tell the initiatives apart."))
        if part == "job_size" and 2 * scores.count(1) > len(scores):
            found.append(Oddity(part, f"{label}: {scores.count(1)} of {len(scores)} are 1, more than half."))
    return found
