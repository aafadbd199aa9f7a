"""Impediments are logged, changed and taken."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from accounts.models import User
from impediments.actions.blocking import Items, begin_blocks, check_items, keys_of
from impediments.actions.held import (
    check_open,
    check_team,
    held,
    keep,
    publish,
    since_of,
    text_of,
    values_of,
)
from impediments.actions.spells import begin_spell, reckon
from impediments.actions.telling import tell_logged, tell_owner
from impediments.limits import Limits
from impediments.models import EXTERNAL, Impediment, Period, State, Via
from impediments.notices import readers
from impediments.rules import require_log
from metrics.actions import blocks as facts
from metrics.models import BlockedStay
from portfolio.actions.writing import create
from portfolio.models import Team
from portfolio.rules import Person

TEXTS = ("what", "description", "asked")
# What change_impediment takes; the rest has verbs of its own.
FIELDS = {*TEXTS, "category", "team", "is_external", "promised_on", "owner", "since"}


def log_impediment(
    *,
    actor: Person,
    what: str,
    category: str,
    team: Team,
    items: Items = (),
    since: date | datetime | None = None,
    description: str = "",
    is_external: bool | None = None,
    asked: str = "",
    promised_on: date | None = None,
    owner: User | None = None,
    via: str = Via.PAGE,
    at: datetime | None = None,
    begins: Mapping[int, datetime] | None = None,
) -> Impediment:
    """Something is in the way of a team, since an instant or a day (default: now); its items are blocked since then.

    `begins`: of items (primary keys) that are blocked since later than that, since when. `is_external` None: by the
    category. `at`: when it was logged (default: now), for histories that are loaded. Raises ValidationError for
    a team that has ended, for a time to come, and for items that cannot be blocked.
    """
    require_log(actor, team)
    at = at or timezone.now()
    check_team(team, at)
    _check_owner(owner, team)
    since_at = since_of(since, team, at)
    row = Impediment(
        what=text_of(what),
        description=text_of(description),
        category=category,
        team=team,
        is_external=category in EXTERNAL if is_external is None else is_external,
        asked=text_of(asked),
        promised_on=promised_on,
        owner=owner,
        since_at=since_at,
        logged_at=at,
        logged_by=actor if isinstance(actor, User) else None,
        via=via,
    )
    with transaction.atomic():
        chosen = check_items(actor, items, since_at)
        with facts.changing([item.pk for item in chosen]):
            create(actor, "logged", row, {"items": keys_of(chosen)} if chosen else None)
            Period.objects.create(impediment=row, from_at=since_at)
            begin_spell(row, at)
            begin_blocks(row, chosen, since_at, begins)
        tell_logged(row, actor)
        tell_owner(row, actor)
        publish(row, "logged")
    return row


def _sees(owner: User, team: Team) -> bool:
    """Whether somebody sees the impediments of a team, also those that are not theirs."""
    return readers(Impediment(team=team)).filter(pk=owner.pk).exists()


def _check_owner(owner: User | None, team: Team) -> None:
    if owner is None:
        return
    if not owner.is_active:
        raise ValidationError({"owner": f"{owner} is not active any more: choose somebody else."})
    if not _sees(owner, team):
        # Without their name: an owner may be said by number.
        raise ValidationError({"owner": f"Whoever acts has to see what slows {team} down: choose somebody who does."})


def change_impediment(
    *, actor: Person, impediment: Impediment, version: int | None = None, at: datetime | None = None, **fields: Any
) -> Impediment:
    """`fields`: what, description, category, team, is_external, asked, promised_on, owner, since.

    Another team's calendar, or another category's limit, hold from the beginning of the level's clock. Blocks that
    began when it did follow a new `since`. An owner who does not see another team's impediments is its owner no more;
    the audit entry says so. Nothing is written when nothing differs.
    """
    if unknown := set(fields) - FIELDS:
        raise ValidationError(f"An impediment has no {', '.join(sorted(unknown))} to change.")
    at = at or timezone.now()
    with transaction.atomic():
        row = held(actor, impediment, version)
        before = values_of(row)
        note = _set(actor, row, fields, at)
        changed = {name for name, value in values_of(row).items() if value != before[name]}
        if not changed:
            return row
        keep(actor, "changed", row, before, note=note)
        _follow(row, changed, before["since_at"], at)
        if "owner" in changed:
            tell_owner(row, actor)
        publish(row, "changed")
    return row


def _set(actor: Person, row: Impediment, fields: dict[str, Any], at: datetime) -> str:
    """Set the columns; what is to be said of it beside them."""
    team, note = fields.get("team", row.team), ""
    if team != row.team:
        require_log(actor, team)
        check_team(team, at)
    if "owner" in fields and fields["owner"] != row.owner:
        _check_owner(fields["owner"], team)
    elif team != row.team and row.owner is not None and not _sees(row.owner, team):
        fields, note = {**fields, "owner": None}, f"its owner does not see what slows {team} down"
    for name in FIELDS & fields.keys() - {"since"}:
        setattr(row, name, text_of(fields[name]) if name in TEXTS else fields[name])
    if fields.get("since") is not None:
        row.since_at = _new_since(row, fields["since"], at)
    return note


def _new_since(row: Impediment, since: date | datetime, at: datetime) -> datetime:
    """Not after it was logged, nor after its first time was over."""
    if not isinstance(since, datetime) and since == row.since_at.astimezone(row.team.zone).date():
        # The same day: the hour that is known stays.
        return row.since_at
    found = since_of(since, row.team, at)
    first = row.periods.order_by("from_at").first()
    latest = min([row.logged_at, *([first.to_at] if first and first.to_at else [])])
    if found <= latest:
        return found
    if not isinstance(since, datetime) and since == latest.astimezone(row.team.zone).date():
        return latest
    raise ValidationError(
        {"since": f"It was logged on {row.logged_at.astimezone(row.team.zone):%-d %B %Y}, after that."}
    )


def _follow(row: Impediment, changed: set[str], since_before: datetime, at: datetime) -> None:
    """What depends on its columns: the level's limit and clock, the first period, reasons and beginnings of blocks."""
    if "category" in changed:
        limit = Limits().of(row.level, row.category)
        row.spells.filter(to_at=None).update(limit_hours=limit)
    if changed & {"category", "team"}:
        reckon(row, at)
    if changed & {"since_at", "what"}:
        # All sources at once, in their order.
        with facts.changing(list(row.blocks.exclude(item=None).values_list("item", flat=True))):
            if "since_at" in changed:
                _move_since(row, since_before)
            if "what" in changed:
                facts.reword(stays=_own_stays(row), reason=row.what)


def _own_stays(row: Impediment) -> list[int]:
    rows = row.blocks.filter(stay__source=None).exclude(stay=None)
    return list(rows.values_list("stay", flat=True))


def _begin_of_stay() -> Subquery:
    return Subquery(BlockedStay.objects.filter(pk=OuterRef("stay")).values("from_at"))


def _move_since(row: Impediment, before: datetime) -> None:
    first = row.periods.order_by("from_at").first()
    if first is not None:
        first.from_at = row.since_at
        first.save(update_fields=["from_at"])
    moved = list(row.blocks.filter(from_at=before, stay__source=None).exclude(stay=None))
    facts.shift(stays=[block.stay_id for block in moved if block.stay_id], from_at=row.since_at)
    row.blocks.filter(pk__in=[block.pk for block in moved]).update(from_at=_begin_of_stay())


def take(
    *, actor: Person, impediment: Impediment, version: int | None = None, at: datetime | None = None
) -> Impediment:
    """`actor` becomes its owner; one that is new is in progress from now on."""
    if not isinstance(actor, User):
        raise ValidationError("Somebody takes it: the portal cannot.")
    with transaction.atomic():
        row = held(actor, impediment, version)
        check_open(row)
        before = values_of(row)
        row.owner = actor
        if row.state == State.NEW:
            row.state = State.ACTIVE
        if values_of(row) != before:
            keep(actor, "took", row, before)
            publish(row, "took")
    return row
