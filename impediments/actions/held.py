"""What every verb on an impediment does: hold its row, keep what changed, tell who watches."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from core import audit, live
from impediments.models import Impediment
from impediments.rules import require_work
from portfolio.actions.writing import SIGNATURE, check_version, plain, save
from portfolio.clocks import clock_of
from portfolio.models import Team
from portfolio.rules import Person

# What lies before is a slip of the pen.
EARLIEST = date(1990, 1, 1)


def topics(impediment: Impediment) -> tuple[str, str]:
    """The live topics on which changes of an impediment are told."""
    return "impediments:all", f"impediments:{impediment.pk}"


def publish(impediment: Impediment, kind: str) -> None:
    """Tell who watches; the last thing in a transaction. What changed is only said to those who see the impediment."""
    everywhere, own = topics(impediment)
    live.publish(everywhere, "changed", {})
    live.publish(own, kind, {"id": impediment.pk, "version": impediment.version})


def hold(pk: int) -> Impediment | None:
    """The row as it is now, locked until the transaction ends; None when there is none.

    Without its key: whoever only points at it (a comment, a sync that takes items away from its blocks) need not wait.
    """
    return Impediment.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk).first()


def held(actor: Person, impediment: Impediment, version: int | None = None) -> Impediment:
    """The row as it is now, locked. Raises PermissionDenied, and Conflict when it is not at `version`."""
    row = hold(impediment.pk)
    if row is None:
        raise Impediment.DoesNotExist
    require_work(actor, row)
    check_version(row, version)
    return row


def differences(before: Mapping[str, Any], row: Impediment) -> dict[str, list[object]]:
    """What changed of a row since `values_of`, for the audit trail."""
    now = values_of(row)
    return {name: [plain(old), plain(now[name])] for name, old in before.items() if old != now[name]}


def values_of(row: Impediment) -> dict[str, Any]:
    """Its columns but the version, people and teams as such."""
    names = [field.name for field in row._meta.concrete_fields if not field.primary_key and field.name != "version"]
    return {name: getattr(row, name) for name in names}


def keep(actor: Person, verb: str, row: Impediment, before: Mapping[str, Any], **also: object) -> Impediment:
    """Save a held row with the next version and the audit entry. `also`: what the entry says beside its columns."""
    row.version += 1
    row.full_clean(exclude=SIGNATURE, validate_constraints=False)
    save(row)
    said = {name: plain(value) for name, value in also.items() if value not in (None, "", [])}
    audit.record(actor=actor, verb=verb, target=row, data=differences(before, row) | said)
    return row


def check_open(row: Impediment) -> None:
    """Raise ValidationError when it is resolved."""
    if not row.is_open:
        raise ValidationError(f"“{row}” is resolved: reopen it first.")


def check_team(team: Team, at: datetime, field: str = "team") -> None:
    """Raise ValidationError when the team has ended by then."""
    if team.ended_on and team.ended_on < at.astimezone(team.zone).date():
        day = f"{team.ended_on:%-d %B %Y}"
        raise ValidationError({field: f"{team} ended on {day}: choose the team that carries on its work."})


def since_of(since: date | datetime | None, team: Team, at: datetime) -> datetime:
    """Since when something is in the way: an instant, or of a day the start of its hours (now, if that is to come).

    Raises ValidationError for a day or an instant after `at`, and for one that is absurdly early.
    """
    today = at.astimezone(team.zone).date()
    if since is None:
        return at
    if isinstance(since, datetime):
        found = timezone.make_aware(since, team.zone) if timezone.is_naive(since) else since
    elif since > today:
        raise ValidationError({"since": f"That day is to come: today is {today:%-d %B %Y} where {team} works."})
    else:
        found = min(clock_of(team).start_of(since), at) if since >= EARLIEST else at
    if found > at:
        raise ValidationError({"since": "That is in the future: say since when it has been in the way."})
    day = since.date() if isinstance(since, datetime) else since
    if day < EARLIEST:
        raise ValidationError({"since": f"Give a day from {EARLIEST:%Y} on."})
    return found


def text_of(value: str) -> str:
    """Text as it can be kept: without the characters that the database refuses, and blanks around it."""
    return value.replace("\x00", "").strip()
