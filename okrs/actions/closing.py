"""Closing objectives with grade and lessons, and carrying them over into another cycle."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core import audit
from okrs.actions.holding import check_number, hold, hold_cycle, tell
from okrs.actions.objectives import LONGEST
from okrs.models import Contribution, Cycle, KeyResult, KeyResultKind, Objective, Support
from okrs.queries import progress_of, scores, standings
from okrs.rules import place_of, require_change
from portfolio.actions.writing import change, create
from portfolio.rules import Person, require


def close_objective(
    *, actor: Person, objective: Objective, grade: float | None = None, lessons: str = "", version: int | None = None
) -> Objective:
    """Freeze the score as it is today (at most at the cycle's end), with what people say of it.

    `grade` from 0 to 1 is people's own, beside the score; `lessons` what was learned.
    """
    require_change(actor, objective)
    if grade is not None:
        check_number("grade", grade)
        if not 0 <= grade <= 1:
            raise ValidationError({"grade": "A grade is from 0 to 1."})
    if len(lessons) > LONGEST:
        raise ValidationError({"lessons": f"Keep it below {LONGEST:,} characters."})
    with transaction.atomic():
        row, now = hold(objective), timezone.now()
        score = scores([row], min(timezone.localdate(now), row.cycle.ends_on))[row.pk].score
        fields = {"closed_at": now, "closed_score": score, "grade": grade, "lessons": lessons}
        closed = change(actor, "closed", row, fields, version=version)
        tell(row, "closed")
    return closed


def reopen_objective(*, actor: Person, objective: Objective) -> Objective:
    """Its score moves again; grade and lessons stay. Refused while its cycle is closed."""
    require_change(actor, objective)
    if objective.cycle.closed_at:
        raise ValidationError(f"{objective.cycle} is closed: reopen it first.")
    with transaction.atomic():
        opened = change(actor, "reopened", objective, {"closed_at": None, "closed_score": None})
        tell(opened, "changed")
    return opened


def is_reached(key_result: KeyResult, value: float | None) -> bool:
    """Whether nothing of a key result is left to carry over: its target was reached; a band goes on."""
    if key_result.kind == KeyResultKind.BAND or value is None:
        return False
    return progress_of(key_result, value) >= 1


def offered(objective: Objective) -> dict[int, float | None]:
    """The baseline a carried key result would start from, by id: its last value; those reached are left out."""
    rows = list(objective.key_results.all())
    known = standings(rows, timezone.localdate())
    return {
        one.pk: one.baseline if known[one.pk].value is None else known[one.pk].value
        for one in rows
        if not is_reached(one, known[one.pk].value)
    }


def carry_over(
    *, actor: Person, objective: Objective, cycle: Cycle, baselines: Mapping[int, float | None] | None = None
) -> Objective:
    """Set the objective again in another cycle: it keeps the link, what it supports and the work still going on.

    `baselines` by key result: those named are carried; without it, all that are not reached, from their last value.
    What is wrong with one is said as `baseline` and its id.
    """
    require(actor, "manage_objectives", place_of(objective))
    chosen = offered(objective) if baselines is None else dict(baselines)
    with transaction.atomic():
        held = hold_cycle(cycle)
        _check_carry(objective, held)
        names = ("level", "stream", "team", "theme", "name", "description", "ambition", "owner", "position")
        copy = Objective(cycle=held, carried_from=objective, **{name: getattr(objective, name) for name in names})
        made = create(actor, "carried over", copy, {"from": str(objective.cycle)})
        for one in objective.key_results.all():
            if one.pk in chosen:
                _carry(actor, one, made, chosen[one.pk])
        for line in objective.supports.all():
            Support.objects.create(objective=made, above=line.above, key_result=line.key_result)
        audit.record(actor=actor, verb="carried over", target=objective, data={"to": str(held)})
    return made


def _check_carry(objective: Objective, cycle: Cycle) -> None:
    if cycle.pk == objective.cycle_id:
        raise ValidationError({"cycle": "It is in this cycle: choose another one."})
    if objective.carried_to.filter(cycle=cycle).exists():
        raise ValidationError({"cycle": f"It was carried over into {cycle} already."})


def _carry(actor: Person, one: KeyResult, into: Objective, baseline: float | None) -> None:
    has_way = one.kind not in {KeyResultKind.BAND, KeyResultKind.MILESTONE}
    field = f"baseline{one.pk}"
    check_number(field, baseline)
    start = one.baseline if baseline is None else baseline
    if has_way and is_reached(one, start):
        raise ValidationError({field: f"“{one}” would start at its target: leave it out."})
    names = ("name", "kind", "unit", "target", "band_low", "band_high", "weight", "owner", "kpi", "every_days")
    fields: dict[str, Any] = {name: getattr(one, name) for name in (*names, "position")}
    fields["baseline"] = start if has_way else None
    made = create(actor, "carried over", KeyResult(objective=into, carried_from=one, **fields))
    open_work = Q(initiative__ended_on=None) & Q(feature__ended_on=None)
    Contribution.objects.bulk_create(
        Contribution(key_result=made, initiative=w.initiative, feature=w.feature, lift=w.lift, note=w.note)
        for w in one.contributions.filter(open_work).select_related("initiative", "feature")
    )
