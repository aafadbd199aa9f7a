"""When initiatives and features land: many of them, each by a day of its own, from one reading of the facts.

For who rests something else on it: chances of key results, signs for decisions. One sentence of each is enough there,
so nothing is asked back: settings are those that a Forecast page has by itself.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, NamedTuple, cast
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.core.cache import cache
from django.db.models import Max, Q

from core.models import AuditEntry
from metrics.columns import day_date
from metrics.forecasts import asking, plans, samples
from metrics.forecasts import work as works
from metrics.forecasts.answers import Delivery
from metrics.forecasts.questions import Question
from metrics.forecasts.work import Work
from metrics.formulas import frame
from metrics.formulas.forecast.shapes import Inputs, Target
from metrics.measurement import ALL_ITEMS
from metrics.models import Source
from metrics.queries import data_stamp, fingerprint
from portfolio.models import Feature, Initiative, Team, Verdict

Noun = Literal["initiative", "feature"]
CACHE_SECONDS = 3600
QUESTION = Question()
MEDIAN = 50


class Ask(NamedTuple):
    """Does the initiative or feature of this primary key land by the end of a day?"""

    noun: Noun
    pk: int
    by: date


@dataclass(frozen=True, slots=True)
class Landing:
    """`chance` 0…1, uncapped; None with the `reason`. `landed_on`: it has landed (the chance is that it was in time).

    What was stopped or dropped never lands: 0, with the reason.
    """

    chance: float | None
    reason: str = ""
    landed_on: date | None = None


def landings(asks: Collection[Ask], at: datetime) -> dict[Ask, Landing]:
    """Each ask with its answer as at an instant, by today's queues; the number of queries does not grow with them.

    A feature has landed when its last item was finished (one without items: when it was closed), an initiative when
    all its features have, or when it was closed with another verdict than stop.
    """
    if not asks:
        return {}
    known = stamp(at)
    names = {ask: f"landing:{known}:{ask.noun}:{ask.pk}:{ask.by}" for ask in asks}
    kept = cast(dict[str, Landing], cache.get_many(list(names.values())))
    found = {ask: kept[name] for ask, name in names.items() if name in kept}
    missing = [ask for ask in names if ask not in found]
    if missing:
        made = _landings(missing, at)
        cache.set_many({names[ask]: landing for ask, landing in made.items()}, CACHE_SECONDS)
        found |= made
    return found


@dataclass(frozen=True, slots=True)
class Median:
    """The day by whose end something has landed in at least half of futures; None with the `reason`.

    `landed_on`: it has landed, so nothing is ahead.
    """

    on: date | None
    reason: str = ""
    landed_on: date | None = None


def medians(pks: Collection[int], at: datetime) -> dict[int, Median]:
    """When each of these initiatives lands, as at an instant: the median; the queries do not grow with them."""
    if not pks:
        return {}
    name = f"landing-medians:{stamp(at)}:{','.join(map(str, sorted(set(pks))))}"
    name = hashlib.sha256(name.encode()).hexdigest()
    kept = cast(dict[int, Median] | None, cache.get(name))
    if kept is None:
        kept = _medians(sorted(set(pks)), at)
        cache.set(name, kept, CACHE_SECONDS)
    return kept


def _medians(pks: Sequence[int], at: datetime) -> dict[int, Median]:
    # By which day is asked for a chance; a median is asked for none.
    asks = [Ask("initiative", pk, date.max) for pk in pks]
    done = _Done.read(asks, at)
    over = {ask: landing for ask in asks if (landing := done.of(ask)) is not None}
    found = {ask.pk: Median(None, one.reason or "it has landed", one.landed_on) for ask, one in over.items()}
    left = [ask for ask in asks if ask not in over]
    return found | (_medians_ahead(left, done, at) if left else {})


def _medians_ahead(asks: Sequence[Ask], done: "_Done", at: datetime) -> dict[int, Median]:
    queues, given = _queues(asks, done, at)
    alive = {one.pk: one for one in queues.plan.work.initiatives}
    targets = {ask: replace(queues.of_initiative(alive[ask.pk]), due_on=None) for ask in asks if ask.pk in alive}
    found = {ask.pk: Median(None, "it was not worked on then") for ask in asks if ask.pk not in alive}
    for part in _apart(targets):
        inputs = asking.only(given, queues, [targets[ask] for ask in part])
        answer = asking.answered(inputs, QUESTION)
        for ask, delivery in zip(part, answer.deliveries, strict=True):
            found[ask.pk] = _median(delivery)
    return found


def _median(delivery: Delivery) -> Median:
    if delivery.is_done:
        return Median(None, "nothing of it is left", delivery.finished_on)
    on = delivery.when.get(MEDIAN)
    return Median(on, delivery.reason or ("" if on else "it lands beyond the horizon of the forecast"))


def stamp(at: datetime) -> str:
    """What landings depend on: the data, the queues (every change of them is in the audit trail), and the instant.

    After the last sync nothing is known that an earlier instant of the same day would not know, and a sync that
    brought nothing new changes nothing.
    """
    synced = Source.objects.aggregate(last=Max("synced_at"))["last"]
    day = at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    return fingerprint(known(), day, at if synced and at < synced else None)


def known() -> str:
    """What is known, whatever the instant: the data and the queues. Another text: chances may be others."""
    mine = Q(target_type__startswith="portfolio.") & ~Q(target_type="portfolio.decision")
    entries = AuditEntry.objects.filter(mine | Q(target_type__startswith="metrics.")).order_by("-pk")
    return fingerprint(data_stamp(), entries.values_list("pk", flat=True).first())


def _landings(asks: Sequence[Ask], at: datetime) -> dict[Ask, Landing]:
    done = _Done.read(asks, at)
    found = {ask: landing for ask in asks if (landing := done.of(ask)) is not None}
    left = [ask for ask in asks if ask not in found]
    return found | (_ahead(left, done, at) if left else {})


@dataclass(frozen=True, slots=True)
class _Done:
    """What of the things asked about is over as at an instant: features with the day they landed (None: dropped)."""

    initiatives: dict[int, Initiative]
    features: dict[int, Feature]
    # Initiative → its features.
    parts: dict[int, list[int]]
    landed: dict[int, date | None]
    today: date

    @staticmethod
    def read(asks: Sequence[Ask], at: datetime) -> "_Done":
        wanted = {ask.pk for ask in asks if ask.noun == "initiative"}
        initiatives = Initiative.objects.in_bulk(wanted)
        own = Feature.objects.filter(pk__in={ask.pk for ask in asks if ask.noun == "feature"})
        rows = own | Feature.objects.filter(initiative__in=wanted)
        features = list(rows.select_related("team", "initiative").order_by("pk"))
        today = at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
        parts: dict[int, list[int]] = {}
        for one in features:
            parts.setdefault(one.initiative_id or 0, []).append(one.pk)
        return _Done(
            initiatives, {one.pk: one for one in features}, parts, landed(works.of_features(features, at), today), today
        )

    def of(self, ask: Ask) -> Landing | None:
        """The answer, if it is over; None: it is still ahead."""
        thing = (self.initiatives if ask.noun == "initiative" else self.features).get(ask.pk)
        if thing is None:
            return Landing(None, "it is not there any more")
        return self._of_feature(thing, ask.by) if isinstance(thing, Feature) else self._of_initiative(thing, ask.by)

    def _of_feature(self, feature: Feature, by: date) -> Landing | None:
        if feature.pk not in self.landed:
            return None
        day = self.landed[feature.pk]
        return Landing(0.0, f"{feature.name} was closed before it was finished") if day is None else _in_time(day, by)

    def _of_initiative(self, initiative: Initiative, by: date) -> Landing | None:
        if _ended(initiative, self.today):
            if initiative.verdict == Verdict.STOP:
                return Landing(0.0, f"{initiative.name} was stopped")
            return _in_time(cast(date, initiative.ended_on), by)
        parts = self.parts.get(initiative.pk, [])
        days = [day for one in parts if (day := self.landed.get(one))]
        return _in_time(max(days), by) if days and all(one in self.landed for one in parts) else None


def _ended(thing: Feature | Initiative, today: date) -> bool:
    return thing.ended_on is not None and thing.ended_on <= today


def _in_time(landed: date, by: date) -> Landing:
    return Landing(float(landed <= by), landed_on=landed)


def landed(work: Work, today: date) -> dict[int, date | None]:
    """Of the features that are over: the day they landed; None for those closed with items left."""
    ends = frame.finishes(work.children)
    last = np.zeros(len(work.features), dtype=np.int64)
    np.maximum.at(last, work.feature[ends.done], ends.day[ends.done])
    found: dict[int, date | None] = {}
    for place, feature in enumerate(work.features):
        is_over = _ended(feature, today)
        if work.left[place] == 0 and last[place]:
            found[feature.pk] = day_date(int(last[place]))
        elif is_over and not work.is_broken_down[place]:
            found[feature.pk] = feature.ended_on
        elif is_over:
            found[feature.pk] = None
    return found


def _ahead(asks: Sequence[Ask], done: _Done, at: datetime) -> dict[Ask, Landing]:
    """The chances of what is still to be done, in the queues of all teams that have a part in it."""
    queues, given = _queues(asks, done, at)
    alive = {one.pk: one for one in queues.plan.work.initiatives}
    targets: dict[Ask, Target] = {}
    for ask in asks:
        if ask.noun == "feature":
            entry = queues.entries.get(plans.feature_id(done.features[ask.pk]))
            target = queues.of_entry(entry) if entry else None
        else:
            target = queues.of_initiative(alive[ask.pk]) if ask.pk in alive else None
        if target is not None:
            targets[ask] = replace(target, due_on=ask.by)
    found = {ask: Landing(None, "it was not worked on then") for ask in asks if ask not in targets}
    for part in _apart(targets):
        inputs = asking.only(given, queues, [targets[ask] for ask in part])
        answer = asking.answered(inputs, QUESTION)
        for ask, delivery in zip(part, answer.deliveries, strict=True):
            chance = 1.0 if delivery.is_done else None if delivery.reason else delivery.chance
            found[ask] = Landing(chance, delivery.reason)
    return found


def _apart(targets: dict[Ask, Target]) -> Iterable[list[Ask]]:
    """The asks by the queues they stand in: what is asked of other queues need not be looked at for them."""
    groups: dict[frozenset[int], list[Ask]] = {}
    for ask, target in targets.items():
        groups.setdefault(frozenset(line for line, _ in target.parts), []).append(ask)
    return groups.values()


def _queues(asks: Sequence[Ask], done: _Done, at: datetime) -> tuple[plans.Queues, Inputs]:
    wanted = {ask.pk for ask in asks if ask.noun == "initiative"}
    single = {ask.pk for ask in asks if ask.noun == "feature"}
    mine = [one for one in done.features.values() if one.pk in single or one.initiative_id in wanted]
    links = Initiative.teams.through.objects.filter(initiative__in=wanted).order_by()
    teams = {one.team_id for one in mine} | set(links.values_list("team", flat=True))
    streams = {done.initiatives[pk].stream_id for pk in wanted} | {one.team.stream_id for one in mine}
    zone = ZoneInfo(settings.TIME_ZONE)
    work = works.read(sorted(streams), sorted(teams), at, zone)
    busy = {team for initiative in work.unrefined() for team in work.expected.get(initiative.pk, ())}
    busy |= teams | {feature.team_id for feature in work.features}
    crew = Team.objects.filter(pk__in=busy).select_related("calendar").order_by("name")
    reading = samples.read(list(crew), at, ALL_ITEMS)
    queues = plans.Queues(plans.make(work, reading.teams), QUESTION.wip_limit)
    given = replace(asking.begin(QUESTION, at, zone), teams=tuple(samples.samples(reading, QUESTION, of_queue=True)))
    return queues, given
