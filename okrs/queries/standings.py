"""Where key results and objectives stand as of a day: the one place that reads check-ins for pages, API and mails."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from math import fsum

from django.db.models import Q, QuerySet
from django.utils import timezone

from okrs.formulas import progress as formulas
from okrs.formulas.progress import Grade, State
from okrs.models import CheckIn, KeyResult, Objective

AsOf = date | datetime


def day_of(as_of: AsOf) -> date:
    """The day that an instant is in (in the portal's zone); a day is itself: what happened by its end counts."""
    return timezone.localdate(as_of) if isinstance(as_of, datetime) else as_of


def end_of(as_of: AsOf) -> datetime:
    """The instant itself; of a day its end."""
    if isinstance(as_of, datetime):
        return as_of
    return timezone.make_aware(datetime.combine(as_of, time.max))


@dataclass(frozen=True, slots=True)
class Standing:
    """A key result as of a day. `confidence` is the newest that a person gave (0 to 10), on `confidence_on`.

    `on` is the day of the current check-in; `value`, `on` and the rest are None or empty while it is pending.
    `pace` is progress minus the elapsed share of the cycle; both 0 to 1.
    """

    value: float | None
    progress: float
    confidence: int | None
    due_on: date
    state: State
    pace: float
    elapsed: float
    on: date | None = None
    note: str = ""
    blocker: str = ""
    is_automatic: bool = False
    confidence_on: date | None = None

    @property
    def is_on_pace(self) -> bool:
        return formulas.is_on_pace(self.pace)

    @property
    def share(self) -> float:
        """The progress in per cent."""
        return 100 * self.progress

    @property
    def points(self) -> int:
        """The pace in whole percentage points."""
        return round(100 * self.pace)


def newest(check_ins: "QuerySet[CheckIn]") -> dict[int, CheckIn]:
    """The newest check-in of each key result by its own date."""
    ordered = check_ins.order_by("key_result_id", "-on").distinct("key_result_id")
    return {one.key_result_id: one for one in ordered}


def standings(key_results: "Iterable[KeyResult]", as_of: AsOf) -> dict[int, Standing]:
    """The standing of each key result as of a day or instant, by id; three queries however many there are."""
    rows, day = list(key_results), day_of(as_of)
    ids = [one.pk for one in rows]
    known = CheckIn.objects.filter(key_result__in=ids, on__lte=day)
    current = newest(known)
    believed = newest(known.filter(confidence__isnull=False)) if current else {}
    goals = Objective.objects.filter(pk__in={one.objective_id for one in rows}).order_by()
    cycles = {pk: (first, last) for pk, first, last in goals.values_list("pk", "cycle__starts_on", "cycle__ends_on")}
    return {
        one.pk: _standing(one, current.get(one.pk), believed.get(one.pk), *cycles[one.objective_id], day)
        for one in rows
    }


def progress_of(key_result: KeyResult, value: float | None) -> float:
    """The progress of a key result at a value."""
    one = key_result
    return formulas.progress(one.kind, value, one.baseline, one.target, one.band_low, one.band_high)


def _standing(
    one: KeyResult, current: CheckIn | None, believed: CheckIn | None, first: date, last: date, day: date
) -> Standing:
    on, value = (current.on, current.value) if current else (None, None)
    due = formulas.due_on(on, one.every_days, first)
    share, gone = progress_of(one, value), formulas.elapsed(first, last, day)
    return Standing(
        value=value,
        progress=share,
        confidence=believed.confidence if believed else None,
        due_on=due,
        state=formulas.state(on, due, day),
        pace=share - gone,
        elapsed=gone,
        on=on,
        note=current.note if current else "",
        blocker=current.blocker if current else "",
        is_automatic=bool(current and current.is_automatic),
        confidence_on=believed.on if believed else None,
    )


@dataclass(frozen=True, slots=True)
class ObjectiveStanding:
    """An objective as of a day. `score` is frozen once it is closed; None where the weights sum to nothing.

    `confidence` is the lowest of its key results; `outdated`, `pending` and `due` count them.
    """

    score: float | None
    pace: float | None
    elapsed: float
    grade: Grade | None
    expected: float
    confidence: int | None
    key_results: int
    pending: int
    due: int
    outdated: int
    is_closed: bool

    @property
    def is_on_pace(self) -> bool:
        return formulas.is_on_pace(self.pace)

    @property
    def points(self) -> int | None:
        """The pace in whole percentage points."""
        return None if self.pace is None else round(100 * self.pace)


def objective_standings(
    objectives: Sequence[Objective], key_results: Iterable[KeyResult], known: Mapping[int, Standing], as_of: AsOf
) -> dict[int, ObjectiveStanding]:
    """Where objectives stand, by id, from the standings of all their key results; no query (with `cycle` loaded)."""
    own: dict[int, list[tuple[KeyResult, Standing]]] = {one.pk: [] for one in objectives}
    for one in key_results:
        if one.objective_id in own:
            own[one.objective_id].append((one, known[one.pk]))
    return {one.pk: _objective(one, own[one.pk], day_of(as_of)) for one in objectives}


def is_closed_at(objective: Objective, day: date) -> bool:
    """Whether an objective was closed by the end of a day."""
    return objective.closed_at is not None and timezone.localdate(objective.closed_at) <= day


def _objective(objective: Objective, own: Sequence[tuple[KeyResult, Standing]], day: date) -> ObjectiveStanding:
    closed = is_closed_at(objective, day)
    score = formulas.score((one.weight, standing.progress) for one, standing in own)
    if closed:
        score = objective.closed_score
    gone = formulas.elapsed(objective.cycle.starts_on, objective.cycle.ends_on, day)
    states = [standing.state for _, standing in own]
    beliefs = [standing.confidence for _, standing in own if standing.confidence is not None]
    return ObjectiveStanding(
        score=score,
        pace=formulas.pace(score, gone),
        elapsed=gone,
        grade=None if score is None else formulas.grade(score),
        expected=formulas.EXPECTED[objective.ambition],
        confidence=min(beliefs, default=None),
        key_results=len(own),
        pending=states.count("pending"),
        due=states.count("due"),
        outdated=states.count("outdated"),
        is_closed=closed,
    )


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of those that are known; None of nothing."""
    known = [one for one in values if one is not None]
    return fsum(known) / len(known) if known else None


def scores(objectives: Sequence[Objective], as_of: AsOf) -> dict[int, ObjectiveStanding]:
    """Where objectives stand, by id; four queries however many there are (with `cycle` loaded)."""
    key_results = list(KeyResult.objects.filter(Q(objective__in=[one.pk for one in objectives])))
    return objective_standings(objectives, key_results, standings(key_results, as_of), as_of)
