"""Key results: what shows that an objective is reached."""

from collections.abc import Iterable, Mapping
from math import fsum
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from metrics.kpis import kpis_for
from okrs.actions.holding import check_number, hold, hold_of, tell
from okrs.models import KeyResult, KeyResultKind, Objective
from okrs.rules import require_change, require_change_key_result
from portfolio.actions.writing import change, create
from portfolio.rules import Person

NUMBERS = ("baseline", "target", "band_low", "band_high", "weight")
# What a kind does not use is emptied, so that nobody reads a target of a milestone.
UNUSED: dict[str, tuple[str, ...]] = {
    KeyResultKind.MILESTONE: ("baseline", "target", "band_low", "band_high"),
    KeyResultKind.BAND: ("baseline", "target"),
}
OF_BAND = ("band_low", "band_high")


def checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a key result, without what its kind does not use. Raises ValidationError by field.

    Refused: target = baseline, a band without width, a link without a figure, and what is no number.
    """
    given = dict(fields)
    kind = given.get("kind", KeyResultKind.INCREASE)
    if kind not in KeyResultKind.values:
        raise ValidationError({"kind": f"There is no kind “{kind}”."})
    given.update(dict.fromkeys(UNUSED.get(kind, OF_BAND)))
    if kind != KeyResultKind.METRIC:
        given["kpi"] = None
    for name in NUMBERS:
        check_number(name, given.get(name))
    if given.get("weight", 1) is None or given.get("weight", 1) < 0:
        raise ValidationError({"weight": "A weight is 0 or more."})
    problems = _problems(kind, given)
    if problems:
        raise ValidationError(problems)
    return given


def _problems(kind: str, given: Mapping[str, Any]) -> dict[str, str]:
    if kind == KeyResultKind.MILESTONE:
        return {}
    if kind == KeyResultKind.BAND:
        return _of_band(given.get("band_low"), given.get("band_high"))
    found = {name: f"Give the {name}." for name in ("baseline", "target") if given.get(name) is None}
    if not found:
        found = _of_way(kind, given["baseline"], given["target"])
    if kind == KeyResultKind.METRIC and given.get("kpi") is None:
        found["kpi"] = "Choose the figure that it is linked to."
    return found


def _of_band(low: float | None, high: float | None) -> dict[str, str]:
    found = {name: "Give this edge." for name, edge in zip(OF_BAND, (low, high), strict=True) if edge is None}
    if low is not None and high is not None and high <= low:
        found["band_high"] = "The upper edge is not above the lower one."
    return found


def _of_way(kind: str, baseline: float, target: float) -> dict[str, str]:
    if baseline == target:
        return {"target": "The target is the baseline: there would be nothing to reach."}
    if kind == KeyResultKind.INCREASE and target < baseline:
        return {"target": "This target is below the baseline: choose “reduce”, or a higher one."}
    if kind == KeyResultKind.REDUCE and target > baseline:
        return {"target": "This target is above the baseline: choose “increase”, or a lower one."}
    return {}


def check_weights(weights: Iterable[float]) -> None:
    """Refuse weights that sum to nothing: there would be no score."""
    given = list(weights)
    if given and fsum(given) <= 0:
        raise ValidationError({"weight": "The weights sum to 0: give at least one key result a weight."})


def check_kpi(actor: Person, fields: Mapping[str, Any]) -> None:
    """A figure that the actor may not see is none that they can link."""
    kpi = fields.get("kpi")
    if kpi is not None and actor is not None and not kpis_for(actor).filter(pk=kpi.pk).exists():  # type: ignore[arg-type]
        raise ValidationError({"kpi": "There is no such figure."})


def create_key_result(*, actor: Person, objective: Objective, name: str, **fields: Any) -> KeyResult:
    """Add a key result. `fields`: kind, unit, baseline, target, band_low, band_high, weight, owner, kpi, every_days."""
    require_change(actor, objective)
    given = checked(fields)
    check_kpi(actor, given)
    with transaction.atomic():
        row = hold(objective)
        last = row.key_results.aggregate(last=Max("position"))["last"]
        given.setdefault("position", 0 if last is None else last + 1)
        check_weights([*row.key_results.values_list("weight", flat=True), given.get("weight", 1)])
        made = create(actor, "created", KeyResult(objective=row, name=name, **given))
        tell(row, "changed", key_result=made.pk)
    return made


def change_key_result(*, actor: Person, key_result: KeyResult, version: int | None = None, **fields: Any) -> KeyResult:
    """Change what was given. Raises portfolio.actions.writing.Conflict when it is not at the `version` seen."""
    require_change_key_result(actor, key_result)
    with transaction.atomic():
        row = hold_of(key_result)
        columns = ("kind", "baseline", "target", "band_low", "band_high", "weight", "kpi")
        given = checked({name: getattr(row, name) for name in columns} | fields)
        if given["kpi"] != row.kpi:
            check_kpi(actor, given)
        others = row.objective.key_results.exclude(pk=row.pk).values_list("weight", flat=True)
        check_weights([*others, given["weight"]])
        changed = change(actor, "changed", row, given, version=version)
        tell(row.objective, "changed", key_result=row.pk)
    return changed
