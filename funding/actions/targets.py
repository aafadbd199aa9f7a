"""Which share of spend each horizon should have."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from core import audit
from funding.models import HorizonTarget
from portfolio.models import Horizon, ValueStream
from portfolio.rules import Person, require

LOCK = "SELECT pg_advisory_xact_lock(hashtext('funding_horizontarget'), %s)"


def set_targets(
    *,
    actor: Person,
    shares: Mapping[str, int],
    tolerances: Mapping[str, int] | None = None,
    stream: ValueStream | None = None,
) -> None:
    """Set the shares of spend per horizon in per cent, together 100: of a value stream or (None) of the portfolio.

    All empty takes them away; a stream then has the portfolio's. `tolerances` are in percentage points, 5 where not
    said. A horizon left out of given shares has 0. Raises ValidationError by field (h0 … h3, h0_tolerance …).
    """
    require(actor, "manage_money", stream)
    wanted = {h.value: (shares.get(h.value, 0), (tolerances or {}).get(h.value, 5)) for h in Horizon} if shares else {}
    _check(shares, wanted)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(LOCK, [stream.pk if stream else 0])
        rows = HorizonTarget.objects.filter(stream=stream)
        before = {row.horizon: (row.share, row.tolerance) for row in rows}
        if before == wanted:
            return
        rows.delete()
        made = [HorizonTarget(stream=stream, horizon=h, share=s, tolerance=t) for h, (s, t) in wanted.items()]
        HorizonTarget.objects.bulk_create(made)
        _audit(actor, stream, before, wanted)


def _check(shares: Mapping[str, int], wanted: Mapping[str, tuple[int, int]]) -> None:
    if unknown := sorted(set(shares) - set(Horizon.values)):
        raise ValidationError({"shares": f"There is no horizon “{unknown[0]}”: use {', '.join(Horizon.values)}."})
    for horizon, (share, tolerance) in wanted.items():
        if not 0 <= share <= 100:
            raise ValidationError({horizon: "Give a share between 0 and 100 %."})
        if not 0 <= tolerance <= 100:
            raise ValidationError({f"{horizon}_tolerance": "Give between 0 and 100 percentage points."})
    if wanted and (total := sum(share for share, _ in wanted.values())) != 100:
        raise ValidationError(f"The shares are {total} % together: they must be 100 %, or all empty for none.")


def _audit(
    actor: Person,
    stream: ValueStream | None,
    before: Mapping[str, tuple[int, int]],
    wanted: Mapping[str, tuple[int, int]],
) -> None:
    data = {h: [_said(before.get(h)), _said(wanted.get(h))] for h in sorted({*before, *wanted})}
    # The portfolio has no row: the kind of what was set stands for it.
    target = stream or HorizonTarget(horizon="shares", share=100, tolerance=0)
    audit.record(actor=actor, verb="set the horizon shares of", target=target, data=data)


def _said(one: tuple[int, int] | None) -> str:
    return "" if one is None else f"{one[0]} % ± {one[1]}"
