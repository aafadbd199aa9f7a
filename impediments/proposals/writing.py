"""Keeping what data propose, and the answers of people: accept it as an impediment, dismiss it, take that back."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from core import audit, live
from impediments import actions
from impediments.models import Answer, Impediment, Proposal, Via
from impediments.proposals.finding import Found, find
from impediments.rules import may_log
from metrics.models import FlowState, WorkItem
from portfolio.actions.writing import Conflict
from portfolio.models import Team, ValueStream
from portfolio.rules import WORDS, Person, can

# What nothing can block any more.
OVER = (FlowState.DONE, FlowState.REMOVED)


def propose(at: datetime, streams: Iterable[ValueStream] | None = None) -> list[Proposal]:
    """Propose what data show as at an instant and nobody answered; returns what is new.

    One open proposal per cause: those that are open say what is true now, those that hold no more are taken back.
    Running twice, or twice at once, proposes nothing twice. `streams`: only these (None: all that have not ended).
    """
    alive = ValueStream.objects.filter(Q(ended_on=None) | Q(ended_on__gte=timezone.localdate(at)))
    return [row for stream in (alive if streams is None else streams) for row in _of_stream(stream, at)]


def _of_stream(stream: ValueStream, at: datetime) -> list[Proposal]:
    with transaction.atomic():
        rows = Proposal.objects.select_for_update().filter(stream=stream, state=Answer.OPEN)
        open_now = {row.cause: row for row in rows}
        # Looked at while they are held: what is answered meanwhile would be proposed again at once.
        found = {one.cause: one for one in find(stream, at)}
        for cause, row in open_now.items():
            if cause in found:
                _see_again(row, found[cause], at)
            else:
                audit.record(actor=None, verb="withdrawn", target=row, data={"cause": cause})
                row.delete()
        new = [_propose(stream, one, at) for cause, one in found.items() if cause not in open_now]
        made = [row for row in new if row is not None]
        if made or open_now.keys() - found.keys():
            live.publish("impediments:all", "changed", {})
    return made


def _fields(one: Found) -> dict[str, Any]:
    return {
        "team_id": one.team,
        "what": one.what,
        "why": one.why,
        "category": one.category,
        "items": list(one.items),
        "evidence": list(one.evidence),
        "since_at": one.since_at,
    }


def _see_again(row: Proposal, one: Found, at: datetime) -> None:
    changed = {name: value for name, value in _fields(one).items() if getattr(row, name) != value}
    for name, value in (changed | {"seen_at": at}).items():
        setattr(row, name, value)
    row.save(update_fields=[*changed, "seen_at"])


def _propose(stream: ValueStream, one: Found, at: datetime) -> Proposal | None:
    """The new proposal; None when somebody else made it at the same time."""
    row = Proposal(trigger=one.trigger, cause=one.cause, stream=stream, found_at=at, seen_at=at, **_fields(one))
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        return None
    audit.record(actor=None, verb="proposed", target=row, data={"cause": one.cause, "items": len(one.items)})
    return row


def may_answer(user: Person, proposal: Proposal) -> bool:
    """Whether `user` may answer it: who may log impediments in its stream, or of its team."""
    if can(user, "log_impediment", proposal.stream):
        return True
    return proposal.team is not None and may_log(user, proposal.team)


def require_answer(actor: Person, proposal: Proposal) -> None:
    """Raise PermissionDenied, in words, unless `actor` may answer it; None is the portal itself and may."""
    if actor is not None and not may_answer(actor, proposal):
        raise PermissionDenied(WORDS["log_impediment"])


def _open(proposal: Proposal) -> Proposal:
    """The row as it is now, locked. Raises Conflict when it was answered, ValidationError when it holds no more."""
    rows = Proposal.objects.select_for_update(of=("self",)).select_related("stream", "team", "answered_by")
    row = rows.filter(pk=proposal.pk).first()
    if row is None:
        raise ValidationError("The data show it no more: the proposal was taken back.")
    if row.state != Answer.OPEN:
        raise Conflict(row, str(row.answered_by or ""), row.state, row.answered_at)
    return row


def _answer(actor: Person, row: Proposal, state: Answer, at: datetime, reason: str = "") -> None:
    row.state, row.answered_at, row.answer_reason = state, at, reason.strip()
    row.answered_by = actor if isinstance(actor, User) else None
    row.full_clean(exclude=["answered_by", "impediment", "items", "evidence"], validate_constraints=False)
    row.save(update_fields=["state", "answered_at", "answered_by", "answer_reason", "impediment"])


def blockable(proposal: Proposal, actor: Person) -> list[WorkItem]:
    """The items of a proposal of which it is still true, that are in progress and that `actor` may see."""
    now = [line["item"] for line in proposal.evidence if line.get("now")]
    rows = WorkItem.objects.filter(pk__in=now, deleted_at=None).exclude(flow__state__in=OVER).order_by("key")
    return list(rows if actor is None else rows.filter(team__in=Team.objects.for_user(actor).order_by()))  # type: ignore[arg-type]


def begins_of(proposal: Proposal) -> dict[int, datetime]:
    """Since when it is true of each item (primary key) of which it still is."""
    lines = [line for line in proposal.evidence if line.get("from_at")]
    return {line["item"]: datetime.fromisoformat(line["from_at"]) for line in lines}


def accept_proposal(*, actor: Person, proposal: Proposal, at: datetime | None = None, **fields: Any) -> Impediment:
    """Log what was proposed. `fields` are those of log_impediment; what is not given is as it was proposed.

    Each item is blocked since it waits, is old or is marked itself, not before `since`. Raises Conflict when
    somebody answered it meanwhile, PermissionDenied, ValidationError.
    """
    require_answer(actor, proposal)
    at = at or timezone.now()
    with transaction.atomic():
        row = _open(proposal)
        given = {
            "what": row.what,
            "category": row.category or "other",
            "team": row.team,
            "since": row.since_at,
            "description": row.why,
        } | fields
        if "items" not in given:
            given["items"] = blockable(row, actor)
        row.impediment = made = actions.log_impediment(actor=actor, via=Via.DATA, at=at, begins=begins_of(row), **given)
        _answer(actor, row, Answer.ACCEPTED, at)
        audit.record(actor=actor, verb="accepted", target=row, data={"impediment": made.pk})
        live.publish("impediments:all", "changed", {})
    return made


def dismiss_proposal(*, actor: Person, proposal: Proposal, reason: str = "", at: datetime | None = None) -> Proposal:
    """Say that it is none. Its items count no more for this cause; with enough others it is proposed again."""
    require_answer(actor, proposal)
    with transaction.atomic():
        row = _open(proposal)
        _answer(actor, row, Answer.DISMISSED, at or timezone.now(), reason)
        audit.record(actor=actor, verb="dismissed", target=row, data={"reason": row.answer_reason})
        live.publish("impediments:all", "changed", {})
    return row


def restore_proposal(*, actor: Person, proposal: Proposal) -> Proposal:
    """Take a dismissal back: it is open again, and its items count. Raises ValidationError where it cannot be."""
    require_answer(actor, proposal)
    with transaction.atomic():
        row = Proposal.objects.select_for_update(of=("self",)).select_related("stream").get(pk=proposal.pk)
        if row.state != Answer.DISMISSED:
            raise ValidationError("It is not dismissed.")
        row.state, row.answered_at, row.answered_by, row.answer_reason = Answer.OPEN, None, None, ""
        try:
            with transaction.atomic():
                row.save(update_fields=["state", "answered_at", "answered_by", "answer_reason"])
        except IntegrityError:
            raise ValidationError("It was proposed anew meanwhile: that one is open.") from None
        audit.record(actor=actor, verb="restored", target=row)
        live.publish("impediments:all", "changed", {})
    return row
