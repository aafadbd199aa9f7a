"""The questions: each gathers what the database knows as at an instant, and hands it to the engine."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.cache import cache

from metrics.forecasts import plans, reading, samples
from metrics.forecasts import work as works
from metrics.forecasts.answers import Answer, Outlook
from metrics.forecasts.bounds import bounded
from metrics.forecasts.questions import DEFAULT_DAYS, HORIZON_DAYS, Question
from metrics.forecasts.samples import Reading
from metrics.forecasts.work import Work
from metrics.formulas.forecast import shapes
from metrics.formulas.forecast.engine import ENGINE, run
from metrics.formulas.forecast.shapes import Inputs, Line, Part, Target
from portfolio.models import Feature, Initiative, Team
from portfolio.queries import Scope, team_scope

CACHE_SECONDS = 3600


def answered(inputs: Inputs, question: Question) -> Answer:
    """The engine's answer; it is pure, so the same inputs are computed once. Raises BadQuestion for what takes long."""
    inputs = bounded(inputs, question)
    text = shapes.dump(inputs)
    # Nothing of the result is the instant's: it is in the inputs for who reads them later.
    same = shapes.dump(replace(inputs, as_of=""))
    name = f"forecast:{ENGINE}:{hashlib.sha256(same.encode()).hexdigest()}"
    found = cast(str | None, cache.get(name))
    if found is None:
        found = run(text)
        cache.set(name, found, CACHE_SECONDS)
    return reading.read(text, found, ENGINE)


def begin(question: Question, as_of: datetime, zone: ZoneInfo) -> Inputs:
    """Inputs without teams, queues and targets. Raises BadQuestion."""
    today = as_of.astimezone(zone).date()
    question.check(today)
    horizon = today + timedelta(days=HORIZON_DAYS)
    ranks = tuple(sorted(set(question.ranks)))
    return Inputs(as_of.astimezone(zone).isoformat(), today, horizon, ranks, asked=_said(question))


def _said(question: Question) -> dict[str, Any]:
    """What of the question the engine is not told, but whoever reads its inputs later needs."""
    chosen = {name: list(values) for name, values in question.facets._asdict().items()}
    return chosen | {
        "share": question.share,
        "only_features": question.only_features,
        "sample_days": question.sample_days,
        "wip_limit": question.wip_limit,
    }


@dataclass(frozen=True, slots=True)
class _Asked:
    """What both answers of an outlook start from."""

    question: Question
    inputs: Inputs
    reading: Reading

    def outlook(self, build: Callable[[Question, Inputs], Inputs], *, of_queue: bool = False) -> Outlook:
        """The answer, and that of the what-if; `build` completes the inputs. `of_queue`: it is about features."""
        question = replace(self.question, what_if=type(self.question.what_if)())
        given = samples.samples(self.reading, question, of_queue=of_queue)
        built = self._noted(build(question, replace(self.inputs, teams=tuple(given))), of_queue=of_queue)
        base = answered(built, question)
        what_if = self.question.what_if
        if what_if.is_nothing:
            return Outlook(base)
        teams, notes = samples.vary(self.reading, given, what_if)
        limit = what_if.wip_limit or self.question.wip_limit
        varied = replace(self.question, wip_limit=limit)
        varied_inputs = replace(self.inputs, teams=tuple(teams), asked=_said(varied))
        built = self._noted(build(varied, varied_inputs), of_queue=of_queue)
        there = {team.slug for team in built.teams}
        said = (text for slug, text in notes if slug in there)
        return Outlook(base, answered(replace(built, notes=(*said, *built.notes)), question))

    def _noted(self, inputs: Inputs, *, of_queue: bool) -> Inputs:
        """With a note about each team whose queue was to be reckoned with the finishes of features, but was not."""
        if not (of_queue and samples.wants_features(self.question, of_queue=True)):
            return inputs
        busy = sorted({place for line in inputs.lines for place in line.teams})
        notes = (samples.too_few_of_features(inputs.teams[place]) for place in busy)
        return replace(inputs, notes=(*inputs.notes, *filter(None, notes)))


def _asked(teams: Sequence[Team], question: Question, as_of: datetime, zone: ZoneInfo) -> _Asked:
    inputs = begin(question, as_of, zone)
    return _Asked(question, inputs, samples.read(teams, as_of, question.facets))


def default_items(scope: Scope, as_of: datetime, question: Question) -> int:
    """The items that the scope's teams have not finished: what "when" is about when nothing else is said."""
    teams = samples.known_teams(scope.teams)
    reading = samples.read(teams, as_of, question.facets)
    return samples.open_items(reading, scope.teams, only_features=bool(question.only_features))


def ask_items(scope: Scope, question: Question, as_of: datetime) -> Outlook:
    """When are `question.items` finished, and how many by `question.by`, by all teams of the scope together?

    Not said: the items that are open now, and twelve weeks from now. Teams that cannot be forecast are left out and
    named; where none is left, that is the reason. Raises BadQuestion.
    """
    return _items(_asked(samples.known_teams(scope.teams), question, as_of, scope.zone), scope)


def _items(asked: _Asked, scope: Scope) -> Outlook:
    """The answer for the scope's teams, of a reading that may hold others too."""
    only_features = bool(asked.question.only_features)
    items = asked.question.items or samples.open_items(asked.reading, scope.teams, only_features=only_features)
    by = asked.question.by or asked.inputs.today + timedelta(days=DEFAULT_DAYS)
    slugs = {team.slug for team in asked.reading.teams if team.pk in scope.teams}

    def build(asked: Question, inputs: Inputs) -> Inputs:
        own = tuple(team for team in inputs.teams if team.slug in slugs)
        return _of_items(replace(asked, items=items, by=by), replace(inputs, teams=own))

    return asked.outlook(build)


def _of_items(question: Question, inputs: Inputs) -> Inputs:
    crew = tuple(place for place, team in enumerate(inputs.teams) if not team.reason)
    gaps = [team.reason for team in inputs.teams if team.reason]
    inputs = replace(inputs, by=question.by)
    if not crew:
        return replace(inputs, reason="; ".join(gaps) or "no team in this scope")
    notes = tuple(f"left out: {gap}" for gap in gaps)
    left = max((question.items or 0) - question.what_if.drop_items, 0)
    name = "1 item" if left == 1 else f"{left} items"
    teams = tuple(inputs.teams[place].slug for place in crew)
    return replace(
        inputs,
        lines=(Line(crew, (Part(name, left),)),),
        targets=(Target("items", name, ((0, 0),), teams=teams, detail=True),),
        counting=crew,
        notes=(*inputs.notes, *notes),
    )


@dataclass(frozen=True, slots=True)
class Known:
    """What was read for an answer, for who asks more as at the same instant. The queues of `teams` (primary keys), and
    those of the teams of `streams`, are whole in `work`.
    """

    at: datetime
    reading: Reading
    work: Work
    streams: frozenset[int]
    teams: frozenset[int]


class Both(NamedTuple):
    """The answers of `ask`, and what they were made from."""

    items: Outlook
    plan: Outlook
    known: Known


@dataclass(frozen=True, slots=True)
class _Planned:
    asked: _Asked
    work: Work
    streams: frozenset[int]

    def plan(self, question: Question) -> plans.Plan:
        return plans.make(self.work, self.asked.reading.teams, question.what_if.drop_features)

    def queues(self, question: Question) -> plans.Queues:
        return plans.Queues(self.plan(question), question.wip_limit)


def _planned(
    streams: Sequence[int], teams: Sequence[int], question: Question, as_of: datetime, zone: ZoneInfo
) -> _Planned:
    """Everything about the work of these streams and teams, and the samples of all teams that have a part in it."""
    work = works.read(streams, teams, as_of, zone)
    named = {*teams, *(feature.team_id for feature in work.features)}
    named |= {team for initiative in work.unrefined() for team in work.expected.get(initiative.pk, ())}
    return _Planned(_asked(samples.known_teams(named), question, as_of, zone), work, frozenset(streams))


def ask_plan(scope: Scope, question: Question, as_of: datetime) -> Outlook:
    """When is each feature of the scope's teams done, in the order of their ranks, and each initiative?

    Features first, by team and rank; then the initiatives of the streams of these teams and those these teams work on.
    Raises BadQuestion.
    """
    return _plan(_planned_for(scope, question, as_of), scope)


def ask(scope: Scope, question: Question, as_of: datetime) -> Both:
    """`ask_items` and `ask_plan`, from one reading of the facts. Raises BadQuestion."""
    planned = _planned_for(scope, question, as_of)
    known = Known(as_of, planned.asked.reading, planned.work, planned.streams, frozenset(scope.teams))
    return Both(_items(planned.asked, scope), _plan(planned, scope), known)


def _planned_for(scope: Scope, question: Question, as_of: datetime) -> _Planned:
    streams = sorted({team.stream_id for team in samples.known_teams(scope.teams)})
    # An initiative waits for all its teams, whose queues hold other work too.
    return _planned(streams, works.involved(streams, scope.teams), question, as_of, scope.zone)


def _plan(planned: _Planned, scope: Scope) -> Outlook:
    streams = {team.stream_id for team in planned.asked.reading.teams if team.pk in scope.teams}

    def build(asked: Question, inputs: Inputs) -> Inputs:
        queues = planned.queues(asked)
        inside = [entry for entry in queues.plan.entries if entry.team.pk in scope.teams]
        inside.sort(key=lambda entry: entry.team.name)
        ids = {entry.id for entry in inside}
        shown = [
            initiative
            for initiative in planned.work.initiatives
            if (scope.kind != "team" and initiative.stream_id in streams)
            or ids & set(queues.plan.members.get(initiative.pk, ()))
        ]
        targets = [queues.of_entry(entry) for entry in inside]
        targets += [queues.of_initiative(initiative) for initiative in shown]
        return only(replace(inputs, by=asked.by), queues, targets, scope.teams)

    return planned.asked.outlook(build, of_queue=True)


def only(inputs: Inputs, queues: plans.Queues, targets: Sequence[Target], teams: Sequence[int] = ()) -> Inputs:
    """The inputs with the queues that these targets need, and with the teams of these and `teams`."""
    lines = sorted({line for target in targets for line, _ in target.parts})
    wanted = {team for line in lines for team in queues.lines[line].teams}
    wanted |= {place for place, team in enumerate(queues.plan.teams) if team.pk in teams}
    kept = sorted(wanted)
    new_team, new_line = {old: new for new, old in enumerate(kept)}, {old: new for new, old in enumerate(lines)}
    moved = (
        replace(queues.lines[line], teams=tuple(new_team[one] for one in queues.lines[line].teams)) for line in lines
    )
    return replace(
        inputs,
        teams=tuple(inputs.teams[place] for place in kept),
        lines=tuple(moved),
        targets=tuple(
            replace(target, parts=tuple((new_line[line], place) for line, place in target.parts)) for target in targets
        ),
    )


def ask_feature(feature: Feature, question: Question, as_of: datetime) -> Outlook:
    """When is this feature done, behind those of its team that rank before it? Raises BadQuestion."""
    team = feature.team
    zone = team_scope(team).zone
    planned = _planned([team.stream_id], [team.pk], question, as_of, zone)
    id = plans.feature_id(feature)

    def build(asked: Question, inputs: Inputs) -> Inputs:
        queues = planned.queues(asked)
        if id not in queues.entries:
            return replace(inputs, reason=f"{feature.name} was not in the queue of {team.name} then")
        queues.without([id], asked.what_if.drop_items)
        target = plans.detailed(queues, queues.of_entry(queues.entries[id]), inputs.today, asked.by)
        return only(replace(inputs, by=asked.by), queues, [target])

    return planned.asked.outlook(build, of_queue=True)


def ask_initiative(initiative: Initiative, question: Question, as_of: datetime) -> Outlook:
    """When is this initiative done: the last of its features, over all teams that have one? Raises BadQuestion."""
    involved = set(initiative.teams.values_list("pk", flat=True))
    involved |= set(initiative.features.values_list("team", flat=True))
    zone = ZoneInfo(settings.TIME_ZONE)
    planned = _planned([initiative.stream_id], sorted(involved), question, as_of, zone)
    known = {one.pk: one for one in planned.work.initiatives}

    def build(asked: Question, inputs: Inputs) -> Inputs:
        if initiative.pk not in known:
            return replace(inputs, reason=f"{initiative.name} was not worked on then")
        queues = planned.queues(asked)
        members = queues.plan.members.get(initiative.pk, ())
        queues.without(members, asked.what_if.drop_items)
        whole = queues.of_initiative(known[initiative.pk])
        parts = [queues.of_entry(queues.entries[member]) for member in members]
        target = plans.detailed(queues, whole, inputs.today, asked.by)
        return only(replace(inputs, by=asked.by), queues, [target, *parts])

    return planned.asked.outlook(build, of_queue=True)
