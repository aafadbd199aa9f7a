"""Scoring sessions as a reader sees them: before a part is revealed, nobody's estimates but their own."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Count, Q, QuerySet

from accounts.models import User
from portfolio.actions.scoring import agreed_scores, may_estimate
from portfolio.formulas import wsjf
from portfolio.models import SCORES, Estimate, Initiative, ScoringSession, ValueStream
from portfolio.queries.ranking import shown
from portfolio.queries.scopes import sees_portfolio
from portfolio.rules import can


def sessions_for(user: User) -> "QuerySet[ScoringSession]":
    """The sessions of the value streams that `user` sees; those of several streams for who sees the portfolio."""
    streams = Q(stream__in=ValueStream.objects.for_user(user).order_by())
    mine = streams | Q(stream=None) if sees_portfolio(user) else streams
    return ScoringSession.objects.filter(mine).select_related("stream", "opened_by")


def open_sessions(user: User, stream: ValueStream | None = None) -> list[ScoringSession]:
    """Open sessions with `count` initiatives and the number of `people` who have scored, the newest first."""
    people = Count("estimates__by", distinct=True)
    found = sessions_for(user).filter(closed_at=None).annotate(count=Count("initiatives", distinct=True), people=people)
    return list(found.filter(stream=stream) if stream else found)


class Spread(NamedTuple):
    """Revealed estimates: how often each score was given, and how far apart they are in steps of the scale."""

    counts: list[tuple[int, int]]
    low: int
    high: int
    middle: int
    steps: int


@dataclass(frozen=True, slots=True)
class Line:
    """An initiative in the part being scored. `own` is the reader's estimate, `count` how many there are.

    `spread` is None until the part is revealed; `agreed` None until somebody set it, `version` is that
    score's (0: none). `scores` are those agreed on by part; `wsjf` follows once all four are.
    """

    initiative: Initiative
    own: int | None
    count: int
    spread: Spread | None
    agreed: int | None
    version: int
    scores: list[int | None]
    wsjf: str


@dataclass(frozen=True, slots=True)
class Round:
    """A session at the part being scored."""

    session: ScoringSession
    lines: list[Line]
    people: int
    may_estimate: bool
    may_lead: bool
    warnings: list[wsjf.Oddity]

    @property
    def label(self) -> str:
        return wsjf.PARTS[self.session.part]

    @property
    def parts(self) -> list[tuple[str, str, int]]:
        """Each part with its label and the number of initiatives that have an agreed score of it."""
        columns = zip(*(line.scores for line in self.lines), strict=True) if self.lines else [()] * len(wsjf.PARTS)
        agreed = [sum(score is not None for score in column) for column in columns]
        return [(part, label, count) for (part, label), count in zip(wsjf.PARTS.items(), agreed, strict=True)]

    @property
    def next_part(self) -> str | None:
        parts = list(wsjf.PARTS)
        after = parts[parts.index(self.session.part) + 1 :]
        return after[0] if after else None

    @property
    def agreed(self) -> int:
        """How many initiatives have an agreed score of the part."""
        return sum(line.agreed is not None for line in self.lines)

    @property
    def given(self) -> int:
        """How many estimates of the part there are."""
        return sum(line.count for line in self.lines)

    @property
    def to_write(self) -> tuple[int, int]:
        """What closing would write: so many scores to so many initiatives."""
        counts = [sum(score is not None for score in line.scores) for line in self.lines]
        return sum(counts), sum(bool(count) for count in counts)


def spread_of(scores: Sequence[int]) -> Spread:
    """How estimates lie: the middle is the 50th percentile by nearest rank, steps are those of the scale."""
    ordered = sorted(scores)
    counts = [(score, ordered.count(score)) for score in SCORES if score in ordered]
    low, high = ordered[0], ordered[-1]
    return Spread(counts, low, high, ordered[(len(ordered) + 1) // 2 - 1], SCORES.index(high) - SCORES.index(low))


def round_of(session: ScoringSession, user: User) -> Round:
    """The part being scored, as `user` may see it: other people's estimates only when they are revealed."""
    agreed = agreed_scores(session)
    initiatives = list(session.initiatives.select_related("stream").order_by("name", "pk"))
    current = session.estimates.filter(part=session.part)
    scores, own, versions = _estimates(current, user)
    lines = [
        _line(one, scores[one.pk] if session.is_revealed else None, len(scores[one.pk]), own, versions, agreed)
        for one in initiatives
    ]
    column = [line.agreed for line in lines]
    rows: list[wsjf.Parts] = [_only(session.part, score) for score in column]
    return Round(
        session,
        lines,
        session.estimates.exclude(by=None).aggregate(people=Count("by", distinct=True))["people"],
        session.closed_at is None and may_estimate(user, session),
        session.closed_at is None and can(user, "manage_portfolio", session.stream),
        wsjf.warnings(rows) if column and None not in column else [],
    )


def _estimates(
    current: "QuerySet[Estimate]", user: User
) -> tuple[dict[int, list[int]], dict[int, int], dict[int, tuple[int, int]]]:
    """By initiative: the people's scores, the reader's own, and the agreed one with its version."""
    scores: dict[int, list[int]] = defaultdict(list)
    own: dict[int, int] = {}
    versions: dict[int, tuple[int, int]] = {}
    for one in current:
        if one.by_id is None:
            versions[one.initiative_id] = one.score, one.version
        else:
            scores[one.initiative_id].append(one.score)
        if one.by_id == user.pk:
            own[one.initiative_id] = one.score
    return scores, own, versions


def _line(
    initiative: Initiative,
    revealed: Sequence[int] | None,
    count: int,
    own: dict[int, int],
    versions: dict[int, tuple[int, int]],
    agreed: dict[int, dict[str, int]],
) -> Line:
    pk = initiative.pk
    score, version = versions.get(pk, (None, 0))
    value, time, risk, size = parts = [agreed.get(pk, {}).get(part) for part in wsjf.PARTS]
    spread = spread_of(revealed) if revealed else None
    text = shown(wsjf.value_of((value, time, risk, size)))
    return Line(initiative, own.get(pk), count, spread, score, version, parts, text)


def _only(part: str, score: int | None) -> wsjf.Parts:
    value, time, risk, size = (score if one == part else None for one in wsjf.PARTS)
    return value, time, risk, size
