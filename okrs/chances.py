"""Chances of key results: what the formula is given, read from check-ins, linked work and forecasts of its landing."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import cast

from django.core.cache import cache
from django.utils import timezone

from metrics.forecasts.landing import Ask, Landing, landings
from metrics.formulas.forecast.shown import LEAST, MOST, shown_chance
from metrics.kpis import value_text
from okrs.formulas.chance import FEWEST_CHANGES, FORMULA, Changes, Inputs, Trials, Work, all_land, run, weekly_changes
from okrs.models import CheckIn, Contribution, KeyResult, KeyResultKind

CACHE_SECONDS = 86_400


def short(value: float) -> float:
    """A figure of trials with three digits: more would say more than they know."""
    return float(f"{value:.3g}") if abs(value) < 100 else float(round(value))


@dataclass(frozen=True, slots=True)
class Linked:
    """Linked work: how far it should move the value, and whether it lands by the cycle's last day."""

    # Of the contribution.
    pk: int
    name: str
    lift: float
    landing: Landing
    # Its lift is in the value already: it landed on or before the day of the last check-in.
    is_counted: bool = False

    @property
    def shown(self) -> str:
        """Its landing in words."""
        if self.landing.landed_on:
            return f"landed on {self.landing.landed_on:%-d %b %Y}"
        return shown_chance(self.landing.chance)


@dataclass(frozen=True, slots=True)
class Chance:
    """How likely a key result is reached on the last day of its cycle: `share` 0…1, uncapped; None with the `reason`.

    `low` and `high` are the 5th and 95th percentile of the value then, `expected` its mean, in the key result's unit;
    `error` is the standard error of the share. None of a milestone, whose chance is that of its linked work.
    `changes` weekly changes were drawn from, `left_out` weeks were not: linked work landed in them. `notes`: in words,
    what could not be counted. `confidence` is the newest that a person gave, 0 to 10.
    """

    share: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""
    expected: float | None = None
    error: float | None = None
    by: date | None = None
    unit: str = ""
    changes: tuple[float, ...] = ()
    left_out: int = 0
    works: tuple[Linked, ...] = ()
    notes: tuple[str, ...] = ()
    confidence: int | None = None
    # Linked work that this reader may not see: counted, but not named.
    hidden: int = 0
    inputs: Inputs | None = field(default=None, repr=False)

    @property
    def shown(self) -> str:
        """The chance in words: 62 %, > 95 %, < 5 %, n/a."""
        return shown_chance(self.share)

    @property
    def interval(self) -> str:
        """The interval of the end value in words, or nothing."""
        if self.low is None or self.high is None:
            return ""
        return f"{value_text(short(self.low), '')} to {value_text(short(self.high), self.unit)}"

    def seen(self, works: Collection[int]) -> "Chance":
        """For a reader who may see these contributions only: the others are counted, but not named."""
        shown = tuple(work for work in self.works if work.pk in works)
        reason = self.reason
        if len(shown) < len(self.works) and any(work.name in reason for work in self.works if work not in shown):
            reason = "the landing of linked work cannot be told"
        hidden = len(self.works) - len(shown)
        return replace(self, works=shown, hidden=hidden, notes=_notes(shown), reason=reason)

    @property
    def mean_change(self) -> float | None:
        """The mean of the weekly changes; None of none."""
        return sum(self.changes) / len(self.changes) if self.changes else None

    @property
    def expected_text(self) -> str:
        """The mean end value in words, or nothing."""
        return "" if self.expected is None else value_text(short(self.expected), self.unit)

    @property
    def error_text(self) -> str:
        """The standard error in percentage points."""
        return "n/a" if self.error is None else f"{100 * self.error:.1f} percentage points"

    @property
    def trend_text(self) -> str:
        """What the trend is drawn from, in words."""
        if self.mean_change is None:
            return ""
        weeks = "1 weekly change" if len(self.changes) == 1 else f"{len(self.changes)} weekly changes"
        mean = value_text(short(self.mean_change), self.unit)
        out = f"; {self.left_out} left out because linked work landed then" if self.left_out else ""
        return f"{weeks}, {mean} on average{out}"

    @property
    def gap(self) -> int | None:
        """How far the owner's confidence is above the chance, in percentage points; None where one is missing."""
        if self.share is None or self.confidence is None:
            return None
        return round(10 * self.confidence - 100 * min(max(self.share, LEAST), MOST))


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of one key result, as at `day`."""

    key_result: KeyResult
    check_ins: tuple[tuple[date, float], ...]
    confidence: int | None
    works: tuple[Linked, ...]
    day: date

    @property
    def ends_on(self) -> date:
        return self.key_result.objective.cycle.ends_on


def chances(key_results: Iterable[KeyResult], as_of: datetime) -> dict[int, Chance]:
    """The chance of each key result by its id, as at an instant; the number of queries does not grow with them."""
    ids = {one.pk for one in key_results}
    rows = list(KeyResult.objects.filter(pk__in=ids).select_related("objective__cycle").order_by("pk"))
    if not rows:
        return {}
    day = timezone.localdate(as_of)
    said = _check_ins(ids, day)
    works = _works(rows, {pk: own[-1][0] for pk, own in said.items()}, as_of)
    known = [
        _Known(
            row,
            tuple((on, value) for on, value, _ in said.get(row.pk, ())),
            next((sure for _, _, sure in reversed(said.get(row.pk, ())) if sure is not None), None),
            works.get(row.pk, ()),
            day,
        )
        for row in rows
    ]
    found = {one.key_result.pk: _chance(one) for one in known}
    tried = _trials({pk: one.inputs for pk, one in found.items() if one.inputs is not None})
    return found | {pk: _told(found[pk], trials) for pk, trials in tried.items()}


Said = list[tuple[date, float, int | None]]


def _check_ins(ids: Collection[int], day: date) -> dict[int, Said]:
    """Per key result its check-ins by `day`, in order of their days: day, value, confidence."""
    rows = CheckIn.objects.filter(key_result__in=ids, on__lte=day).order_by("key_result", "on")
    found: dict[int, Said] = {}
    for pk, on, value, sure in rows.values_list("key_result", "on", "value", "confidence"):
        found.setdefault(pk, []).append((on, value, sure))
    return found


def _works(rows: Sequence[KeyResult], last: Mapping[int, date], as_of: datetime) -> dict[int, tuple[Linked, ...]]:
    """Per key result the work that should move it, with its landing by the cycle's last day."""
    ends = {row.pk: row.objective.cycle.ends_on for row in rows}
    linked = Contribution.objects.filter(key_result__in=ends).select_related("initiative", "feature").order_by("pk")
    asks = {one.pk: _ask(one, ends[one.key_result_id]) for one in linked}
    landed = landings(set(asks.values()), as_of)
    found: dict[int, tuple[Linked, ...]] = {}
    for one in linked:
        landing, since = landed[asks[one.pk]], last.get(one.key_result_id)
        is_counted = landing.landed_on is not None and since is not None and landing.landed_on <= since
        work = Linked(one.pk, str(one.initiative or one.feature), one.lift, landing, is_counted)
        found[one.key_result_id] = (*found.get(one.key_result_id, ()), work)
    return found


def _ask(one: Contribution, by: date) -> Ask:
    return Ask("initiative", one.initiative_id, by) if one.initiative_id else Ask("feature", one.feature_id or 0, by)


def _chance(known: _Known) -> Chance:
    """Everything but the trials: n/a with the reason, the chance of a milestone, or the inputs of the trials."""
    row = known.key_result
    base = Chance(None, by=known.ends_on, unit=row.unit, works=known.works, confidence=known.confidence)
    if known.day >= known.ends_on:
        return replace(base, reason="its cycle is over: the score says what came of it")
    if row.kind == KeyResultKind.MILESTONE:
        return _milestone(base, known)
    if not known.check_ins:
        return replace(base, reason="there is no check-in yet")
    changes = _changes(known)
    base = replace(base, changes=changes.values, left_out=changes.left_out, notes=_notes(known.works))
    if len(changes.values) < FEWEST_CHANGES:
        return replace(base, reason=_too_few(changes))
    return replace(base, inputs=_inputs(known, changes))


def _changes(known: _Known) -> Changes:
    days, values = zip(*known.check_ins, strict=True)
    landed = [work.landing.landed_on for work in known.works if work.landing.landed_on]
    return weekly_changes(days, values, landed, known.day)


def _too_few(changes: Changes) -> str:
    n = len(changes.values)
    had = f"{n} weekly change{'' if n == 1 else 's'}" if n else "no weekly change"
    out = f", {changes.left_out} left out because linked work landed then" if changes.left_out else ""
    return f"too little data: {had} of the {FEWEST_CHANGES} needed{out}"


def _notes(works: Sequence[Linked]) -> tuple[str, ...]:
    unknown = [work for work in works if work.landing.chance is None]
    return tuple(f"{work.name} is counted as not landing: {work.landing.reason}" for work in unknown)


def _milestone(base: Chance, known: _Known) -> Chance:
    """Reached already, or the chance that all the linked work lands."""
    if known.check_ins and known.check_ins[-1][1] >= 1:
        return replace(base, share=1.0)
    if not known.works:
        return replace(base, reason="no work is linked to it, so nothing says when it is reached")
    unknown = [work for work in known.works if work.landing.chance is None]
    if unknown:
        return replace(base, reason=f"the landing of {unknown[0].name} cannot be told: {unknown[0].landing.reason}")
    return replace(base, share=all_land([work.landing.chance or 0.0 for work in known.works]))


def _inputs(known: _Known, changes: Changes) -> Inputs:
    row, (last, value) = known.key_result, known.check_ins[-1]
    least, most = _goal(row)
    works = tuple(
        Work(f"work:{work.pk}", work.lift, work.landing.chance)
        for work in known.works
        if work.landing.chance and not work.is_counted
    )
    return Inputs(value, (known.ends_on - last).days, changes.values, works, least, most, seed=row.pk)


def _goal(row: KeyResult) -> tuple[float | None, float | None]:
    """From where to where an end value has reached it."""
    if row.kind == KeyResultKind.BAND:
        return row.band_low, row.band_high
    if (row.target or 0.0) >= (row.baseline or 0.0):
        return row.target, None
    return None, row.target


def _trials(wanted: Mapping[int, Inputs]) -> dict[int, Trials]:
    """The trials of each, computed once for the same inputs."""
    names = {pk: f"chance:{FORMULA}:{_digest(inputs)}" for pk, inputs in wanted.items()}
    kept = cast(dict[str, Trials], cache.get_many(list(names.values()))) if names else {}
    made = {pk: run(inputs) for pk, inputs in wanted.items() if names[pk] not in kept}
    if made:
        cache.set_many({names[pk]: trials for pk, trials in made.items()}, CACHE_SECONDS)
    return {pk: made[pk] if pk in made else kept[name] for pk, name in names.items()}


def _digest(inputs: Inputs) -> str:
    return hashlib.sha256(repr(inputs).encode()).hexdigest()


def _told(chance: Chance, trials: Trials) -> Chance:
    return replace(
        chance,
        share=trials.share,
        error=trials.error,
        expected=trials.expected,
        low=trials.low,
        high=trials.high,
    )
