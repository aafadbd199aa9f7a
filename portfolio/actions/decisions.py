"""What people do to decisions: raise, decide on evidence that is frozen with them, dismiss.

A decided decision is never changed; a new question about the same thing is a decision of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core import audit, outbox
from portfolio import evidence
from portfolio.actions.initiatives import move_initiative
from portfolio.actions.reviews import record_review
from portfolio.actions.work import close_feature
from portfolio.actions.writing import Conflict, lock
from portfolio.models import Decision, DecisionKind, DecisionState, Initiative, Stage, ValueStream, Verdict
from portfolio.rules import Person, Place, can, require

Option = dict[str, str]
STOP, PERSEVERE = Verdict.STOP.value, Verdict.PERSEVERE.value
# What can be chosen where nothing else was said.
OPTIONS: Mapping[str, list[Option]] = {
    DecisionKind.PIVOT: [
        {"key": PERSEVERE, "label": "Persevere: go on as planned"},
        {"key": Verdict.PIVOT.value, "label": "Pivot: go on with another hypothesis"},
        {"key": STOP, "label": "Stop: spend nothing more on it"},
    ],
    DecisionKind.FUND: [
        {"key": "fund", "label": "Fund it"},
        {"key": "keep", "label": "Keep it as it is"},
        {"key": STOP, "label": "Stop: spend nothing more on it"},
    ],
    DecisionKind.BUDGET: [
        {"key": "add", "label": "Add to the budget"},
        {"key": "cut", "label": "Cut scope to stay within it"},
        {"key": "accept", "label": "Accept the overspend"},
    ],
    DecisionKind.REVIEW: [
        {"key": "confirmed", "label": "Still right: reviewed, go on"},
        {"key": "question", "label": "In question: reviewed, its direction must be decided"},
    ],
}
YES_OR_NO: list[Option] = [{"key": "yes", "label": "Yes"}, {"key": "no", "label": "No"}]
MOST_OPTIONS = 6
# Facts that were given with the question itself: they stay when the others are taken anew.
KEPT = "question."


def place_of(decision: Decision) -> Place:
    """Where a decision is made: at a value stream, or (None) for the whole portfolio."""
    return decision.initiative.stream if decision.initiative else decision.stream


def subject_of(decision: Decision) -> evidence.Subject | None:
    """What it is about, if that is an initiative or a value stream."""
    return decision.initiative or decision.stream


def raise_decision(
    *,
    actor: Person,
    kind: str,
    question: str,
    why: str = "",
    initiative: Initiative | None = None,
    stream: ValueStream | None = None,
    options: Sequence[Option] | None = None,
    cost_kind: str = "",
    cost_per_week: Decimal | None = None,
    owner: User | None = None,
    due_on: date | None = None,
    facts: Sequence[evidence.Fact] = (),
    cause: str = "",
    fingerprint: str = "",
    at: datetime | None = None,
) -> Decision:
    """Put a question. Of an `initiative`, its owner is asked unless `owner` is given, and `stream` is its own.

    `facts` are kept with it beside what the portal knows of its subject. `cause`: only rules give one (proposals.py).
    """
    place = initiative.stream if initiative else stream
    require(actor, "manage_portfolio", place)
    if cost_kind or cost_per_week is not None:
        require(actor, "see_money", place)
        if not cost_kind or cost_per_week is None:
            raise ValidationError({"cost_per_week": "Waiting costs an amount of one named kind: give both, or none."})
    at = at or timezone.now()
    thing = Decision(
        kind=kind,
        question=question.strip(),
        why=why.strip(),
        initiative=initiative,
        stream=None if initiative else stream,
        options=_options(kind, options),
        cost_kind=cost_kind,
        cost_per_week=cost_per_week,
        owner=owner or (initiative.owner if initiative else None),
        raised_by=actor if isinstance(actor, User) else None,
        raised_at=at,
        due_on=due_on,
        cause=cause,
        fingerprint=fingerprint,
        evidence_at=at,
    )
    thing.evidence = _frozen(thing, [replace(fact, key=f"{KEPT}{fact.key}") for fact in facts], at)
    with transaction.atomic():
        made = _create(actor, thing)
        if owner:
            _check_owner(made)
        _tell_owner(made, actor)
    return made


def _create(actor: Person, thing: Decision) -> Decision:
    """The audit entry names the deed, not the whole evidence."""
    thing.full_clean(exclude=["raised_by", "evidence", "options"])
    try:
        with transaction.atomic():
            thing.save()
    except IntegrityError:
        raise ValidationError("A decision about this cause is open already.") from None
    data = {"kind": thing.kind, "question": thing.question, "about": str(subject_of(thing) or "the portfolio")}
    audit.record(actor=actor, verb="proposed" if thing.cause else "raised", target=thing, data=data)
    return thing


def _sees(user: User, decision: Decision) -> bool:
    from portfolio.queries.decisions import decisions_for

    return decisions_for(user).filter(pk=decision.pk).exists()


def _check_owner(decision: Decision) -> None:
    """Refuse to ask somebody who may not read the question: it may be of money, or of a place that is not theirs."""
    if decision.owner is not None and not _sees(decision.owner, decision):
        raise ValidationError({"owner": f"{decision.owner} does not see this decision: ask somebody who does."})


def _tell_owner(decision: Decision, actor: Person) -> None:
    """A notice with the question; an owner of an initiative who may not read it is not told."""
    if decision.owner is None or decision.owner == actor or not _sees(decision.owner, decision):
        return
    text = f"A decision is asked of you: {decision.question}"
    url = reverse("decision", args=[decision.pk])
    outbox.notify(user_id=decision.owner.pk, key=f"decision:{decision.pk}", text=text, url=url)


def _options(kind: str, given: Sequence[Option] | None) -> list[Option]:
    """The options as kept. Raises ValidationError for fewer than two, too many, or two that are alike."""
    if given is None:
        return list(OPTIONS.get(kind, YES_OR_NO))
    found = [{"key": one["key"].strip(), "label": one["label"].strip()} for one in given]
    if not 2 <= len(found) <= MOST_OPTIONS or not all(one["key"] and one["label"] for one in found):
        raise ValidationError({"options": f"A decision has from 2 to {MOST_OPTIONS} options."})
    if len({one["key"] for one in found}) < len(found) or len({one["label"].lower() for one in found}) < len(found):
        raise ValidationError({"options": "Two options are alike."})
    if any(len(one["key"]) > 40 or len(one["label"]) > 200 for one in found):
        raise ValidationError({"options": "An option has at most 200 characters."})
    return found


def _frozen(row: Decision, given: Sequence[evidence.Fact], at: datetime) -> list[dict[str, Any]]:
    """What is known at the instant, ready to be kept: what was given with the question first."""
    return [fact.as_json() for fact in (*given, *known_facts(row, at))]


def known_facts(row: Decision, at: datetime) -> list[evidence.Fact]:
    """What the portal knows, as at an instant, of what a decision is about."""
    subject = subject_of(row)
    signs = evidence.sign_facts(row.initiative, at) if row.kind == DecisionKind.PIVOT and row.initiative else []
    return [*signs, *(evidence.facts(subject, at) if subject else ())]


def decide(
    *,
    actor: Person,
    decision: Decision,
    choice: str,
    reason: str,
    review_on: date | None = None,
    move: bool = False,
    at: datetime | None = None,
) -> Decision:
    """Choose an option, for good. What is known of its subject is frozen as it is at this moment.

    `move`, with the option stop of an initiative: it goes to done with the verdict stop, its open features closed, in
    the same transaction. A review that is decided is recorded as one. On `review_on` the question comes back. Raises
    Conflict when it was closed meanwhile.
    """
    require(actor, "decide", place_of(decision))
    with transaction.atomic():
        row = _open(decision)
        at = at or timezone.now()
        _check(row, choice, reason, review_on, at, move=move)
        said = [evidence.Fact(**fact) for fact in row.evidence if fact["key"].startswith(KEPT)]
        row.evidence, row.evidence_at = _frozen(row, said, at), at
        row.state, row.choice, row.reason, row.review_on = DecisionState.DECIDED, choice, reason.strip(), review_on
        row.decided_by, row.decided_at = actor if isinstance(actor, User) else None, at
        row.save()
        data = {"choice": choice, "reason": row.reason, "review_on": review_on.isoformat() if review_on else None}
        audit.record(actor=actor, verb="decided", target=row, data={k: v for k, v in data.items() if v})
        if row.kind == DecisionKind.REVIEW and row.initiative:
            record_review(actor=actor, initiative=row.initiative, note=row.reason[:500])
        if move and row.initiative:
            _stop(actor, row.initiative)
    return row


def _open(decision: Decision) -> Decision:
    """The row as it is now, locked. Raises Conflict when it is not open any more."""
    row = lock(decision)
    if row.state != DecisionState.OPEN:
        who = str(row.decided_by) if row.decided_by else ""
        raise Conflict(row, who, row.state, row.decided_at, {"choice": row.choice, "reason": row.reason})
    return row


def _check(row: Decision, choice: str, reason: str, review_on: date | None, at: datetime, *, move: bool) -> None:
    if choice not in {option["key"] for option in row.options}:
        raise ValidationError({"choice": "Choose one of the options."})
    if not reason.strip():
        raise ValidationError({"reason": "Say why, in a sentence: who reads the log later was not there."})
    if review_on and review_on <= timezone.localdate(at):
        raise ValidationError({"review_on": "Choose a day to come."})
    if move and (choice != STOP or row.initiative is None):
        raise ValidationError({"move": "Only an initiative that is stopped moves to done with its decision."})


def _stop(actor: Person, initiative: Initiative) -> None:
    if initiative.stage == Stage.DONE:
        return
    today = timezone.localdate()
    features = list(initiative.features.filter(ended_on=None).select_related("team__stream"))
    others = [
        f"{one.name} ({one.team})" for one in features if actor is not None and not can(actor, "manage_work", one.team)
    ]
    if others:
        text = f"Work of another value stream belongs to it: have it closed or moved there first: {', '.join(others)}."
        raise ValidationError({"move": text})
    for feature in features:
        close_feature(actor=actor, feature=feature, on=today)
    move_initiative(actor=actor, initiative=initiative, stage=Stage.DONE, verdict=Verdict.STOP)


def dismiss_decision(*, actor: Person, decision: Decision, reason: str = "") -> Decision:
    """Nothing is to be decided here. A rule does not propose it again before there is news of its cause."""
    require(actor, "manage_portfolio", place_of(decision))
    with transaction.atomic():
        row = _open(decision)
        row.state, row.reason = DecisionState.DISMISSED, reason.strip()
        row.decided_by, row.decided_at = actor if isinstance(actor, User) else None, timezone.now()
        row.save(update_fields=["state", "reason", "decided_by", "decided_at"])
        audit.record(actor=actor, verb="dismissed", target=row, data={"reason": row.reason} if row.reason else {})
    return row


def restore_decision(*, actor: Person, decision: Decision) -> Decision:
    """Undo of a dismissal: it is open again. Refused when its cause was proposed anew meanwhile."""
    require(actor, "manage_portfolio", place_of(decision))
    with transaction.atomic():
        row = lock(decision)
        if row.state != DecisionState.DISMISSED:
            raise ValidationError("Only a dismissed decision can be opened again.")
        row.state, row.reason, row.decided_by, row.decided_at = DecisionState.OPEN, "", None, None
        try:
            with transaction.atomic():
                row.save(update_fields=["state", "reason", "decided_by", "decided_at"])
        except IntegrityError:
            raise ValidationError("It was proposed anew meanwhile: that one is open.") from None
        audit.record(actor=actor, verb="reopened", target=row)
    return row


def assign_decision(*, actor: Person, decision: Decision, owner: User | None, due_on: date | None) -> Decision:
    """Who is asked, and by when."""
    require(actor, "manage_portfolio", place_of(decision))
    with transaction.atomic():
        row = _open(decision)
        before = [str(row.owner or ""), row.due_on.isoformat() if row.due_on else ""]
        is_new = owner is not None and owner != row.owner
        row.owner, row.due_on = owner, due_on
        row.save(update_fields=["owner", "due_on"])
        if is_new:
            _check_owner(row)
        now = [str(owner or ""), due_on.isoformat() if due_on else ""]
        pairs = zip(("owner", "due_on"), before, now, strict=True)
        data = {name: [old, new] for name, old, new in pairs if old != new}
        if data:
            audit.record(actor=actor, verb="assigned", target=row, data=data)
        if is_new:
            _tell_owner(row, actor)
    return row
