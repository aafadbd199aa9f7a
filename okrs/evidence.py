"""What decisions rest on, of objectives: confidence and chances of key results, and value for money."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from django.db.models import Q
from django.utils import timezone

from funding.queries import spend_by_initiative
from metrics.kpis import value_text
from okrs.chances import chances
from okrs.models import CheckIn, Contribution, KeyResult
from okrs.queries import standings
from okrs.value import delivered_value, value_of_initiatives
from portfolio.evidence import Fact, Sign, Subject
from portfolio.models import Initiative, ValueStream

# Fell three times in a row: four check-ins, each below the one before.
FALLING = 4
# Money and value are compared over so many days.
VALUE_DAYS = 91
# In a value stream with fewer initiatives that cost something and should move a key result there is no worst quarter.
FEWEST_PEERS = 4


def running(ids: Collection[int], day: date) -> dict[int, list[int]]:
    """Per initiative the key results of running cycles that it, or a feature of it, should move. One query."""
    meant = Q(key_result__objective__cycle__starts_on__lte=day, key_result__objective__cycle__ends_on__gte=day)
    linked = Q(initiative__in=ids) | Q(feature__initiative__in=ids)
    rows = Contribution.objects.filter(meant & linked).order_by("key_result")
    found: dict[int, list[int]] = {}
    for key_result, own, parent in rows.values_list("key_result", "initiative", "feature__initiative"):
        mine = found.setdefault(own or parent, [])
        if key_result not in mine:
            mine.append(key_result)
    return found


def confidence_signs(ids: Collection[int], at: datetime) -> dict[int, Sign]:
    """Whether the confidence in a key result of the initiative fell three times in a row. Three queries."""
    day = timezone.localdate(at)
    owned = running(ids, day)
    wanted = {pk for own in owned.values() for pk in own}
    names = dict(KeyResult.objects.filter(pk__in=wanted).values_list("pk", "name"))
    said = _confidences(wanted, day)
    return {pk: _confidence(owned.get(pk, []), names, said) for pk in ids}


Said = Mapping[int, list[tuple[date, int]]]


def _confidences(wanted: Collection[int], day: date) -> Said:
    """Per key result what people said of their confidence by `day`, oldest first."""
    rows = CheckIn.objects.filter(key_result__in=wanted, on__lte=day, confidence__isnull=False)
    found: dict[int, list[tuple[date, int]]] = {}
    for pk, on, sure in rows.order_by("key_result", "on").values_list("key_result", "on", "confidence"):
        found.setdefault(pk, []).append((on, sure or 0))
    return found


def _confidence(own: Collection[int], names: Mapping[int, str], said: Said) -> Sign:
    if not own:
        return Sign(None, "it is linked to no key result of a running cycle")
    known = {pk: said.get(pk, [])[-FALLING:] for pk in own}
    for pk, last in known.items():
        levels = [sure for _, sure in last]
        if len(levels) == FALLING and all(later < earlier for earlier, later in pairwise(levels)):
            text = f"confidence in “{names[pk]}” fell three times in a row ({', '.join(map(str, levels))})"
            return Sign(True, text, f"{pk}:{last[-1][0]}")
    if all(len(last) < FALLING for last in known.values()):
        return Sign(None, f"none of its key results has the {FALLING} check-ins that it takes to tell a fall")
    return Sign(False, "confidence in none of its key results fell three times in a row")


def value_signs(ids: Collection[int], at: datetime) -> dict[int, Sign]:
    """Whether an initiative is in the worst quarter of its own value stream by spend per delivered value."""
    day = timezone.localdate(at)
    first = day - timedelta(days=VALUE_DAYS - 1)
    home = dict(Initiative.objects.filter(pk__in=ids).order_by().values_list("pk", "stream"))
    peers = dict(Initiative.objects.filter(stream__in=set(home.values())).order_by().values_list("pk", "stream"))
    spent = _spent(peers, first, at)
    value = value_of_initiatives(first, day)
    by_stream: dict[int, dict[int, tuple[float, float]]] = {}
    for pk, stream in peers.items():
        if spent.get(pk, 0) > 0 and pk in value:
            by_stream.setdefault(stream, {})[pk] = (float(spent[pk]), value[pk])
    worst = {stream: worst_quarter(own) for stream, own in by_stream.items()}
    return {pk: _value(pk, by_stream.get(stream, {}), worst.get(stream)) for pk, stream in home.items()}


def _spent(ids: Collection[int], first: date, at: datetime) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for (_, pk), amount in spend_by_initiative(first, timezone.localdate(at), at, initiatives=ids).items():
        if pk is not None:
            found[pk] = found.get(pk, Decimal(0)) + amount
    return found


def worst_quarter(own: Mapping[int, tuple[float, float]]) -> frozenset[int] | None:
    """Of things with (spend, value) those that spend the most per value: a quarter of them, rounded down, and what is
    level with the last of these. Spend without value is worst, the more the worse. None: too few to tell.
    """
    if len(own) < FEWEST_PEERS:
        return None
    keys = {pk: (1, spend) if value <= 0 else (0, spend / value) for pk, (spend, value) in own.items()}
    ranked = sorted(keys.values(), reverse=True)
    cut = ranked[len(own) // 4 - 1]
    return frozenset(pk for pk, key in keys.items() if key >= cut)


def _value(pk: int, own: Mapping[int, tuple[float, float]], worst: frozenset[int] | None) -> Sign:
    if pk not in own:
        text = "it cost nothing or should move no key result, so its value for money cannot be told"
        return Sign(None, text, is_money=True)
    if worst is None:
        n = len(own)
        initiatives = "1 initiative" if n == 1 else f"{n} initiatives"
        text = f"its value stream has {initiatives} with spend and key results, too few for a worst quarter"
        return Sign(None, text, is_money=True)
    said = f"spend per delivered value of the last {VALUE_DAYS} days"
    if pk in worst:
        return Sign(True, f"{said} is in the worst quarter of its value stream", "worst", is_money=True)
    return Sign(False, f"{said} is not in the worst quarter of its value stream", is_money=True)


def facts(subject: Subject, at: datetime) -> Iterator[Fact]:
    """Of an initiative: its key results with confidence and chance. Of a value stream: what it delivered, and these."""
    day = timezone.localdate(at)
    if isinstance(subject, Initiative):
        rows = KeyResult.objects.filter(pk__in=running([subject.pk], day).get(subject.pk, []))
    else:
        own = Q(objective__stream=subject) | Q(objective__team__stream=subject)
        rows = KeyResult.objects.filter(own, objective__cycle__starts_on__lte=day, objective__cycle__ends_on__gte=day)
        yield from _delivered(subject, day)
    found = list(rows.select_related("objective").order_by("objective", "position", "pk"))
    known, likely = standings(found, at), chances(found, at)
    for one in found:
        now = known[one.pk]
        value = "no check-in yet" if now.value is None else value_text(round(now.value, 2), one.unit)
        sure = "no confidence" if now.confidence is None else f"confidence {now.confidence} of 10"
        text = f"{value} ({round(now.share)} %), {sure}, chance {likely[one.pk].shown}"
        yield Fact(f"key_result.{one.pk}", f"Key result: {one.name}", text, now.value, one.unit, address=_address(one))


def _address(one: KeyResult) -> str:
    from django.urls import NoReverseMatch, reverse

    try:
        return reverse("objective", args=[one.objective_id])
    except NoReverseMatch:
        return ""


def _delivered(stream: ValueStream, day: date) -> Iterator[Fact]:
    value = delivered_value([stream], day - timedelta(days=VALUE_DAYS - 1), day).get(stream.pk)
    if value is not None:
        label = f"Delivered value in {VALUE_DAYS} days (weight × progress)"
        yield Fact("delivered_value", label, f"{value:.2f}", value)
