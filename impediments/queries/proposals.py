"""What the page of proposals shows: those that wait for an answer, and the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from impediments.models import Answer, Proposal, Trigger
from impediments.queries.people import workable
from portfolio.models import Team, ValueStream
from portfolio.rules import can

# So many items of a proposal are shown at once, so many answers are listed.
SHOWN, ANSWERS = 5, 30
# What a trigger asks, as its proposals have it above them.
WHY = {
    Trigger.REASON: "the same reason",
    Trigger.QUEUE: "a growing queue",
    Trigger.AGEING: "old work",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A proposal as its reader sees it: the items of teams that they may not see are only counted."""

    row: Proposal
    evidence: Sequence[Mapping[str, Any]]
    hidden: int
    may_answer: bool

    @property
    def kind(self) -> str:
        return WHY[Trigger(self.row.trigger)]

    @property
    def first(self) -> Sequence[Mapping[str, Any]]:
        return self.evidence[:SHOWN]

    @property
    def more(self) -> Sequence[Mapping[str, Any]]:
        return self.evidence[SHOWN:]

    @property
    def days(self) -> int:
        """For how many days the data have shown it when it was last looked at, the first included."""
        return (timezone.localdate(self.row.seen_at) - timezone.localdate(self.row.since_at)).days + 1


def proposals_for(user: User) -> "QuerySet[Proposal]":
    """The proposals that `user` may see: of the value streams and of the teams that they see."""
    streams, teams = (model.objects.for_user(user).order_by().values("pk") for model in (ValueStream, Team))
    seen = Proposal.objects.filter(Q(stream__in=streams) | Q(team__in=teams))
    return seen.select_related("stream", "team__stream", "answered_by", "impediment")


def open_lines(user: User, stream: ValueStream | None = None) -> list[Line]:
    """What waits for an answer, that with the most items first."""
    rows = proposals_for(user).filter(state=Answer.OPEN)
    return _lines(user, rows.filter(stream=stream) if stream else rows)


def answered(user: User, stream: ValueStream | None = None) -> list[Line]:
    """The last answers, the newest first."""
    rows = proposals_for(user).exclude(state=Answer.OPEN).order_by("-answered_at", "-pk")
    lines = _lines(user, (rows.filter(stream=stream) if stream else rows)[:ANSWERS])
    return sorted(lines, key=lambda line: (line.row.answered_at or line.row.found_at, line.row.pk), reverse=True)


def line_of(user: User, row: Proposal) -> Line:
    return _lines(user, [row])[0]


def _lines(user: User, rows: "QuerySet[Proposal] | Sequence[Proposal]") -> list[Line]:
    found = list(rows)
    teams = set(Team.objects.for_user(user).order_by().values_list("pk", flat=True))
    allowed, lines = workable(user, {row.team for row in found if row.team}), []
    for row in found:
        seen = [one for one in row.evidence if one.get("team") in teams]
        hidden = sum(one.get("team") not in teams for one in row.evidence)
        may = row.team_id in allowed or can(user, "log_impediment", row.stream)
        lines.append(Line(row, seen, hidden, may))
    return sorted(lines, key=lambda line: (-len(line.row.items), line.row.pk))


def finding(lines: Sequence[Line]) -> str:
    """The heading of the page."""
    if not lines:
        return "Data speak of no impediment that nobody logged"
    what = "an impediment" if len(lines) == 1 else f"{len(lines)} impediments"
    return f"Data speak of {what} that nobody logged"
