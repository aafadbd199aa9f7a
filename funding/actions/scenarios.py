"""What people do to scenarios: copy, change what is funded, discard and bring back, adopt one with a decision.

A scenario is of the whole portfolio and changed as a whole: writers say the version they saw. An adopted one is never
changed.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from funding.actions.budgets import set_budget
from funding.models import Amendment, Scenario, ScenarioBudget, ScenarioInitiative
from funding.queries.scenarios import Column, column_of, evidence_of, present, scenarios, waiting_for_approval
from portfolio import actions
from portfolio.actions import Conflict, writing
from portfolio.models import Decision, DecisionKind, Initiative, Stage, ValueStream
from portfolio.quarters import Quarter
from portfolio.rules import Person, require

# An amount of a scenario's initiative: None says nothing, the estimated cost counts.
Funded = tuple[bool, Decimal | None]
PRESENT = "present"


def _check_quarter(quarter: Quarter) -> None:
    if quarter.last < timezone.localdate():
        raise ValidationError({"quarter": f"{quarter.name} is over: scenarios are of the quarter that runs or later."})


def _make(actor: Person, fields: Mapping[str, Any], column: Column, initiatives: Mapping[int, Funded]) -> Scenario:
    require(actor, "manage_money")
    _check_quarter(Quarter.of(fields["quarter"]))
    by = actor.pk if actor is not None and actor.is_authenticated else None
    made = Scenario(made_by_id=by, made_at=timezone.now(), **fields)
    with transaction.atomic():
        writing.create(actor, "made", made)
        ScenarioBudget.objects.bulk_create(
            ScenarioBudget(scenario=made, stream_id=stream, amount=amount) for stream, amount in column.budgets.items()
        )
        ScenarioInitiative.objects.bulk_create(
            ScenarioInitiative(scenario=made, initiative_id=one, is_funded=funded, amount=amount)
            for one, (funded, amount) in initiatives.items()
        )
    return made


def copy_present(*, actor: Person, name: str, quarter: Quarter, description: str = "") -> Scenario:
    """A scenario that is the present: the budgets of the quarter (of a stream without one: those of today's quarter),
    what is being implemented as funded, and what waits in the backlog as not funded yet.
    """
    now = present(quarter)
    fields = {"name": name.strip(), "description": description.strip(), "quarter": quarter.first}
    rows = {line.initiative.pk: (line.is_funded, None) for line in now.lines}
    return _make(actor, fields, now, rows)


def copy_scenario(*, actor: Person, scenario: Scenario, name: str, description: str | None = None) -> Scenario:
    """The same budgets and initiatives under another name, to be changed on their own."""
    said = scenario.description if description is None else description.strip()
    fields = {"name": name.strip(), "description": said, "quarter": scenario.quarter, "copied_from": scenario}
    rows = {row.initiative_id: (row.is_funded, row.amount) for row in scenario.initiatives.all()}
    return _make(actor, fields, column_of(scenario), rows)


def _open(scenario: Scenario, version: int | None) -> Scenario:
    """The row as it is now, locked; refused when it cannot be changed any more."""
    row = writing.lock(scenario, version)
    if row.decision_id:
        raise ValidationError(f"{row} was adopted: copy it to go on from there.")
    if row.discarded_at:
        raise ValidationError(f"{row} was discarded: restore it first.")
    return row


def change_scenario(
    *,
    actor: Person,
    scenario: Scenario,
    version: int | None = None,
    name: str | None = None,
    description: str | None = None,
    budgets: Mapping[ValueStream, Decimal] | None = None,
    initiatives: Mapping[Initiative, Funded | None] | None = None,
) -> Scenario:
    """Change what is given: `budgets` of streams, `initiatives` as (is funded, with how much); None takes one out.

    All or nothing, one audit entry with what differs. Raises Conflict when it is not at `version` any more.
    """
    require(actor, "manage_money")
    texts = {"name": name, "description": description}
    fields = {key: text.strip() for key, text in texts.items() if text is not None}
    with transaction.atomic():
        row = _open(scenario, version)
        _check_quarter(Quarter.of(row.quarter))
        also = _set_budgets(row, budgets or {}) | _set_initiatives(row, initiatives or {})
        return writing.change(actor, "changed", row, fields, also)


def _set_budgets(scenario: Scenario, budgets: Mapping[ValueStream, Decimal]) -> dict[str, list[object]]:
    before = dict(scenario.budgets.values_list("stream", "amount"))
    rows = [ScenarioBudget(scenario=scenario, stream=stream, amount=amount) for stream, amount in budgets.items()]
    moved = [row for row in rows if before.get(row.stream_id) != row.amount]
    for row in moved:
        _check_amount(f"budget_{row.stream_id}", row.amount)
    ScenarioBudget.objects.bulk_create(
        moved, update_conflicts=True, unique_fields=["scenario", "stream"], update_fields=["amount"]
    )
    return {f"budget of {row.stream}": [_text(before.get(row.stream_id)), _text(row.amount)] for row in moved}


def _set_initiatives(scenario: Scenario, initiatives: Mapping[Initiative, Funded | None]) -> dict[str, list[object]]:
    known = scenario.initiatives.values_list("initiative", "is_funded", "amount")
    before: dict[int, Funded] = {pk: (funded, amount) for pk, funded, amount in known}
    moved = {one: now for one, now in initiatives.items() if before.get(one.pk) != now}
    scenario.initiatives.filter(initiative__in=[one for one, now in moved.items() if now is None]).delete()
    kept = [(one, now) for one, now in moved.items() if now is not None]
    for one, (_, amount) in kept:
        _check_amount(f"amount_{one.pk}", amount)
    ScenarioInitiative.objects.bulk_create(
        [ScenarioInitiative(scenario=scenario, initiative=one, is_funded=f, amount=a) for one, (f, a) in kept],
        update_conflicts=True,
        unique_fields=["scenario", "initiative"],
        update_fields=["is_funded", "amount"],
    )
    return {str(one): [_funded_text(before.get(one.pk)), _funded_text(now)] for one, now in moved.items()}


def _check_amount(field: str, amount: Decimal | None) -> None:
    if amount is not None and not 0 <= amount < Decimal(10) ** 12:
        raise ValidationError({field: "Give an amount from 0 on, of at most twelve digits."})


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _funded_text(now: Funded | None) -> str | None:
    if now is None:
        return None
    return ("funded" if now[0] else "not funded") + (f", {now[1]}" if now[1] is not None else "")


def discard_scenario(*, actor: Person, scenario: Scenario) -> Scenario:
    """It leaves the lists and can be restored."""
    require(actor, "manage_money")
    with transaction.atomic():
        row = _open(scenario, None)
        return writing.change(actor, "discarded", row, {"discarded_at": timezone.now()})


def restore_scenario(*, actor: Person, scenario: Scenario) -> Scenario:
    require(actor, "manage_money")
    return writing.change(actor, "restored", scenario, {"discarded_at": None})


class Adopted(NamedTuple):
    """What came of an adoption: what was started, and what could not be, with why."""

    decision: Decision
    started: list[Initiative]
    waiting: list[tuple[Initiative, str]]


def latest_amendment(quarter: Quarter) -> int:
    """The number of the last change of a budget of the quarter: who adopts says which one they saw."""
    rows = Amendment.objects.filter(quarter=quarter.first).order_by("-id").values_list("pk", flat=True)
    return rows.first() or 0


def adopt_scenario(
    *,
    actor: Person,
    scenario: Scenario,
    reason: str,
    version: int | None = None,
    seen: int | None = None,
    review_on: date | None = None,
    start: bool = False,
) -> Adopted:
    """Make a scenario the plan: its budgets become those of its quarter, and a decision is recorded that keeps the
    scenario and what it replaces as they were.

    `start`: what it funds of the backlog is moved to implementing, but never past an approval or a limit: what waits
    is told. `seen` is latest_amendment() as the actor looked at it. Raises Conflict when either changed since.
    """
    require(actor, "decide")
    require(actor, "manage_money")
    if not reason.strip():
        raise ValidationError({"reason": "Say why this one: whoever reads the decision later was not there."})
    with transaction.atomic():
        row, quarter = _open(scenario, version), Quarter.of(scenario.quarter)
        _check_quarter(quarter)
        _check_seen(row, quarter, seen)
        before, after = present(quarter), column_of(scenarios().get(pk=row.pk))
        decision = _decide(actor, row, reason, review_on, before, after)
        _write_budgets(actor, row, quarter, before, after)
        writing.change(actor, "adopted", row, {"decision": decision})
        waiting = [(one, "its cost needs an approval first") for one in waiting_for_approval(after)]
        started, held = _start(actor, after, {one.pk for one, _ in waiting}) if start else ([], [])
    return Adopted(decision, started, waiting + held)


def _check_seen(scenario: Scenario, quarter: Quarter, seen: int | None) -> None:
    """Refuse to write over budgets that somebody set since the actor looked at them."""
    if seen is None or seen == latest_amendment(quarter):
        return
    last = Amendment.objects.filter(quarter=quarter.first).select_related("by", "stream").order_by("id").last()
    if last is None:
        # What they say they saw was never there.
        raise Conflict(scenario)
    who, data = str(last.by) if last.by else "", {"amount": str(last.amount), "reason": last.reason}
    raise Conflict(scenario, who, f"set the budget of {last.stream} that is compared with", last.at, data)


def _decide(
    actor: Person, scenario: Scenario, reason: str, review_on: date | None, before: Column, after: Column
) -> Decision:
    name = Quarter.of(scenario.quarter).name
    options = [
        {"key": PRESENT, "label": "Keep the budgets as they are"},
        {"key": f"scenario-{scenario.pk}", "label": f"Adopt “{scenario.name}”"[:200]},
    ]
    question = f"Which scenario funds {name}?"
    facts = [*evidence_of(before, PRESENT, "Until then"), *evidence_of(after, "scenario", f"“{scenario.name}”")]
    asked = {"kind": DecisionKind.SCENARIO, "question": question, "why": scenario.description, "options": options}
    raised = actions.raise_decision(actor=actor, facts=facts, **cast(dict[str, Any], asked))
    choice = options[1]["key"]
    return actions.decide(actor=actor, decision=raised, choice=choice, reason=reason, review_on=review_on)


def _write_budgets(actor: Person, scenario: Scenario, quarter: Quarter, before: Column, after: Column) -> None:
    streams = {stream.pk: stream for stream in ValueStream.objects.filter(pk__in=after.budgets)}
    for pk, amount in after.budgets.items():
        # A stream without a budget in the quarter is compared with today's, but has none to keep.
        if before.budgets.get(pk) != amount or pk in before.guessed:
            reason = f"Scenario “{scenario.name}” was adopted"
            set_budget(actor=actor, stream=streams[pk], quarter=quarter, amount=amount, reason=reason)


def _start(actor: Person, after: Column, waiting: set[int]) -> tuple[list[Initiative], list[tuple[Initiative, str]]]:
    """Move what is funded and waits in the backlog to implementing; what a limit holds back stays, with why."""
    started, held = list[Initiative](), list[tuple[Initiative, str]]()
    for line in after.lines:
        one = line.initiative
        if not line.is_funded or one.stage != Stage.BACKLOG or one.pk in waiting:
            continue
        try:
            with transaction.atomic():
                started.append(actions.move_initiative(actor=actor, initiative=one, stage=Stage.IMPLEMENTING))
        except ValidationError as error:
            held.append((one, " ".join(error.messages)))
    return started, held
