"""Budgets of value streams by quarter: set once, amended with a reason, never rewritten."""

from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from core import audit
from funding.formulas.forecast import CENT
from funding.models import Amendment
from portfolio.models import ValueStream
from portfolio.quarters import Quarter
from portfolio.rules import Person, require

FIRST = "First budget of the quarter"


def set_budget(
    *,
    actor: Person,
    stream: ValueStream,
    quarter: Quarter,
    amount: Decimal,
    reason: str = "",
    seen: int | None = None,
    at: datetime | None = None,
) -> Amendment:
    """Set or amend the budget of a value stream for a quarter that is not over; an amendment needs a reason.

    `seen` is the id of the amendment the writer saw (0: there was none): when there is a newer one, it is refused with
    the code "stale". `at` is for the portal itself (demo, imports): when it was set. Setting the same amount again
    writes nothing. Raises ValidationError by field.
    """
    require(actor, "manage_money", stream)
    now = at or timezone.now()
    with transaction.atomic():
        row = ValueStream.objects.select_for_update(no_key=True).get(pk=stream.pk)
        _check_time(row, quarter, now)
        before = _latest(row, quarter)
        _check_seen(before, seen)
        if before is not None and before.amount == amount:
            return before
        if before is not None and not reason.strip():
            raise ValidationError({"reason": "Say why the budget changes: an amendment keeps its reason."})
        return _write(actor, row, quarter, amount, reason.strip() or FIRST, now, before)


def _write(
    actor: Person,
    stream: ValueStream,
    quarter: Quarter,
    amount: Decimal,
    reason: str,
    now: datetime,
    before: Amendment | None,
) -> Amendment:
    by = getattr(actor, "pk", None)
    made = Amendment(stream=stream, quarter=quarter.first, amount=amount, at=now, by_id=by, reason=reason)
    made.full_clean(exclude={"by"})
    made.amount = made.amount.quantize(CENT)
    made.save()
    data = {"quarter": quarter.name, "amount": [str(before.amount) if before else None, str(made.amount)]}
    audit.record(actor=actor, verb="set the budget of", target=stream, data=data | {"reason": reason})
    return made


def _latest(stream: ValueStream, quarter: Quarter) -> Amendment | None:
    return stream.amendments.filter(quarter=quarter.first).select_related("by").order_by("-at", "-id").first()


def _check_time(stream: ValueStream, quarter: Quarter, now: datetime) -> None:
    if quarter.last < timezone.localdate(now):
        raise ValidationError({"quarter": f"{quarter.name} is over: the budget of a past quarter stays as it was."})
    if stream.ended_on and stream.ended_on < quarter.first:
        raise ValidationError({"quarter": f"{stream} ended on {stream.ended_on:%-d %b %Y}, before {quarter.name}."})


def _check_seen(before: Amendment | None, seen: int | None) -> None:
    """Refuse to write over what somebody else wrote meanwhile."""
    if seen is None or seen == (before.pk if before else 0):
        return
    told = "The budget was changed meanwhile."
    if before is not None:
        who = before.by or "The portal"
        told = f"{who} set it to {before.amount:,.2f} on {timezone.localtime(before.at):%-d %b %Y, %H:%M} meanwhile."
    raise ValidationError(f"{told} Yours was not written: look again, and save it again if it still holds.", "stale")
