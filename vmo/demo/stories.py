"""The impediments of the demo organisation as they are to be written: what people told, and what they marked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from django.utils import timezone

from accounts.models import User
from impediments.models import EXTERNAL, Impediment, State, Via
from metrics.models import BlockedStay
from portfolio.clocks import Clock
from portfolio.models import Team
from vmo.demo.hurdles import MARKS, OPEN, PAST, UNLOGGED, Hurdle, Kind

HOUR = 3600
# Of the marks in their tools teams logged so many each, spread over their history.
LOGGED_PER_TEAM = 5
# Shorter ones were over before anybody thought of logging them; business hours.
WORTH_LOGGING = 5
LONG_AGO = timedelta(days=1500)
Times = tuple[datetime, datetime | None]


@dataclass
class Story:
    """An impediment as it is to be written; `pause` with its reason, `open` are the times in which it was there."""

    team: Team
    category: str
    what: str
    since_at: datetime
    logged_at: datetime
    open: list[Times]
    clock: Clock
    description: str = ""
    asked: str = ""
    is_external: bool = False
    owner: User | None = None
    logged_by: User | None = None
    via: str = Via.PAGE
    state: str = State.RESOLVED
    resolution: str = ""
    root_cause: str = ""
    promised_on: date | None = None
    pause: tuple[datetime, datetime | None, str] | None = None
    comments: list[tuple[datetime, User | None, str]] = field(default_factory=list)
    marks: Sequence[BlockedStay] = ()
    items: int = 0
    row: Impediment = field(default_factory=Impediment)

    @property
    def resolved_at(self) -> datetime | None:
        return self.open[-1][1]


@dataclass
class Cast:
    """Who there is, and the clocks of the teams, at the instant of loading."""

    now: datetime
    people: dict[str, User]
    teams: dict[str, Team]
    clocks: dict[int, Clock]
    members: dict[int, User]

    def who(self, name: str, team: Team) -> User | None:
        return self.members.get(team.pk) if name == "team" else self.people.get(name)


def stories(cast: Cast) -> list[Story]:
    """All of them, of the teams that there are."""
    told = (_told(one, cast) for one in (*PAST, *OPEN) if one.team in cast.teams)
    return [*_marked(cast), *told]


def _back(clock: Clock, at: datetime, hours: float) -> datetime:
    """The instant from which on so many business hours passed until `at`."""
    whole = clock.seconds(at - LONG_AGO, at)
    return clock.after(at - LONG_AGO, whole - hours * HOUR)


def _told(one: Hurdle, cast: Cast) -> Story:
    team = cast.teams[one.team]
    clock = cast.clocks[team.pk]
    logged_at = _back(clock, cast.now, one.ago)
    since_at = _back(clock, logged_at, one.since)
    ended_at = None if one.hours is None else clock.after(logged_at, one.hours * HOUR)
    times: list[Times] = [(since_at, ended_at)]
    if one.again and ended_at:
        back_at = clock.after(ended_at, one.again[0] * HOUR)
        times.append((back_at, clock.after(back_at, one.again[1] * HOUR)))
    pause = None
    if one.paused:
        first, length, reason = one.paused
        from_at = clock.after(logged_at, first * HOUR)
        pause = (from_at, None if length is None else clock.after(from_at, length * HOUR), reason)
    today = timezone.localdate(cast.now)
    return Story(
        team=team,
        category=one.category,
        what=one.what,
        since_at=since_at,
        logged_at=logged_at,
        open=times,
        clock=clock,
        description=one.description,
        asked=one.asked,
        is_external=one.is_external or one.category in EXTERNAL,
        owner=cast.who(one.owner, team),
        logged_by=cast.who("team", team),
        via=one.via,
        state=one.state,
        resolution=one.resolution,
        root_cause=one.cause,
        promised_on=None if one.promised is None else today + timedelta(days=one.promised),
        pause=pause,
        comments=[(clock.after(logged_at, s.after * HOUR), cast.who(s.who, team), s.text) for s in one.said],
        items=one.items,
    )


# What teams marked in their tools


def _marked(cast: Cast) -> Iterator[Story]:
    """Some of the marks that are over were logged here too: marks of one reason that overlap are one impediment."""
    rows = BlockedStay.objects.filter(item__team__in=cast.teams.values(), to_at__lt=cast.now).exclude(source=None)
    stays = list(rows.select_related("item").order_by("item__team__slug", "from_at", "item__key"))
    for team in cast.teams.values():
        clock = cast.clocks[team.pk]
        groups = [
            (kind, group)
            for kind in MARKS
            for group in _groups(stay for stay in stays if stay.item.team_id == team.pk and _is(kind, stay))
            if clock.seconds(group[0].from_at, _end(group)) >= WORTH_LOGGING * HOUR
        ]
        groups.sort(key=lambda one: (one[1][0].from_at, one[1][0].pk))
        step = max(1, len(groups) // LOGGED_PER_TEAM)
        for number, (kind, group) in enumerate(groups[step // 2 :: step][:LOGGED_PER_TEAM]):
            yield _of_marks(kind, group, team, number, cast)


def _is(kind: Kind, stay: BlockedStay) -> bool:
    """Whether a mark is of a kind: of the first whose words its reason has."""
    reason = stay.reason.lower()
    if UNLOGGED in reason:
        return False
    return next((one for one in MARKS if _has(one, reason)), None) is kind


def _has(kind: Kind, reason: str) -> bool:
    """Whether a reason has all of the words, in whatever order and number."""
    return all(word.rstrip("s") in reason for word in kind.words.split())


def _groups(stays: Iterable[BlockedStay]) -> list[list[BlockedStay]]:
    found: list[list[BlockedStay]] = []
    for stay in stays:
        if found and stay.from_at <= _end(found[-1]):
            found[-1].append(stay)
        else:
            found.append([stay])
    return found


def _end(group: Sequence[BlockedStay]) -> datetime:
    return max(stay.to_at for stay in group if stay.to_at)


def _of_marks(kind: Kind, group: Sequence[BlockedStay], team: Team, number: int, cast: Cast) -> Story:
    clock, dice = cast.clocks[team.pk], Random(f"{team.slug} {number}")  # noqa: S311 (a simulation)
    since_at, over_at = group[0].from_at, _end(group)
    logged_at = min(clock.after(since_at, dice.uniform(0.2, 3) * HOUR), over_at)
    ended_at = min(clock.after(over_at, dice.uniform(0.1, 1.5) * HOUR), cast.now)
    return Story(
        team=team,
        category=kind.category,
        what=kind.what,
        since_at=since_at,
        logged_at=logged_at,
        open=[(since_at, ended_at)],
        clock=clock,
        asked=kind.asked,
        owner=cast.people.get("pmo") if clock.seconds(logged_at, ended_at) > 8 * HOUR else None,
        logged_by=cast.who("team", team),
        via=dice.choice((Via.PAGE, Via.PAGE, Via.MAIL, Via.TOOL)),
        resolution=kind.resolution,
        root_cause=kind.cause,
        marks=group,
    )
