"""What a team's forecast is drawn from: its finishes per working day, read from the facts as at an instant."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.db.models import Q, Sum

from metrics import columns, states
from metrics.columns import FlowColumns, day_date, day_number, micros
from metrics.forecasts.questions import HORIZON_DAYS, Question, WhatIf
from metrics.formulas import frame
from metrics.formulas.forecast.calendar import next_working, working
from metrics.formulas.forecast.shapes import TeamInput
from metrics.measurement import Facets
from metrics.models import WorkItem
from portfolio.models import Holiday, Membership, Team

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
# Of which team (slug), and what there is to say.
Note = tuple[str, str]

FEWEST_DAYS = 5
# What is blocked nearly always would run many times as fast: nobody can know that.
MOST_BLOCKED = 0.9


@dataclass(frozen=True, slots=True)
class Reading:
    """The columns of some teams as at as_of, and which of their items are meant and which belong to a feature."""

    columns: FlowColumns
    meant: Flags
    in_feature: Flags
    teams: tuple[Team, ...]
    holidays: dict[int, tuple[date, ...]]

    def of(self, *, only_features: bool) -> Flags:
        """Which items are meant, or of these only those of features."""
        return self.meant & self.in_feature if only_features else self.meant


def read(teams: Sequence[Team], as_of: datetime, facets: Facets) -> Reading:
    """The facts of `teams` as at `as_of`; `facets` say which of their items are meant."""
    facts = columns.read_teams([team.pk for team in teams])
    found = columns.derive(facts, micros(as_of), frozenset(team.pk for team in teams))
    holidays: dict[int, list[date]] = {}
    calendars = {team.calendar_id for team in teams}
    for calendar, on in Holiday.objects.filter(calendar__in=calendars).order_by("on").values_list("calendar", "on"):
        holidays.setdefault(calendar, []).append(on)
    off = {team.pk: tuple(holidays.get(team.calendar_id, ())) for team in teams}
    every = np.ones(len(found.ids), dtype=np.bool_)
    in_feature = np.isin(found.ids, _of_features(found.ids))
    reading = Reading(found, every, in_feature, tuple(teams), off)
    return reading if facets.are_all else replace(reading, meant=meant(reading, facets))


def meant(reading: Reading, facets: Facets) -> Flags:
    """Which items `facets` mean."""
    return np.isin(reading.columns.ids, _chosen(reading.teams, facets))


def _chosen(teams: Sequence[Team], facets: Facets) -> list[int]:
    """The ids of items that `facets` mean."""
    rows = WorkItem.objects.filter(deleted_at=None)
    if facets.kinds:
        rows = rows.filter(kind__in=facets.kinds)
    if facets.classes:
        rows = rows.filter(class_of_service__in=facets.classes)
    if facets.labels:
        rows = rows.filter(labels__overlap=list(facets.labels))
    ids = [team.pk for team in teams]
    held = Q(team__in=ids) | Q(team_moves__from_team__in=ids) | Q(team_moves__to_team__in=ids)
    return list(rows.filter(held).order_by().distinct().values_list("pk", flat=True))


OF_FEATURES = """
    SELECT array_agg(i.id) FROM metrics_epiclink e
    JOIN metrics_workitem i ON i.source_id = e.source_id AND i.parent = e.parent
    WHERE i.parent <> '' AND i.id = ANY(%s)
"""


def _of_features(ids: Ints) -> list[int]:
    """Those of the items that belong to a feature. Tens of thousands of ids: one array, not as many parameters."""
    with connection.cursor() as cursor:
        cursor.execute(OF_FEATURES, [ids.tolist()])
        [found] = cursor.fetchone()
    return found or []


def samples(reading: Reading, question: Question, *, of_queue: bool = False) -> list[TeamInput]:
    """The input of each team, in the order of the reading; without what-if. `of_queue`: for its features."""
    ends = frame.finishes(reading.columns)
    return [_chosen_sample(reading, ends, team, question, of_queue=of_queue) for team in reading.teams]


def _chosen_sample(
    reading: Reading, ends: frame.Finishes, team: Team, question: Question, *, of_queue: bool
) -> TeamInput:
    """From all its finishes, or from those of features alone.

    A queue gets only what is finished of features: all finishes would promise it the rest of the team's work too. So
    that is the usual sample of queues, unless a share of the work was said, or too few days had such a finish.
    """
    wants = wants_features(question, of_queue=of_queue)
    found = _sample(reading, ends, team, question, only_features=wants)
    if not (wants and question.only_features is None and found.reason):
        return found
    return _sample(reading, ends, team, question, only_features=False)


def wants_features(question: Question, *, of_queue: bool) -> bool:
    """Whether the finishes of features are to be sampled alone, where there are enough of them."""
    if question.only_features is None:
        return of_queue and question.share == 100
    return question.only_features


def too_few_of_features(team: TeamInput) -> str:
    """What to say of a team whose finishes all count, because too few were of features."""
    if team.only_features or team.reason:
        return ""
    shares = f"{team.in_features} of {team.of_all}"
    return f"{team.name} finished too little of features in the sample ({shares} items), so all its finishes count"


def _sample(
    reading: Reading, ends: frame.Finishes, team: Team, question: Question, *, only_features: bool
) -> TeamInput:
    today, length = local_today(reading.columns, team), question.sample_days
    share = Fraction(question.share, 100)
    off = reading.holidays[team.pk]
    coming = tuple(on for on in off if today < on <= today + timedelta(days=HORIZON_DAYS))
    given = TeamInput(team.slug, team.name, today, tuple(sorted(team.calendar.weekdays)), coming, factor=share)
    if team.ended_on is not None and team.ended_on < today:
        return replace(given, reason=f"{team.name} ended on {_words(team.ended_on)}")
    held = _holds(reading.columns, team)
    began = int(reading.columns.day[held].min()) if held.any() else day_number(today)
    last = day_number(today) - 1
    first = max(last - length + 1, began)
    days = np.arange(first, last + 1)
    worked = days[working(days, team.calendar.weekdays, off)]
    done = ends.done & held[ends.stay] & reading.meant if len(ends.stay) else ends.done
    every = _counts(reading, ends.day, done, team, worked)
    of_features = _counts(reading, ends.day, done & reading.in_feature, team, worked)
    counts = of_features if only_features else every
    finishing = int((counts > 0).sum())
    is_any = bool(reading.meant.all()) and not only_features
    return replace(
        given,
        first=day_date(first) if len(worked) else None,
        last=day_date(last) if len(worked) else None,
        counts={int(count): int(n) for count, n in zip(*np.unique(counts, return_counts=True), strict=True)},
        in_features=int(of_features.sum()),
        reason="" if finishing >= FEWEST_DAYS else _too_little(team, finishing, length, is_any),
        only_features=only_features,
        of_all=int(every.sum()),
    )


def _too_little(team: Team, finishing: int, length: int, of_all: bool) -> str:
    what = "finished work" if of_all else "finished such work"
    needed = f"{finishing} of the {FEWEST_DAYS} days needed in the last {length}"
    return f"too little data: {team.name} {what} on {needed}"


def _counts(reading: Reading, day: Ints, done: Flags, team: Team, worked: Ints) -> Ints:
    """Items finished on each of the `worked` days (those of days off on the next)."""
    on = next_working(day[done], team.calendar.weekdays, reading.holidays[team.pk])
    inside = np.isin(on, worked)
    places = np.searchsorted(worked, on[inside])
    return np.bincount(places, minlength=len(worked)).astype(np.int64)


def local_today(found: FlowColumns, team: Team) -> date:
    """The team's local day at as_of."""
    return columns.instant(found.as_of).astimezone(team.zone).date()


def _holds(found: FlowColumns, team: Team) -> Flags:
    """Per stay: whether the team holds the item in it."""
    numbers = [number for number, info in enumerate(found.teams) if info.id == team.pk]
    # Usually one number: comparing is many times as fast as looking up.
    held: Flags = found.team == numbers[0] if len(numbers) == 1 else np.isin(found.team, numbers)
    return held


def _words(on: date) -> str:
    return f"{on.day} {on:%b %Y}"


def open_items(reading: Reading, teams: Collection[int], *, only_features: bool = False) -> int:
    """Items that these of the reading's teams hold and that are neither done nor removed."""
    found, meant = reading.columns, reading.of(only_features=only_features)
    is_open = ~np.isin(found.state[found.last], (states.DONE, states.REMOVED))
    mine = np.isin(found.of_teams("id")[found.last], list(teams))
    return int((is_open & mine & meant).sum())


def vary(reading: Reading, given: Sequence[TeamInput], what_if: WhatIf) -> tuple[list[TeamInput], list[Note]]:
    """The teams' inputs with their finishes scaled as `what_if` says, and what there is to say about it."""
    notes: list[Note] = []
    shares = _shares(reading) if what_if.people else {}
    found = []
    for team, sample in zip(reading.teams, given, strict=True):
        factor = Fraction(1)
        if what_if.team in ("", team.slug):
            factor = Fraction(what_if.throughput, 100)
            factor *= _of_people(team, shares.get(team.pk, 0), what_if.people, notes)
        if what_if.unblock or what_if.unblock_stays:
            chosen = None if what_if.unblock else what_if.unblock_stays
            factor *= _of_blocks(reading, team, sample, chosen, notes)
        scaled = (sample.factor * factor).limit_denominator(10_000)
        gone = "" if scaled > 0 else f"nobody would be left in {team.name}"
        found.append(replace(sample, factor=scaled, reason=sample.reason or gone))
    return found, notes


def _shares(reading: Reading) -> dict[int, int]:
    """Per team, the shares of its members at as_of, in per cent of full-time weeks."""
    on = min((local_today(reading.columns, team) for team in reading.teams), default=date.min)
    members = Membership.objects.filter(team__in=[team.pk for team in reading.teams], during__contains=on)
    return dict(members.order_by().values_list("team").annotate(Sum("share")))


def _of_people(team: Team, shares: int, more: int, notes: list[Note]) -> Fraction:
    if not more:
        return Fraction(1)
    if not shares:
        notes.append((team.slug, f"{team.name} has no members recorded, so it stays as it is"))
        return Fraction(1)
    return Fraction(max(shares + more, 0), shares)


def _of_blocks(
    reading: Reading, team: Team, sample: TeamInput, chosen: Collection[int] | None, notes: list[Note]
) -> Fraction:
    """How much faster the team had been without the `chosen` blocked stays (None: any).

    (1 − the share of the time in progress that the others block) ÷ (1 − the share that all block).
    """
    if sample.first is None or sample.last is None:
        return Fraction(1)
    share = blocked_share(reading.columns, team, sample.first, sample.last)
    text = f"{team.name}: {round(share * 100)} % of the time of its items in progress was blocked"
    rest = 0.0
    if chosen is not None:
        rest = blocked_share(reading.columns, team, sample.first, sample.last, without=chosen)
        text += f", {round(rest * 100)} % without these"
    notes.append((team.slug, text))
    return _free(rest) / _free(share)


def _free(share: float) -> Fraction:
    return 1 - Fraction(min(share, MOST_BLOCKED)).limit_denominator(1000)


def blocked_share(found: FlowColumns, team: Team, first: date, last: date, *, without: Collection[int] = ()) -> float:
    """Which share (0…1) of the item-time in progress with `team` was blocked, from day `first` to day `last`.

    Blocked stays `without` (primary keys) are left out.
    """
    low, high = (_midnight(on, team) for on in (first, last + timedelta(days=1)))
    begin, end = np.maximum(found.at, low), np.minimum(np.minimum(found.until, found.as_of), high)
    stays = np.flatnonzero(_holds(found, team) & states.in_progress(found.state) & (begin < end))
    whole = float((end[stays] - begin[stays]).sum())
    blocks = np.flatnonzero(~np.isin(found.blocked_ids, list(without)))
    return _blocked_within(found, stays, begin, end, blocks) / whole if whole else 0.0


def _midnight(on: date, team: Team) -> int:
    return micros(datetime(on.year, on.month, on.day, tzinfo=team.zone))


def _blocked_within(found: FlowColumns, stays: Ints, begin: Ints, end: Ints, chosen: Ints) -> float:
    """µs of the stays (cut to `begin` and `end`) in which one of the `chosen` blocks (places) blocked their item.

    Overlapping blocks count once.
    """
    blocked = found.blocked_item[chosen]
    stays = stays[np.isin(found.item[stays], blocked)]
    since, until = found.blocked_from[chosen], np.minimum(found.blocked_until[chosen], found.as_of)
    m, k = len(stays), len(until)
    item = np.concatenate([np.tile(found.item[stays], 2), np.tile(blocked, 2)])
    at = np.concatenate([begin[stays], end[stays], since, until])
    works = np.concatenate([np.ones(m), -np.ones(m), np.zeros(2 * k)])
    blocks = np.concatenate([np.zeros(2 * m), np.ones(k), -np.ones(k)])
    order = np.lexsort((at, item))
    both = (works[order].cumsum() > 0) & (blocks[order].cumsum() > 0)
    return float(np.where(both, np.diff(at[order], append=0), 0).sum())


def known_teams(ids: Collection[int]) -> list[Team]:
    """Teams by primary key, with their calendars, in the order of their names."""
    return list(Team.objects.filter(pk__in=ids).select_related("calendar").order_by("name"))
