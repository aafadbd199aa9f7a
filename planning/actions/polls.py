"""Confidence votes: opened and closed by who manages the train, cast by whoever has the link, each once."""

import hashlib
import re
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from core import audit, live
from planning.formulas.confidence import FINGERS
from planning.links import event_topic, new_token, poll
from planning.models import Ballot, Increment, Invitation, Lane, LaneKind, Poll
from planning.queries.polls import folded, silent
from planning.rules import require_manage
from portfolio.actions import writing
from portfolio.rules import Person

MOST_NAMES, MOST_BALLOTS = 400, 1000
CLOSED = "This vote is closed. Nothing was counted."
TWICE = "This device has voted. Each votes once."


def open_poll(
    *, actor: Person, increment: Increment, lane: Lane | None = None, names: Iterable[str] = (), even_so: bool = False
) -> Poll:
    """Ask a team, or without a row the train, for its confidence; asked again, it is the next round.

    With `names` only these may vote, each once. The train votes after its teams: with some that have not, only
    `even_so`. Raises ValidationError.
    """
    require_manage(actor, increment.train)
    if lane is not None and (lane.increment_id != increment.pk or lane.kind != LaneKind.TEAM or lane.left_on):
        raise ValidationError({"lane": "Choose a team that is on the board."})
    invited = _names(names)
    with transaction.atomic():
        held = Increment.objects.select_for_update(no_key=True, of=("self",)).get(pk=increment.pk)
        if not held.is_open:
            raise ValidationError(f"{held} is closed: its event is over.")
        if lane is None and not even_so and (waiting := silent(held)):
            raise ValidationError({"even_so": f"The teams vote first, and {_and(waiting)} did not end their vote."})
        last = held.polls.filter(lane=lane).order_by("-round").first()
        if last is not None and last.closed_at is None:
            raise ValidationError(f"This vote is open, in round {last.round}: close it first.")
        row = Poll(increment=held, lane=lane, round=last.round + 1 if last else 1, token=new_token())
        row.opened_at, row.opened_by_id = timezone.now(), getattr(actor, "pk", None)
        # Its token stays out of the audit trail.
        made = _create(actor, row, len(invited))
        Invitation.objects.bulk_create([Invitation(poll=made, name=name) for name in invited])
        _tell(held)
    return made


def _create(actor: Person, row: Poll, invited: int) -> Poll:
    row.full_clean(exclude=["opened_by", "lane", "increment"], validate_constraints=False)
    writing.save(row)
    data = {"of": str(row.lane or row.increment.train), "round": row.round, "invited": invited}
    audit.record(actor=actor, verb="opened the vote", target=row, data=data)
    return row


def _names(names: Iterable[str]) -> list[str]:
    """Each name once, without what is around it. Raises ValidationError."""
    found: dict[str, str] = {}
    for name in (" ".join(one.split()) for one in names):
        if not name:
            continue
        if len(name) > 120:
            raise ValidationError({"names": f"“{name[:40]}…” is longer than 120 letters."})
        if folded(name) in found:
            raise ValidationError({"names": f"“{name}” is invited twice."})
        found[folded(name)] = name
    if len(found) > MOST_NAMES:
        raise ValidationError({"names": f"At most {MOST_NAMES} names, not {len(found)}."})
    return list(found.values())


def _and(names: list[str]) -> str:
    shown = names[:4] + ([f"{len(names) - 4} more"] if len(names) > 4 else [])
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def _tell(increment: Increment) -> None:
    live.publish(event_topic(increment), "event", {"part": "votes"})


def close_poll(*, actor: Person, poll: Poll, version: int | None = None) -> Poll:
    """Count it: from now on the result is shown, and nobody votes any more. Closing twice does nothing."""
    require_manage(actor, poll.increment.train)
    with transaction.atomic():
        held = writing.lock(poll)
        if held.closed_at is not None:
            return held
        done = writing.change(actor, "closed the vote", held, {"closed_at": timezone.now()}, version=version)
        _tell(poll.increment)
    return done


def take_back_ballot(*, actor: Person, poll: Poll, ballot: int) -> None:
    """Take one vote out of an open poll (somebody voted twice, or by another's name): whose it was may vote again.

    What it said is told to nobody. Raises ValidationError when the vote is closed: its result was shown.
    """
    require_manage(actor, poll.increment.train)
    with transaction.atomic():
        held = writing.lock(poll)
        if held.closed_at is not None:
            raise ValidationError("This vote is closed: its result stays. You can vote again, in another round.")
        row = held.ballots.select_related("invitation").filter(pk=ballot).first()
        if row is None:
            raise ValidationError("This vote was taken back already.")
        name = row.invitation.name if row.invitation else ""
        row.delete()
        data = {"of": str(held.lane or poll.increment.train), "round": held.round} | ({"name": name} if name else {})
        audit.record(actor=actor, verb="took back one vote of", target=held, data=data)
        live.whisper(event_topic(poll.increment), "ballots", {"poll": held.pk, "votes": held.ballots.count()})


def cast_vote(*, token: str, device: str, fingers: int, comment: str = "", name: str = "") -> Ballot:
    """A vote by link: no login, so the actor is a device (a random mark that it keeps) and, where some were invited, a
    name. Raises ValidationError when the vote is closed, or this device or this name has voted.

    No audit entry: it would say who voted when.
    """
    if fingers not in FINGERS:
        raise ValidationError({"fingers": "Show from 1 to 5 fingers."})
    with transaction.atomic():
        found = poll(token)
        held = Poll.objects.select_for_update(no_key=True, of=("self",)).filter(pk=found.pk).first() if found else None
        if found is None or held is None or held.closed_at is not None or not found.increment.is_open:
            raise ValidationError(CLOSED)
        ballots = held.ballots.count()
        mark = device_mark(held, device)
        if held.ballots.filter(device=mark).exists():
            raise ValidationError(TWICE)
        if ballots >= MOST_BALLOTS:
            raise ValidationError("More votes came than a vote can have. Tell whoever leads it.")
        ballot = Ballot(poll=held, device=mark, fingers=fingers, comment=" ".join(comment.split()))
        ballot.invitation = _invitation(held, name)
        ballot.full_clean(exclude=["poll", "invitation"], validate_constraints=False, validate_unique=False)
        _keep(ballot)
        live.whisper(event_topic(found.increment), "ballots", {"poll": held.pk, "votes": ballots + 1})
    return ballot


def _keep(ballot: Ballot) -> None:
    """Save it; what the database refuses was a second vote at the same moment."""
    try:
        with transaction.atomic():
            ballot.save()
    except IntegrityError:
        raise ValidationError(TWICE) from None


def device_mark(poll: Poll, device: str) -> str:
    """What is kept of a device: it says "the same device, in the same vote", and nothing else."""
    return hashlib.sha256(f"{poll.token}:{device}".encode()).hexdigest()


def _invitation(poll: Poll, name: str) -> Invitation | None:
    """Who says to be `name`, where some were invited. Raises ValidationError."""
    invited = list(poll.invitations.select_related("ballot"))
    if not invited:
        return None
    wanted = folded(name)
    same = [one for one in invited if folded(one.name) == wanted]
    same = same or [one for one in invited if wanted and wanted in re.split(r"[ ,]+", folded(one.name))]
    if len(same) != 1:
        raise ValidationError({"name": "Give your name as it was invited: first and last name."})
    if hasattr(same[0], "ballot"):
        raise ValidationError({"name": "This name has voted. If it was not you, tell whoever leads the vote."})
    return same[0]
