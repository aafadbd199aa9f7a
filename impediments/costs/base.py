"""What all costs of impediments share: which were open at an instant, and whose money somebody sees."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q

from impediments.models import BlockedMark, Impediment, Period
from impediments.models.impediments import ImpedimentQuerySet
from portfolio.models import Team, ValueStream
from portfolio.rules import Person, can

CENT = Decimal("0.01")
# An instant so little before days were prepared is now: a job prepares them each minute, while pages are made.
JUST = timedelta(minutes=5)
# An impediment, or its primary key.
Which = Impediment | int


def keys(impediments: Iterable[Which]) -> list[int]:
    """Their primary keys, each once."""
    return sorted({one if isinstance(one, int) else one.pk for one in impediments})


def is_open_at(as_of: datetime) -> Q:
    """Whether an impediment is open at an instant, by its periods, and had been logged by then.

    A duplicate never is: what it blocked is blocked by the one that it was merged into, in the past too.
    """
    goes_on = Q(to_at=None) | Q(to_at__gt=as_of)
    periods = Period.objects.filter(goes_on, impediment=OuterRef("pk"), from_at__lte=as_of)
    return Q(Exists(periods), merged_into=None, logged_at__lte=as_of)


def open_at(impediments: ImpedimentQuerySet, as_of: datetime) -> ImpedimentQuerySet:
    """Those of the impediments that are open at an instant (is_open_at)."""
    return impediments.filter(is_open_at(as_of))


def last_days(teams: Iterable[Team], as_of: datetime) -> dict[int, date]:
    """Per team (primary key) the last day that counts: the last one that is over by as_of; of now the one that goes on,
    as it is. One query.
    """
    found = list(teams)
    made = dict(BlockedMark.objects.filter(team__in=found).values_list("team", "made_at"))
    return {team.pk: _last_day(team, as_of, made.get(team.pk)) for team in found}


def _last_day(team: Team, as_of: datetime, made_at: datetime | None) -> date:
    """`made_at`: when its days were prepared; what is before that is past."""
    if made_at is None or made_at <= as_of + JUST:
        return as_of.astimezone(team.zone).date()
    return (as_of + timedelta(microseconds=1)).astimezone(team.zone).date() - timedelta(1)


def money_streams(user: Person) -> frozenset[int]:
    """The value streams (primary keys) whose money `user` may see: one query."""
    return frozenset(one.pk for one in ValueStream.objects.all() if can(user, "see_money", one))


def added(amounts: Collection[Decimal | None]) -> Decimal | None:
    """The sum to the cent of what is known; None where nothing is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)).quantize(CENT) if known else None
