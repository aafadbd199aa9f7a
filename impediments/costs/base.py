"""What all costs of impediments share: which were open at an instant, and whose money somebody sees."""

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q

from impediments.models import Impediment, Period
from impediments.models.impediments import ImpedimentQuerySet
from portfolio.models import ValueStream
from portfolio.rules import Person, can

CENT = Decimal("0.01")
# An impediment, or its primary key.
Which = Impediment | int


def keys(impediments: Iterable[Which]) -> list[int]:
    """Their primary keys, each once."""
    return sorted({one if isinstance(one, int) else one.pk for one in impediments})


def open_at(impediments: ImpedimentQuerySet, as_of: datetime) -> ImpedimentQuerySet:
    """Those of the impediments that are open at an instant, by their periods."""
    goes_on = Q(to_at=None) | Q(to_at__gt=as_of)
    return impediments.filter(Exists(Period.objects.filter(goes_on, impediment=OuterRef("pk"), from_at__lte=as_of)))


def money_streams(user: Person) -> frozenset[int]:
    """The value streams (primary keys) whose money `user` may see: one query."""
    return frozenset(one.pk for one in ValueStream.objects.all() if can(user, "see_money", one))


def added(amounts: Collection[Decimal | None]) -> Decimal | None:
    """The sum to the cent of what is known; None where nothing is."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)).quantize(CENT) if known else None
