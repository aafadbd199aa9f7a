"""What people do to the organisation: each verb checks the actor, is one transaction and leaves one audit entry.

`actor` None is the portal itself (commands, the demo organisation). Invalid values raise ValidationError by field.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from django.utils.text import slugify

from accounts.models import User
from core import audit
from portfolio.actions.writing import change, create, delete, plain, short_name
from portfolio.models import Grant, Holiday, Membership, Role, Service, Team, TeamCost, ValueStream, WorkingCalendar
from portfolio.rules import Person, require


def create_stream(*, actor: Person, name: str, slug: str = "", **fields: Any) -> ValueStream:
    """`fields`: description, position, started_on, ended_on. The slug is made from the name when not given."""
    require(actor, "manage_organisation")
    return create(actor, "created", ValueStream(name=name, slug=short_name(name, slug, 60), **fields))


def change_stream(*, actor: Person, stream: ValueStream, **fields: Any) -> ValueStream:
    require(actor, "manage_organisation")
    return change(actor, "changed", stream, fields)


def end_stream(*, actor: Person, stream: ValueStream, on: date) -> ValueStream:
    """`on` is its last day; it keeps its history. Refused while teams in it go on after that day."""
    require(actor, "manage_organisation")
    running = stream.teams.exclude(ended_on__lte=on).count()
    if running:
        teams = "1 team goes" if running == 1 else f"{running} teams go"
        raise ValidationError({"on": f"{teams} on after that day: end or move them first."})
    return change(actor, "ended", stream, {"ended_on": on})


def reopen_stream(*, actor: Person, stream: ValueStream) -> ValueStream:
    require(actor, "manage_organisation")
    return change(actor, "reopened", stream, {"ended_on": None})


def default_calendar() -> WorkingCalendar:
    """The calendar of teams that name none: Monday to Friday, 9 to 17, without holidays."""
    return WorkingCalendar.objects.get_or_create(name="Monday to Friday")[0]


def create_team(
    *,
    actor: Person,
    stream: ValueStream,
    name: str,
    slug: str = "",
    calendar: WorkingCalendar | None = None,
    **fields: Any,
) -> Team:
    """`fields`: timezone, cost_per_day (from its first day on), planning_unit, started_on, ended_on."""
    require(actor, "manage_teams", stream)
    team = Team(
        stream=stream, name=name, slug=slug or slugify(name)[:60], calendar=calendar or default_calendar(), **fields
    )
    with transaction.atomic():
        made = create(actor, "created", team)
        _keep_cost(made, made.started_on or timezone.localdate())
    return made


def change_team(*, actor: Person, team: Team, cost_from: date | None = None, **fields: Any) -> Team:
    """Moving a team needs the right to make teams in the stream it goes to.

    A new `cost_per_day` counts from the day `cost_from` on (default: today); what was valid before stays.
    """
    require(actor, "manage_team", team)
    if "stream" in fields and fields["stream"] != team.stream:
        require(actor, "manage_teams", fields["stream"])
    with transaction.atomic():
        before = Team.objects.values_list("cost_per_day", flat=True).get(pk=team.pk)
        changed = change(actor, "changed", team, fields)
        if changed.cost_per_day != before or cost_from:
            _keep_cost(changed, cost_from or timezone.localdate())
    return changed


def _keep_cost(team: Team, valid_from: date) -> None:
    """Remember what a team costs from a day on. No cost any more counts as 0 from then on, if it ever had one."""
    if team.cost_per_day is not None or team.costs.exists():
        cost = {"cost_per_day": team.cost_per_day or 0}
        TeamCost.objects.update_or_create(team=team, valid_from=valid_from, defaults=cost)


def end_team(*, actor: Person, team: Team, on: date) -> Team:
    """`on` is its last day; items, figures and members of the past stay."""
    require(actor, "manage_team", team)
    return change(actor, "ended", team, {"ended_on": on})


def reopen_team(*, actor: Person, team: Team) -> Team:
    require(actor, "manage_team", team)
    return change(actor, "reopened", team, {"ended_on": None})


def create_service(*, actor: Person, team: Team, name: str, slug: str = "") -> Service:
    require(actor, "manage_team", team)
    return create(actor, "created", Service(team=team, name=name, slug=short_name(name, slug, 80)))


def change_service(*, actor: Person, service: Service, **fields: Any) -> Service:
    require(actor, "manage_team", service.team)
    if "team" in fields:
        require(actor, "manage_team", fields["team"])
    return change(actor, "changed", service, fields)


def create_calendar(*, actor: Person, name: str, **fields: Any) -> WorkingCalendar:
    """`fields`: weekdays (1 is Monday), day_starts, day_ends."""
    require(actor, "manage_organisation")
    return create(actor, "created", WorkingCalendar(name=name, **fields))


def change_calendar(*, actor: Person, calendar: WorkingCalendar, **fields: Any) -> WorkingCalendar:
    require(actor, "manage_organisation")
    return change(actor, "changed", calendar, fields)


def add_holidays(*, actor: Person, calendar: WorkingCalendar, days: Sequence[tuple[date, str]]) -> int:
    """Add the days that are not there yet (one that is gets the new name); returns how many rows were written."""
    require(actor, "manage_organisation")
    with transaction.atomic():
        known = dict(calendar.holidays.values_list("on", "name"))
        written = {on: name for on, name in days if known.get(on) != name}
        Holiday.objects.bulk_create(
            [Holiday(calendar=calendar, on=on, name=name) for on, name in written.items()],
            update_conflicts=True,
            unique_fields=["calendar", "on"],
            update_fields=["name"],
        )
        if written:
            data = {"holidays": {on.isoformat(): name for on, name in written.items()}}
            audit.record(actor=actor, verb="added holidays to", target=calendar, data=data)
    return len(written)


def remove_holiday(*, actor: Person, holiday: Holiday) -> None:
    require(actor, "manage_organisation")
    with transaction.atomic():
        data = {"on": holiday.on.isoformat(), "name": holiday.name}
        audit.record(actor=actor, verb="removed a holiday from", target=holiday.calendar, data=data)
        holiday.delete()


def _span(first: date, last: date | None) -> DateRange:
    if last and last < first:
        raise ValidationError({"last": "The last day is before the first."})
    if last == date.max:
        raise ValidationError({"last": "This day has no day after it: leave it empty for “until further notice”."})
    return DateRange(first, last + timedelta(days=1) if last else None)


def add_member(
    *, actor: Person, team: Team, user: User, first: date, last: date | None = None, share: int = 100
) -> Membership:
    """`first` and `last` are days in the team; no last day: until further notice. `share` is per cent of a week."""
    require(actor, "manage_team", team)
    return create(actor, "added", Membership(team=team, user=user, during=_span(first, last), share=share))


def change_member(*, actor: Person, membership: Membership, first: date, last: date | None, share: int) -> Membership:
    require(actor, "manage_team", membership.team)
    return change(actor, "changed", membership, {"during": _span(first, last), "share": share})


def remove_member(*, actor: Person, membership: Membership) -> None:
    """For a membership that never was; one that ended gets its last day by `change_member`."""
    require(actor, "manage_team", membership.team)
    delete(actor, "removed", membership, {"during": plain(membership.during), "share": membership.share})


def grant(
    *, actor: Person, user: User, role: str, stream: ValueStream | None = None, team: Team | None = None
) -> Grant:
    """Give a role: for the whole portal, for a value stream or for a team."""
    require(actor, "administer")
    return create(actor, "granted", Grant(user=user, role=role, stream=stream, team=team))


def revoke(*, actor: Person, grant: Grant) -> None:
    """Take a role away. The last administrator's stays, or nobody could give it back."""
    require(actor, "administer")
    if grant.role == Role.ADMINISTRATOR and not other_administrators(grant.user).exists():
        raise ValidationError("This is the last administrator: make somebody else one first.")
    place = grant.stream or grant.team
    delete(actor, "revoked", grant, {"user": str(grant.user), "role": grant.role, "place": str(place or "")})


def other_administrators(user: User) -> models.QuerySet[User]:
    """Active administrators beside `user`."""
    is_administrator = models.Q(is_superuser=True) | models.Q(grants__role=Role.ADMINISTRATOR)
    return User.objects.filter(is_administrator, is_active=True).exclude(pk=user.pk)


def invite(*, actor: Person, name: str, email: str) -> User:
    """Make an account without a password: its owner chooses one by the link of the invitation."""
    require(actor, "administer")
    person = User(name=name, email=User.objects.normalize_email(email))
    person.set_unusable_password()
    return create(actor, "invited", person)


def change_person(*, actor: Person, person: User, name: str, email: str) -> User:
    require(actor, "administer")
    return change(actor, "changed", person, {"name": name, "email": email})


def deactivate(*, actor: Person, person: User) -> User:
    """They are logged out, their tokens stop working, what they did stays. The last administrator stays active."""
    require(actor, "administer")
    if not other_administrators(person).exists():
        raise ValidationError("This is the last administrator: make somebody else one first.")
    return change(actor, "deactivated", person, {"is_active": False})


def reactivate(*, actor: Person, person: User) -> User:
    require(actor, "administer")
    return change(actor, "reactivated", person, {"is_active": True})


def record_link(*, actor: Person, person: User) -> None:
    """Somebody was shown a link by which `person` chooses a password."""
    require(actor, "administer")
    audit.record(actor=actor, verb="made a password link for", target=person)
