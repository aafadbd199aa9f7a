"""Votes as pages and programs show them: nothing of what was voted before the vote is closed."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from planning.formulas.confidence import SPEAKS, Result, result
from planning.models import Ballot, Increment, LaneKind, Poll


def folded(name: str) -> str:
    """A name as two people type it differently: without case, accents and spaces around."""
    plain = unicodedata.normalize("NFKD", " ".join(name.split()).casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


def silent(increment: Increment) -> list[str]:
    """The teams on the board whose last vote is not closed, or who had none."""
    lanes = increment.lanes.filter(kind=LaneKind.TEAM, left_on=None)
    open_ones = set(increment.polls.filter(closed_at=None).values_list("lane", flat=True))
    voted = set(increment.polls.exclude(closed_at=None).values_list("lane", flat=True))
    return [lane.name for lane in lanes if lane.pk in open_ones or lane.pk not in voted]


@dataclass(frozen=True, slots=True)
class Said:
    """A vote of a closed poll that asks to be spoken about: 1 or 2 fingers, or a word what would raise it."""

    fingers: int
    name: str
    comment: str


@dataclass(frozen=True, slots=True)
class Vote:
    """A poll with how many voted; `result` and what was `said` are there when it is closed, and not before."""

    poll: Poll
    votes: int
    invited: int
    result: Result | None
    speakers: Sequence[Said] = ()
    comments: Sequence[Said] = ()

    @property
    def of(self) -> str:
        """Whose it is."""
        return self.poll.lane.name if self.poll.lane else "The train"

    @property
    def is_open(self) -> bool:
        return self.poll.closed_at is None

    @property
    def tone(self) -> str:
        """The colour of its result; the word says the same."""
        if self.result is None or not self.result.votes:
            return ""
        return "good" if self.result.accepted else "bad"

    @property
    def words(self) -> str:
        """Its state or its result in words."""
        if self.result is None:
            of = f" of {self.invited}" if self.invited else ""
            return f"open, {self.votes}{of} voted"
        if not self.result.votes:
            return "n/a: nobody voted"
        return f"{'accepted' if self.result.accepted else 'rework'}, average {self.result.average}"

    @property
    def bars(self) -> list[tuple[int, int]]:
        """Fingers and how many showed them, from five down."""
        return [(5 - place, count) for place, count in enumerate(reversed(self.result.counts))] if self.result else []


def votes_of(increment: Increment, *, only_last: bool = True) -> list[Vote]:
    """The votes of its teams in the board's order, then the train's; of each the last round, or all, newest first.

    Ballots are read of closed ones only.
    """
    counted = increment.polls.annotate(
        ballots_count=Count("ballots", distinct=True), invited_count=Count("invitations", distinct=True)
    )
    polls = list(counted.select_related("lane").order_by("lane__position", "lane__name", "lane", "-round"))
    if only_last:
        first = {poll.lane_id: poll for poll in reversed(polls)}
        polls = [poll for poll in polls if first[poll.lane_id] is poll]
    closed = [poll.pk for poll in polls if poll.closed_at is not None]
    ballots: dict[int, list[Ballot]] = {pk: [] for pk in closed}
    for ballot in Ballot.objects.filter(poll__in=closed).select_related("invitation").order_by("fingers", "pk"):
        ballots[ballot.poll_id].append(ballot)
    return [_vote(poll, ballots.get(poll.pk)) for poll in polls]


def vote(poll: Poll) -> Vote:
    """One poll; its ballots are read when it is closed."""
    polls = Poll.objects.filter(pk=poll.pk).select_related("lane", "increment__train")
    polls = polls.annotate(
        ballots_count=Count("ballots", distinct=True), invited_count=Count("invitations", distinct=True)
    )
    row = polls.get()
    if row.closed_at is None:
        return _vote(row, None)
    return _vote(row, list(row.ballots.select_related("invitation").order_by("fingers", "pk")))


def came_in(poll: Poll) -> list[Ballot]:
    """The votes of an open poll for who leads it, in the order in which they came: who, where names were invited, and
    when. Never what was voted."""
    return list(poll.ballots.select_related("invitation").defer("fingers", "comment").order_by("at", "pk"))


def _vote(poll: Poll, ballots: Sequence[Ballot] | None) -> Vote:
    votes, invited = poll.ballots_count, poll.invited_count  # type: ignore[attr-defined]
    if ballots is None:
        return Vote(poll, votes, invited, None)
    said = [Said(one.fingers, one.invitation.name if one.invitation else "", one.comment) for one in ballots]
    return Vote(
        poll,
        len(ballots),
        invited,
        result([one.fingers for one in ballots]),
        [one for one in said if one.fingers <= SPEAKS],
        [one for one in said if one.fingers > SPEAKS and one.comment],
    )
