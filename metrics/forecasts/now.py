"""How likely open commitments are now: all of them from one reading of today's facts, each sampled as it was."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.db.models import Q

from metrics.columns import micros
from metrics.forecasts import asking, plans, samples
from metrics.forecasts import work as works
from metrics.forecasts.asking import Known
from metrics.forecasts.questions import Question
from metrics.forecasts.samples import Reading
from metrics.forecasts.work import Work
from metrics.formulas import frame
from metrics.formulas.forecast.shapes import Inputs, Line, Part, Target
from metrics.measurement import ALL_ITEMS, Facets
from metrics.models import Forecast
from portfolio.models import Feature, Initiative, Team

# What of a stored question is asked again.
SETTINGS = ("share", "only_features", "sample_days", "wip_limit")
Chances = dict[int, float | None]


def chances_now(rows: Sequence[Forecast], at: datetime, known: Known | None = None) -> Chances:
    """Per forecast (primary key) the chance, as at `at`, that it is kept; None where that cannot be told.

    Items: what its teams have finished since counts. The number of queries does not grow with the rows; these should
    come with their team, stream, feature and initiative. `known` is not read again, where it holds what is needed.
    """
    coming = [_Row.of(row) for row in rows if row.due_on > at.astimezone(_zone(row)).date()]
    found: Chances = dict.fromkeys((row.pk for row in rows), None)
    if not coming:
        return found
    now = _Now.read(coming, at, known if known and known.at == at else None)
    for question in dict.fromkeys(one.question for one in coming):
        found |= now.chances(question, [one.row for one in coming if one.question == question])
    return found


def _zone(row: Forecast) -> ZoneInfo:
    return row.team.zone if row.team is not None else ZoneInfo(settings.TIME_ZONE)


@dataclass(frozen=True, slots=True)
class _Row:
    """A stored forecast, how it was asked, and (slugs) of which teams."""

    row: Forecast
    question: Question
    slugs: frozenset[str]

    @staticmethod
    def of(row: Forecast) -> "_Row":
        stored = json.loads(row.inputs)
        asked: Mapping[str, Any] = stored["asked"]
        facets = Facets(*(tuple(asked.get(name, ())) for name in Facets._fields))
        question = Question(facets=facets, **{name: asked[name] for name in SETTINGS if name in asked})
        is_items = row.feature_id is None and row.initiative_id is None
        return _Row(row, question, frozenset(team["slug"] for team in stored["teams"]) if is_items else frozenset())


@dataclass(frozen=True, slots=True)
class _Now:
    """Today's facts of everything that some forecasts are about."""

    at: datetime
    reading: Reading
    work: Work
    # Per forecast of items: its teams.
    crews: Mapping[int, frozenset[str]]

    @staticmethod
    def read(rows: Sequence[_Row], at: datetime, known: Known | None) -> "_Now":
        work, queued = _work([one.row for one in rows], at, known)
        slugs = frozenset().union(*(one.slugs for one in rows))
        return _Now(at, _reading(queued, slugs, at, known), work, {one.row.pk: one.slugs for one in rows})

    def chances(self, question: Question, rows: Sequence[Forecast]) -> Chances:
        """Of forecasts that were asked alike."""
        reading = self.reading
        if not question.facets.are_all:
            reading = replace(reading, meant=samples.meant(reading, question.facets))
        given = asking.begin(question, self.at, ZoneInfo(settings.TIME_ZONE))
        found, inputs, asked = self._of_items(reading, question, [row for row in rows if self.crews[row.pk]], given)
        found |= _answers(inputs, question, asked)
        queued = [row for row in rows if not self.crews[row.pk]]
        return found | _answers(*self._of_queues(reading, question, queued, given)) if queued else found

    def _of_queues(
        self, reading: Reading, question: Question, rows: Sequence[Forecast], given: Inputs
    ) -> tuple[Inputs, Question, Sequence[Forecast]]:
        queues = plans.Queues(plans.make(self.work, reading.teams), question.wip_limit)
        alive = {one.pk: one for one in self.work.initiatives}
        targets = {row.pk: _target(row, queues, alive) for row in rows}
        asked = [row for row in rows if targets[row.pk] is not None]
        kept = [replace(target, due_on=row.due_on) for row in asked if (target := targets[row.pk])]
        teams = tuple(samples.samples(reading, question, of_queue=True))
        return asking.only(replace(given, teams=teams), queues, kept), question, asked

    def _of_items(
        self, reading: Reading, question: Question, rows: Sequence[Forecast], given: Inputs
    ) -> tuple[Chances, Inputs, Sequence[Forecast]]:
        """The chances that are known, and what is to be asked about the rest: a queue for each group of teams."""
        if not rows:
            return {}, given, ()
        teams = tuple(samples.samples(reading, question))
        since = _Since(reading, question)
        found: Chances = {}
        left: dict[tuple[int, ...], dict[int, int]] = {}
        for row in rows:
            named = self.crews[row.pk]
            crew = tuple(n for n, team in enumerate(teams) if team.slug in named and not team.reason)
            more = row.items - since.finished(row, named) * question.share // 100
            if more <= 0:
                found[row.pk] = 1.0
            elif crew:
                left.setdefault(crew, {})[row.pk] = more
        lines, targets = _lines(left, {row.pk: row for row in rows})
        asked = {row.pk: row for row in rows}
        return found, replace(given, teams=teams, lines=lines, targets=targets), [asked[int(t.id)] for t in targets]


def _lines(
    left: Mapping[tuple[int, ...], Mapping[int, int]], rows: Mapping[int, Forecast]
) -> tuple[tuple[Line, ...], tuple[Target, ...]]:
    """A queue per group of teams, cut where a number of items asked about is reached; and the targets at these cuts."""
    lines, targets = [], []
    for number, (crew, wanted) in enumerate(left.items()):
        cuts = sorted(set(wanted.values()))
        sizes = np.diff([0, *cuts]).tolist()
        lines.append(Line(crew, tuple(Part(str(cut), size) for cut, size in zip(cuts, sizes, strict=True))))
        targets += [
            Target(str(pk), "", ((number, cuts.index(more)),), due_on=rows[pk].due_on) for pk, more in wanted.items()
        ]
    return tuple(lines), tuple(targets)


def _answers(inputs: Inputs, question: Question, rows: Sequence[Forecast]) -> Chances:
    if not rows:
        return {}
    deliveries = asking.answered(inputs, question).deliveries
    pairs = zip(rows, deliveries, strict=True)
    return {row.pk: 1.0 if one.is_done else None if one.reason else one.chance for row, one in pairs}


def _target(row: Forecast, queues: plans.Queues, alive: Mapping[int, Initiative]) -> Target | None:
    """What is asked of a queue; None for what is not in it any more."""
    if row.feature is not None:
        entry = queues.entries.get(plans.feature_id(row.feature))
        return queues.of_entry(entry) if entry else None
    initiative = alive.get(row.initiative_id or 0)
    return queues.of_initiative(initiative) if initiative else None


class _Since:
    """When items of the kind that was sampled were finished, and by which teams."""

    def __init__(self, reading: Reading, question: Question) -> None:
        found, ends = reading.columns, frame.finishes(reading.columns)
        meant = ends.done & reading.of(only_features=bool(question.only_features))
        self.at = found.ended[found.last][meant]
        self.team = found.of_teams("id")[ends.stay[meant]] if meant.any() else self.at
        self.ids = {team.slug: team.pk for team in reading.teams}

    def finished(self, row: Forecast, slugs: Collection[str]) -> int:
        """How many these teams have finished since the forecast was made."""
        mine = np.isin(self.team, [self.ids[slug] for slug in slugs if slug in self.ids])
        return int((mine & (self.at > micros(row.as_of))).sum())


def _reading(teams: Collection[int], slugs: Collection[str], at: datetime, known: Known | None) -> Reading:
    """The facts of these teams, by primary key and by slug."""
    if known is not None:
        there = known.reading.teams
        if {team.pk for team in there}.issuperset(teams) and {team.slug for team in there}.issuperset(slugs):
            return replace(known.reading, meant=np.ones(len(known.reading.meant), dtype=np.bool_))
    named = Team.objects.filter(Q(pk__in=teams) | Q(slug__in=slugs)).select_related("calendar").order_by("name")
    return samples.read(list(named), at, ALL_ITEMS)


def _holds(known: Known, streams: Collection[int], teams: Collection[int]) -> bool:
    """Whether the queues of these teams and streams are whole in what is known."""
    whole = known.teams | {team.pk for team in known.reading.teams if team.stream_id in known.streams}
    return known.streams.issuperset(streams) and whole.issuperset(teams)


def _work(rows: Sequence[Forecast], at: datetime, known: Known | None) -> tuple[Work, set[int]]:
    """The queues that the forecasts of features and initiatives stand in, and the teams of all of them."""
    own = [row.feature for row in rows if row.feature is not None]
    whole = [row.initiative for row in rows if row.initiative is not None]
    if not own and not whole:
        return works.of_features((), at), set()
    teams = {one.team_id for one in own}
    teams |= set(Feature.objects.filter(initiative__in=whole).order_by().values_list("team", flat=True))
    links = Initiative.teams.through.objects.filter(initiative__in=whole)
    teams |= set(links.order_by().values_list("team", flat=True))
    streams = {one.stream_id for one in whole}
    streams |= set(Team.objects.filter(pk__in=teams).order_by().values_list("stream", flat=True)) if own else set()
    if known is not None and _holds(known, streams, teams):
        work = known.work
    else:
        work = works.read(sorted(streams), sorted(teams), at, ZoneInfo(settings.TIME_ZONE))
    busy = {team for initiative in work.unrefined() for team in work.expected.get(initiative.pk, ())}
    return work, teams | busy | {feature.team_id for feature in work.features}
