"""What supports what, and which work should move which key result."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from core import audit
from okrs.actions.holding import check_number, hold, hold_of, tell
from okrs.models import Contribution, KeyResult, Level, Objective, Support
from okrs.rules import require_change, require_change_key_result
from portfolio.actions.writing import change, save
from portfolio.models import Feature, Initiative
from portfolio.rules import Person

# Whoever draws a line between objectives waits for others who do: two lines could close a circle together.
LOCK = 0x0C7C1E
RANKS = {Level.COMPANY: 0, Level.STREAM: 1, Level.TEAM: 2}
# Every objective above the one asked for, itself included.
ABOVE = """
WITH RECURSIVE up(id) AS (
    SELECT %s::bigint
    UNION
    SELECT coalesce(s.above_id, k.objective_id)
    FROM up JOIN okrs_support s ON s.objective_id = up.id LEFT JOIN okrs_keyresult k ON k.id = s.key_result_id
)
SELECT EXISTS (SELECT FROM up WHERE id = %s)
"""


def one_at_a_time() -> None:
    """Until the transaction ends nobody else draws a line."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def leads_to(start: Objective, end: Objective) -> bool:
    """Whether `start` is `end` or supports it, itself or by others."""
    with connection.cursor() as cursor:
        cursor.execute(ABOVE, [start.pk, end.pk])
        return bool(cursor.fetchone()[0])


def _check_line(row: Objective, goal: Objective, field: str) -> None:
    if goal.pk == row.pk:
        raise ValidationError({field: "An objective does not support itself."})
    if RANKS[Level(goal.level)] > RANKS[Level(row.level)]:
        raise ValidationError({field: f"“{goal}” is below this objective: link it from there."})
    if leads_to(goal, row):
        raise ValidationError({field: f"“{goal}” supports this objective already: that would be a circle."})


def link_support(
    *, actor: Person, objective: Objective, above: Objective | None = None, key_result: KeyResult | None = None
) -> Support:
    """Say that an objective supports an objective `above` it, or one `key_result` of it. No circles, no doubles."""
    require_change(actor, objective)
    if (above is None) == (key_result is None):
        raise ValidationError({"above": "Choose an objective or a key result above this one."})
    field = "above" if above else "key_result"
    goal = above or key_result.objective  # type: ignore[union-attr]
    with transaction.atomic():
        one_at_a_time()
        row = hold(objective)
        _check_line(row, goal, field)
        there = Support.objects.filter(objective=row, above=above, key_result=key_result).first()
        if there:
            return there
        made = Support(objective=row, above=above, key_result=key_result)
        save(made)
        audit.record(actor=actor, verb="aligned", target=row, data={"supports": str(above or key_result)})
        tell(row, "changed")
    return made


def unlink_support(*, actor: Person, support: Support) -> None:
    """Take the line away; link_support draws it again."""
    require_change(actor, support.objective)
    with transaction.atomic():
        row = hold(support.objective)
        data = {"supported": str(support.above or support.key_result)}
        audit.record(actor=actor, verb="took the alignment from", target=row, data=data)
        support.delete()
        tell(row, "changed")


def _check_lift(lift: float | None) -> None:
    if lift is None:
        raise ValidationError({"lift": "Say how far it should move the value."})
    check_number("lift", lift)
    if lift == 0:
        raise ValidationError({"lift": "A lift of 0 moves nothing: say how far the value should move."})


def link_contribution(
    *,
    actor: Person,
    key_result: KeyResult,
    lift: float,
    initiative: Initiative | None = None,
    feature: Feature | None = None,
    note: str = "",
) -> Contribution:
    """Say that an initiative or a feature should move a key result by `lift`, in its unit, signed as it moves."""
    require_change_key_result(actor, key_result)
    if (initiative is None) == (feature is None):
        raise ValidationError({"work": "Choose an initiative or a feature."})
    _check_lift(lift)
    with transaction.atomic():
        row = hold_of(key_result)
        if row.contributions.filter(initiative=initiative, feature=feature).exists():
            raise ValidationError({"work": "It is linked to this key result already: change its lift."})
        made = Contribution(key_result=row, initiative=initiative, feature=feature, lift=lift, note=note)
        made.full_clean()
        save(made)
        data: dict[str, Any] = {"work": str(initiative or feature), "lift": lift}
        audit.record(actor=actor, verb="linked work to", target=row, data=data)
        tell(row.objective, "changed", key_result=row.pk)
    return made


def change_contribution(*, actor: Person, contribution: Contribution, lift: float, note: str = "") -> Contribution:
    """Expect another lift of linked work."""
    require_change_key_result(actor, contribution.key_result)
    _check_lift(lift)
    with transaction.atomic():
        row = hold_of(contribution.key_result)
        changed = change(actor, "changed", contribution, {"lift": lift, "note": note})
        tell(row.objective, "changed", key_result=row.pk)
    return changed


def unlink_contribution(*, actor: Person, contribution: Contribution) -> None:
    """Take linked work from a key result; link_contribution brings it back."""
    require_change_key_result(actor, contribution.key_result)
    with transaction.atomic():
        row = hold_of(contribution.key_result)
        data = {"work": str(contribution.initiative or contribution.feature), "lift": contribution.lift}
        audit.record(actor=actor, verb="took work from", target=row, data=data)
        contribution.delete()
        tell(row.objective, "changed", key_result=row.pk)
