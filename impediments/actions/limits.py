"""Limits of levels, for all categories or one; a new limit holds for the clocks that run, too."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from core import audit
from impediments.actions.spells import reckon_all
from impediments.limits import Limits
from impediments.models import Limit
from portfolio.actions.writing import SIGNATURE, plain, save
from portfolio.rules import Person, require

LEVELS = (1, 2, 3)
# Who sets the first limit has no row to wait for.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('impediments_limit'))"


def _held(level: int, category: str) -> Limit | None:
    """The limit as it is now; nobody else sets or removes one until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(ONE_AT_A_TIME)
    return Limit.objects.select_for_update().filter(level=level, category=category).first()


def set_limit(*, actor: Person, level: int, category: str = "", hours: Decimal) -> Limit:
    """A level has so many business hours before the next one is asked; `category` "": for all that have no own."""
    require(actor, "manage_impediments")
    if level not in LEVELS:
        raise ValidationError({"level": "Levels 1 to 3 have a limit: nobody is above level 4."})
    with transaction.atomic():
        row = _held(level, category)
        before = row.hours if row else Limits().of(level, category)
        row = row or Limit(level=level, category=category)
        if row.pk and row.hours == hours:
            return row
        row.hours = hours
        row.full_clean(exclude=SIGNATURE, validate_constraints=False)
        save(row)
        audit.record(actor=actor, verb="set the limit", target=row, data={"hours": [plain(before), plain(hours)]})
        # The clocks that run follow.
        reckon_all(timezone.now())
    return row


def remove_limit(*, actor: Person, level: int, category: str = "") -> None:
    """The level has its default again (a category: the limit of its level). None there: nothing."""
    require(actor, "manage_impediments")
    with transaction.atomic():
        row = _held(level, category)
        if row is None:
            return
        data = {"hours": plain(row.hours)}
        audit.record(actor=actor, verb="removed the limit", target=row, data=data)
        row.delete()
        # The clocks that run follow.
        reckon_all(timezone.now())
