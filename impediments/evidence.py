"""What decisions rest on, of impediments: how many are open, what they took, what they delay."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from core.templatetags.ui import money
from impediments import costs
from impediments.models import Block, Impediment
from impediments.templatetags.impediment_costs import days, one
from portfolio.evidence import Fact, Subject
from portfolio.models import Initiative, ValueStream

# What was taken lately: so many days.
LATELY = 28


def facts(subject: Subject, at: datetime) -> list[Fact]:
    """Of a value stream: open impediments, what they took lately and delay. Of an initiative: what delays it."""
    return list(_of_initiative(subject, at) if isinstance(subject, Initiative) else _of_stream(subject, at))


def _of_initiative(initiative: Initiative, at: datetime) -> Iterator[Fact]:
    """The impediments that block its items at an instant."""
    blocks = Block.objects.filter(from_at__lte=at).exclude(to_at__lte=at)
    open_ones = costs.open_at(Impediment.objects.filter(pk__in=blocks.values("impediment")), at)
    found = costs.delay(list(open_ones), at)
    mine = [part for late in found.values() for part in late.parts if part.initiative == initiative.pk]
    if not mine:
        return
    address = reverse("initiative", args=[initiative.slug])
    yield Fact("impediments", "Impediments that block its items", str(len(mine)), len(mine), address=address)
    yield from _delay([max(mine, key=lambda part: part.days or 0)], address)


def _of_stream(stream: ValueStream, at: datetime) -> Iterator[Fact]:
    teams = list(stream.teams.values_list("pk", flat=True))
    open_ones = list(costs.open_at(Impediment.objects.filter(team__in=teams), at))
    address = f"{reverse('impediment-costs')}?scope=stream:{stream.slug}"
    if n := len(open_ones):
        yield Fact("impediments", "Open impediments", str(n), n, address=address)
    first = timezone.localdate(at) - timedelta(LATELY - 1)
    took_some = Impediment.objects.filter(days__team__in=teams, days__on__gte=first, logged_at__lte=at).distinct()
    took = costs.whole(
        part for took in costs.capacity(took_some, first, as_of=at, teams=teams).values() for part in took.parts
    )
    if took.days:
        text = f"{days(took.team_days)} team day{one(took.team_days)}"
        yield Fact("blocked_days", f"Taken by impediments in {LATELY} days", text, took.team_days, "team days",
                   address=address)  # fmt: skip
    if took.days and took.amount is not None:
        text = partly(money(took.amount), took.reason)
        yield Fact("blocked_cost", f"Capacity cost of impediments in {LATELY} days", text,
                   float(took.amount), settings.CURRENCY, is_money=True, address=address)  # fmt: skip
    late = costs.together(costs.delay(open_ones, at).values())
    yield from _delay([part for part in late.parts if part.stream == stream.pk], address)


def _delay(slips: list[costs.Slip], address: str) -> Iterator[Fact]:
    """By how much initiatives land later; nothing where they do not."""
    weeks = max((slip.weeks or 0 for slip in slips), default=0)
    if not weeks:
        return
    text = f"{days(weeks)} week{one(weeks)}"
    yield Fact("slip", "Delayed by impediments, at most", text, round(weeks, 2), "weeks", address=address)
    if amount := costs.added([slip.amount for slip in slips]):
        unknown = dict.fromkeys(_unknown(slip) for slip in slips if slip.amount is None and slip.days != 0)
        text = partly(money(amount), " and ".join(unknown))
        yield Fact("delay_cost", "Delay cost of impediments", text, float(amount), settings.CURRENCY,
                   is_money=True, address=address)  # fmt: skip


def partly(text: str, reason: str) -> str:
    """An amount in words, and what it lacks if it is not whole."""
    return f"{text} in part: {reason}" if reason else text


def _unknown(slip: costs.Slip) -> str:
    return slip.reason or f"nobody said what a week of delay of {slip.name} costs"
