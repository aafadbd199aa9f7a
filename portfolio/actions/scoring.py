"""Scoring sessions: people score the parts of WSJF of several initiatives together, one part after the other.

Each has an estimate of their own, hidden from the others until the part is revealed. Then one score is agreed on for
each initiative; closing the session writes what was agreed to the initiatives.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from core import live
from portfolio.actions.initiatives import change_initiative
from portfolio.actions.writing import change, create, lock
from portfolio.formulas.wsjf import PARTS
from portfolio.models import SCORES, Estimate, Initiative, ScoringSession, Stage, ValueStream
from portfolio.rules import Person, can, require

MOST_INITIATIVES = 60


def topic(session_id: int) -> str:
    """The live topic of a session; its events never say what somebody scored."""
    return f"wsjf:{session_id}"


def _tell(session: ScoringSession, kind: str) -> None:
    live.publish(topic(session.pk), kind, {"part": session.part})


def may_estimate(user: Person, session: ScoringSession) -> bool:
    """Whether `user` may take part: who steers the portfolio there, and who checks in for its teams."""
    return any(can(user, verb, session.stream) for verb in ("manage_portfolio", "check_in"))


def open_session(
    *, actor: Person, name: str, initiatives: Collection[Initiative], stream: ValueStream | None = None
) -> ScoringSession:
    """A session over open initiatives, of one value stream or (no stream) of several."""
    require(actor, "manage_portfolio", stream)
    if not initiatives:
        raise ValidationError({"initiatives": "Choose the initiatives to score."})
    if len(initiatives) > MOST_INITIATIVES:
        raise ValidationError({"initiatives": f"Choose at most {MOST_INITIATIVES}: more cannot be compared at once."})
    if done := [one.name for one in initiatives if one.stage == Stage.DONE]:
        raise ValidationError({"initiatives": f"{done[0]} is done: its score has no use any more."})
    if stream and (others := [one.name for one in initiatives if one.stream_id != stream.pk]):
        raise ValidationError({"initiatives": f"{others[0]} is not of {stream}."})
    session = ScoringSession(name=name.strip(), stream=stream, opened_at=timezone.now())
    session.opened_by_id = actor.pk if actor else None
    with transaction.atomic():
        names = sorted(one.name for one in initiatives)
        made = create(actor, "opened", session, {"initiatives": names})
        made.initiatives.set(initiatives)
    return made


def _held(session: ScoringSession) -> ScoringSession:
    """The session as it is now, locked; raises ValidationError when it is closed."""
    row = lock(session)
    if row.closed_at:
        raise ValidationError("This session is closed.")
    return row


def _check(row: ScoringSession, initiative: Initiative, part: str, score: int) -> None:
    if score not in SCORES:
        raise ValidationError({"score": f"{score} is not a score: use {', '.join(map(str, SCORES))}."})
    if part != row.part:
        raise ValidationError(f"{PARTS.get(part, 'That')} is not being scored any more: it is {PARTS[row.part]} now.")
    if not row.initiatives.filter(pk=initiative.pk).exists():
        raise ValidationError(f"{initiative} is not part of this session.")


def estimate(*, actor: Person, session: ScoringSession, initiative: Initiative, part: str, score: int) -> Estimate:
    """One's own score of the part being scored, anew as often as one likes until it is revealed.

    Others hear that somebody scored, not what. Estimates are not in the audit trail.
    """
    if actor is None or not may_estimate(actor, session):
        raise PermissionDenied("Only members, coaches, leaders and the PMO of this place can score.")
    with transaction.atomic():
        row = _held(session)
        _check(row, initiative, part, score)
        if row.is_revealed:
            raise ValidationError("This part is revealed: it can be scored again when it is hidden again.")
        own, _ = Estimate.objects.update_or_create(
            session=row, initiative=initiative, part=part, by_id=actor.pk, defaults={"score": score}
        )
        _tell(row, "estimated")
    return own


def reveal(*, actor: Person, session: ScoringSession, is_revealed: bool = True) -> ScoringSession:
    """Show the estimates of the part being scored to everybody, or hide them again so that people can change them."""
    require(actor, "manage_portfolio", session.stream)
    with transaction.atomic():
        row = _held(session)
        if is_revealed and not row.estimates.filter(part=row.part).exclude(by=None).exists():
            raise ValidationError("There is nothing to reveal yet: nobody has scored this part.")
        verb = "revealed the estimates of" if is_revealed else "hid the estimates of"
        done = change(actor, verb, row, {"is_revealed": is_revealed})
        _tell(done, "revealed" if is_revealed else "hidden")
    return done


def agree(
    *,
    actor: Person,
    session: ScoringSession,
    initiative: Initiative,
    part: str,
    score: int,
    version: int | None = None,
) -> Estimate:
    """The score that all settle on, after the estimates were revealed.

    `version` is that of the agreed score which the writer saw (0: none was there). Raises Conflict when somebody agreed
    on another score since; agreeing on the same one is no conflict.
    """
    require(actor, "manage_portfolio", session.stream)
    with transaction.atomic():
        row = _held(session)
        _check(row, initiative, part, score)
        if not row.is_revealed:
            raise ValidationError("Reveal the estimates first.")
        known = Estimate.objects.select_for_update(of=("self",)).filter(
            session=row, initiative=initiative, part=part, by=None
        )
        agreed = known.first()
        if agreed is None:
            thing = Estimate(session=row, initiative=initiative, part=part, score=score)
            agreed = create(actor, "agreed on", thing)
        elif agreed.score != score:
            agreed = change(actor, "agreed on", agreed, {"score": score}, version=version)
        _tell(row, "agreed")
    return agreed


def score_part(*, actor: Person, session: ScoringSession, part: str) -> ScoringSession:
    """Go on to another part. It is hidden, unless some of it was agreed on before."""
    require(actor, "manage_portfolio", session.stream)
    if part not in PARTS:
        raise ValidationError({"part": f"There is no part “{part[:40]}”: use {', '.join(PARTS)}."})
    with transaction.atomic():
        row = _held(session)
        was_settled = row.estimates.filter(part=part, by=None).exists()
        fields = {"part": part, "is_revealed": was_settled} if part != row.part else {}
        done = change(actor, "went on with", row, fields)
        _tell(done, "part")
    return done


def agreed_scores(session: ScoringSession) -> dict[int, dict[str, Any]]:
    """What was agreed on: by initiative and part."""
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    agreed = session.estimates.filter(by=None).values_list("initiative_id", "part", "score")
    for initiative_id, part, score in agreed:
        found[initiative_id][part] = score
    return dict(found)


def close_session(*, actor: Person, session: ScoringSession, write: bool = True) -> Sequence[Initiative]:
    """End the session; `write`: the scores that were agreed on go to their initiatives, all of them or none.

    Parts nobody agreed on stay as they are, and so do initiatives that are done by now. Returns those changed.
    """
    require(actor, "manage_portfolio", session.stream)
    with transaction.atomic():
        row = _held(session)
        scores = agreed_scores(row) if write else {}
        found = row.initiatives.filter(pk__in=scores).exclude(stage=Stage.DONE).select_related("stream")
        before = {one.pk: one for one in found.order_by("pk")}
        changed = [change_initiative(actor=actor, initiative=one, **scores[pk]) for pk, one in before.items()]
        change(actor, "closed", row, {"closed_at": timezone.now()}, {"scored": len(changed)})
        _tell(row, "closed")
    return [one for one in changed if one.version != before[one.pk].version]


def rank_by_hand(
    *, actor: Person, initiative: Initiative, rank: int | None, reason: str = "", version: int | None = None
) -> Initiative:
    """Give an initiative a place of its own (1 is first), with the reason; None: it goes where its WSJF puts it."""
    require(actor, "manage_portfolio", initiative.stream)
    if rank is not None and not 1 <= rank <= 100_000:
        raise ValidationError({"manual_rank": "A rank is a whole number from 1."})
    fields: dict[str, Any] = {"manual_rank": rank, "manual_rank_reason": reason.strip() if rank else ""}
    return change_initiative(actor=actor, initiative=initiative, version=version, **fields)
