"""Votes of a team's confidence in an objective: hidden until they are revealed."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit
from okrs.actions.holding import hold, tell
from okrs.models import Objective, Poll, PollVote
from okrs.rules import require_vote
from portfolio.actions.writing import save
from portfolio.rules import Person


def open_poll(*, actor: Person, objective: Objective) -> Poll:
    """Ask everybody who works on it; one vote at a time."""
    require_vote(actor, objective)
    with transaction.atomic():
        row = hold(objective)
        if row.polls.filter(revealed_at=None).exists():
            raise ValidationError("A vote is open already.")
        by = actor if isinstance(actor, User) else None
        made = Poll(objective=row, opened_by=by, opened_at=timezone.now())
        save(made)
        audit.record(actor=actor, verb="asked for a vote on", target=row)
        tell(row, "poll", poll=made.pk, votes=0)
    return made


def _held(poll: Poll) -> Poll:
    row = Poll.objects.select_related("objective__cycle", "objective__stream", "objective__team")
    held = row.select_for_update(of=("self",)).get(pk=poll.pk)
    if held.revealed_at:
        raise ValidationError("This vote was revealed: it is over.")
    return held


def vote(*, actor: User, poll: Poll, confidence: int) -> PollVote:
    """Give one's confidence from 0 (no hope) to 10 (certain), or change it; until it is revealed nobody sees it."""
    require_vote(actor, poll.objective)
    if not 0 <= confidence <= 10:
        raise ValidationError({"confidence": "Choose from 0 (no hope) to 10 (certain)."})
    with transaction.atomic():
        row = _held(poll)
        given, _ = PollVote.objects.update_or_create(poll=row, user=actor, defaults={"confidence": confidence})
        tell(row.objective, "vote", poll=row.pk, votes=row.votes.count())
    return given


def reveal(*, actor: Person, poll: Poll) -> Poll:
    """Show the votes, which ends the vote. Refused before anybody voted."""
    require_vote(actor, poll.objective)
    with transaction.atomic():
        row = _held(poll)
        votes = row.votes.count()
        if not votes:
            raise ValidationError("Nobody has voted yet.")
        row.revealed_at = timezone.now()
        row.save(update_fields=["revealed_at"])
        audit.record(actor=actor, verb="revealed the vote on", target=row.objective, data={"votes": votes})
        tell(row.objective, "revealed", poll=row.pk, votes=votes)
    return row


def drop_poll(*, actor: Person, poll: Poll) -> None:
    """Withdraw a vote nobody has voted in."""
    require_vote(actor, poll.objective)
    with transaction.atomic():
        row = _held(poll)
        if row.votes.exists():
            raise ValidationError("Somebody has voted: reveal it instead.")
        audit.record(actor=actor, verb="withdrew the vote on", target=row.objective)
        row.delete()
        tell(row.objective, "changed")
