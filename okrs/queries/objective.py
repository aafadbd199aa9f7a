"""What the page of one objective shows: its key results with their history, links, votes, what people did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from core.models import AuditEntry
from okrs.chances import Chance, chances
from okrs.flags import hope
from okrs.formulas import progress as formulas
from okrs.models import CheckIn, Contribution, KeyResult, Objective, Poll, Support
from okrs.queries.due import said
from okrs.queries.pages import Line, Row, rows_of
from okrs.queries.standings import day_of, end_of
from okrs.rules import may_change, may_change_key_result, place_of, works_on
from portfolio.models import Feature, Initiative
from portfolio.rules import can

WIDTH, HEIGHT = 120, 32
LATEST = 15


class Spark(NamedTuple):
    """A small figure in a box of WIDTH × HEIGHT: a line of points, the last one, a level; `text` says it in words."""

    points: str
    last: tuple[float, float] | None
    level: float | None
    text: str


def _spark(
    points: Sequence[tuple[date, float]],
    cycle: tuple[date, date],
    span: tuple[float, float],
    level: float | None,
    text: str,
) -> Spark:
    first, days = cycle[0], max((cycle[1] - cycle[0]).days, 1)
    low, high = span

    def x(day: date) -> float:
        return round(2 + (WIDTH - 4) * min(max((day - first).days / days, 0), 1), 1)

    def y(value: float) -> float:
        return round(HEIGHT - 3 - (HEIGHT - 6) * (value - low) / ((high - low) or 1), 1)

    drawn = [(x(day), y(value)) for day, value in points]
    line = " ".join(f"{a},{b}" for a, b in drawn)
    return Spark(line, drawn[-1] if drawn else None, None if level is None else y(level), text)


def _texts(of: KeyResult, shown: Sequence[CheckIn], name: str) -> str:
    if not shown:
        return f"No {name} yet."
    first, last = shown[0], shown[-1]
    if name == "confidence":
        return f"Confidence {first.confidence} on {first.on:%-d %b}, {last.confidence} on {last.on:%-d %b}."
    return f"{said(of, first.value)} on {first.on:%-d %b}, {said(of, last.value)} on {last.on:%-d %b}."


def _levels(one: KeyResult) -> list[float]:
    edges = (one.baseline, one.target, one.band_low, one.band_high)
    return [edge for edge in edges if edge is not None] or [0.0, 1.0]


def sparks(one: KeyResult, check_ins: Sequence[CheckIn], cycle: tuple[date, date]) -> tuple[Spark, Spark]:
    """The figures of a key result's values (with its target as a level) and of the confidence in it, 0 to 10."""
    values = [(row.on, row.value) for row in check_ins]
    numbers = [*_levels(one), *(value for _, value in values)]
    target = one.target if one.target is not None else None
    believed = [row for row in check_ins if row.confidence is not None]
    confidence = [(row.on, float(row.confidence or 0)) for row in believed]
    return (
        _spark(values, cycle, (min(numbers), max(numbers)), target, _texts(one, check_ins, "value")),
        _spark(confidence, cycle, (0, 10), None, _texts(one, believed, "confidence")),
    )


class Detail(NamedTuple):
    """A key result on its objective's page. `hidden` is linked work that the reader may not see."""

    key_result: KeyResult
    line: Line
    values: Spark
    confidence: Spark
    check_ins: list[CheckIn]
    work: list[Contribution]
    hidden: int
    may_change: bool
    may_check_in: bool
    chance: Chance
    # Why it is more hope than plan, or nothing.
    hope: str


class Votes(NamedTuple):
    """A poll. `mine` is the reader's own vote; `counts` by confidence and `mean` only once it is revealed."""

    poll: Poll
    given: int
    mine: int | None
    counts: list[tuple[int, int]]
    mean: float | None

    @property
    def lowest(self) -> int | None:
        return self.counts[0][0] if self.counts else None

    @property
    def highest(self) -> int | None:
        return self.counts[-1][0] if self.counts else None


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page of an objective, as of a day."""

    row: Row
    details: list[Detail]
    supports: list[Support]
    supported_by: list[Support]
    votes: list[Votes]
    activity: list[AuditEntry]
    carried_to: list[Objective]
    may_change: bool
    may_vote: bool

    @property
    def open_vote(self) -> Votes | None:
        return next((one for one in self.votes if one.poll.revealed_at is None), None)

    @property
    def past_votes(self) -> list[Votes]:
        return [one for one in self.votes if one.poll.revealed_at is not None]


def page_of(objective: Objective, user: User, as_of: date | datetime) -> Page:
    """The page of an objective for a reader, as of a day; a constant number of queries."""
    day = day_of(as_of)
    (row,) = rows_of([objective], day)
    for line in row.lines:
        line.key_result.objective = objective
    works = works_on(user, objective)
    return Page(
        row=row,
        details=_details(row, user, as_of, works),
        supports=_supports(objective, user),
        supported_by=_supported_by(objective, user),
        votes=_votes(objective, user, day),
        activity=_activity(row, day),
        carried_to=list(Objective.objects.for_user(user).filter(carried_from=objective).select_related("cycle")),
        may_change=may_change(user, objective),
        may_vote=works,
    )


def _details(row: Row, user: User, as_of: date | datetime, works: bool) -> list[Detail]:
    day, at = day_of(as_of), end_of(as_of)
    key_results = [line.key_result for line in row.lines]
    likely, hoped = chances(key_results, at), hope(key_results, at)
    ids = [line.key_result.pk for line in row.lines]
    said_by: dict[int, list[CheckIn]] = {pk: [] for pk in ids}
    for check_in in CheckIn.objects.filter(key_result__in=ids, on__lte=day).select_related("by").order_by("on"):
        said_by[check_in.key_result_id].append(check_in)
    work = _work(ids)
    initiatives = set(
        Initiative.objects.for_user(user).filter(contributions__key_result__in=ids).values_list("pk", flat=True)
    )
    features = set(
        Feature.objects.for_user(user).filter(contributions__key_result__in=ids).values_list("pk", flat=True)
    )
    cycle = (row.objective.cycle.starts_on, row.objective.cycle.ends_on)
    anywhere = can(user, "check_in", place_of(row.objective)) or (row.objective.team is not None and works)
    found = []
    for line in row.lines:
        one, own = line.key_result, said_by[line.key_result.pk]
        seen = [w for w in work.get(one.pk, []) if w.initiative_id in initiatives or w.feature_id in features]
        values, confidence = sparks(one, own, cycle)
        mine = user.pk in {one.owner_id, row.objective.owner_id}
        found.append(
            Detail(
                one,
                line,
                values,
                confidence,
                own[::-1],
                seen,
                len(work.get(one.pk, [])) - len(seen),
                may_change_key_result(user, one),
                anywhere or mine,
                likely[one.pk].seen([w.pk for w in seen]),
                hoped.get(one.pk, ""),
            )
        )
    return found


def _work(ids: Sequence[int]) -> dict[int, list[Contribution]]:
    found: dict[int, list[Contribution]] = {}
    for one in (
        Contribution.objects.filter(key_result__in=ids).select_related("initiative", "feature__team").order_by("pk")
    ):
        found.setdefault(one.key_result_id, []).append(one)
    return found


def _supports(objective: Objective, user: User) -> list[Support]:
    seen = Objective.objects.for_user(user).order_by().values("pk")
    lines = objective.supports.filter(Q(above__in=seen) | Q(key_result__objective__in=seen))
    return list(lines.select_related("above__stream", "above__team", "key_result__objective").order_by("pk"))


def _supported_by(objective: Objective, user: User) -> list[Support]:
    seen = Objective.objects.for_user(user).order_by().values("pk")
    lines = Support.objects.filter(Q(above=objective) | Q(key_result__objective=objective), objective__in=seen)
    return list(lines.select_related("objective__stream", "objective__team", "key_result").order_by("pk"))


def _votes(objective: Objective, user: User, day: date) -> list[Votes]:
    end = timezone.make_aware(datetime.combine(day, time.max))
    polls = objective.polls.filter(opened_at__lte=end).select_related("opened_by").prefetch_related("votes")
    return [votes_of(poll, user, end) for poll in polls]


def votes_of(poll: Poll, user: User, at: datetime | None = None) -> Votes:
    """What a person may know of a poll, as of an instant: until it is revealed, how many voted and their own vote."""
    given = list(poll.votes.all())
    mine = next((vote.confidence for vote in given if vote.user_id == user.pk), None)
    if poll.revealed_at is None or (at is not None and poll.revealed_at > at):
        return Votes(poll, len(given), mine, [], None)
    numbers = sorted(vote.confidence for vote in given)
    counts = [(number, numbers.count(number)) for number in sorted(set(numbers))]
    return Votes(poll, len(given), mine, counts, sum(numbers) / len(numbers) if numbers else None)


def _activity(row: Row, day: date) -> list[AuditEntry]:
    ids = [str(line.key_result.pk) for line in row.lines]
    own = Q(target_type="okrs.objective", target_id=str(row.objective.pk))
    own |= Q(target_type="okrs.keyresult", target_id__in=ids)
    end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))
    return list(AuditEntry.objects.filter(own, at__lt=end)[:LATEST])


def heading(row: Row) -> str:
    """The finding of an objective's page: where it stands against its cycle."""
    standing = row.standing
    if standing.score is None:
        return "no key results yet" if not standing.key_results else "no score: its weights sum to 0"
    score = f"{standing.score:.2f}"
    if standing.is_closed:
        return f"closed at {score}"
    if standing.points is None or standing.elapsed == 0:
        return f"at {score}, its cycle has not begun"
    if formulas.is_on_pace(standing.pace):
        return f"at {score}, " + (f"{standing.points} points ahead of the calendar" if standing.points else "on pace")
    return f"at {score}, {-standing.points} points behind the calendar"
