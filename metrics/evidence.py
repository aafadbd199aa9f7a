"""What decisions rest on, of work: how likely the next milestone lands, and how work flows (portfolio/evidence.py)."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.urls import reverse
from django.utils import timezone

from metrics.epics import sizes
from metrics.forecasts.landing import Ask, Landing, landings
from metrics.formulas.forecast.shown import shown_chance
from metrics.measurement import Window
from metrics.queries import measure_many
from portfolio.evidence import Fact, Sign, Subject
from portfolio.models import Feature, Initiative, ValueStream
from portfolio.queries import find_scope

# Below this chance of the next milestone the sign holds.
UNLIKELY = 0.2
# Flow is told of so many days up to the day asked about.
WINDOW_DAYS = 90


class Milestone(NamedTuple):
    """What is due next: an initiative, or a feature of it, by a day."""

    name: str
    ask: Ask


def milestones(ids: Collection[int], at: datetime) -> dict[int, Milestone]:
    """The next milestone of each initiative: the earliest day, from today on, that it or an open feature is due.

    Where all such days are over, the latest of them, missed; without any an initiative is left out. Two queries.
    """
    today = timezone.localdate(at)
    wholes = Initiative.objects.filter(pk__in=ids).exclude(due_on=None).values_list("pk", "pk", "name", "due_on")
    parts = Feature.objects.filter(initiative__in=ids, ended_on=None).exclude(due_on=None).order_by("rank", "pk")
    found: dict[int, list[Milestone]] = {}
    for owner, pk, name, due in wholes.order_by("pk"):
        if due is not None:
            found.setdefault(owner, []).append(Milestone(name, Ask("initiative", pk, due)))
    for owner, pk, name, due in parts.values_list("initiative", "pk", "name", "due_on"):
        if owner is not None and due is not None:
            found.setdefault(owner, []).append(Milestone(name, Ask("feature", pk, due)))
    return {pk: _next(own, today) for pk, own in found.items()}


def _next(own: Sequence[Milestone], today: date) -> Milestone:
    ahead = [one for one in own if one.ask.by >= today]
    return min(ahead, key=lambda one: one.ask.by) if ahead else max(own, key=lambda one: one.ask.by)


def landing_signs(ids: Collection[int], at: datetime) -> dict[int, Sign]:
    """Whether the next milestone of each initiative lands with less than 20 %."""
    due = milestones(ids, at)
    known = landings([one.ask for one in due.values()], at)
    found = {pk: Sign(None, "nothing of it has a due date") for pk in ids if pk not in due}
    return found | {pk: _sign(one, known[one.ask], timezone.localdate(at)) for pk, one in due.items()}


def _sign(milestone: Milestone, landing: Landing, today: date) -> Sign:
    by = f"“{milestone.name}”, due on {milestone.ask.by:%-d %b %Y},"
    if landing.landed_on is not None:
        return Sign(False, f"{by} has landed")
    if landing.chance is None:
        return Sign(None, f"the landing of {by} cannot be told: {landing.reason}")
    if milestone.ask.by < today:
        return Sign(True, f"{by} is not finished", f"{milestone.ask.noun}:{milestone.ask.pk}:{milestone.ask.by}:missed")
    holds = landing.chance < UNLIKELY
    return Sign(holds, f"{by} lands with {shown_chance(landing.chance)}", _fingerprint(milestone))


def _fingerprint(milestone: Milestone) -> str:
    """A milestone that stays unlikely is no news; another one, or another day, is."""
    return f"{milestone.ask.noun}:{milestone.ask.pk}:{milestone.ask.by}"


def facts(subject: Subject, at: datetime) -> Iterator[Fact]:
    """Of an initiative: its next milestone, and how much of it is done. Of a value stream: how its work flows."""
    return _of_initiative(subject, at) if isinstance(subject, Initiative) else _of_stream(subject, at)


def _of_initiative(one: Initiative, at: datetime) -> Iterator[Fact]:
    due = milestones([one.pk], at).get(one.pk)
    if due is not None:
        landing = landings([due.ask], at)[due.ask]
        shown = f"landed on {landing.landed_on:%-d %b %Y}" if landing.landed_on else shown_chance(landing.chance)
        why = f": {landing.reason}" if landing.chance is None else ""
        text = f"{shown}{why} (“{due.name}” by {due.ask.by:%-d %b %Y})"
        yield Fact("landing", "Chance that the next milestone lands", text, landing.chance, address=_forecast(one))
    features = Feature.objects.filter(initiative=one).order_by().values_list("pk", flat=True)
    known = sizes(list(features), at).values()
    total, still_open = sum(size.items for size in known), sum(size.open for size in known)
    if total:
        text = f"{total - still_open} of {total} items"
        yield Fact("done", "Finished of it", text, (total - still_open) / total, address=_forecast(one))


def _forecast(one: Initiative) -> str:
    return f"{reverse('forecast')}?scope=stream:{one.stream.slug}"


def _of_stream(stream: ValueStream, at: datetime) -> Iterator[Fact]:
    scope = find_scope(f"stream:{stream.slug}", None)
    last = timezone.localdate(at)
    window = Window(last - timedelta(days=WINDOW_DAYS - 1), last)
    address = f"{reverse('flow')}?scope={scope.text}"
    found = measure_many(["throughput", "cycle_time"], scope, window, at)
    for key, label, unit in (("throughput", "Items finished", "items"), ("cycle_time", "85 % of items within", "days")):
        value = found[key].value if key == "throughput" else found[key].percentiles.get(85)
        if value is not None:
            yield Fact(key, f"{label} in {WINDOW_DAYS} days", f"{value:g} {unit}", float(value), unit, address=address)
