"""Trains and the teams in them. A team that comes or goes changes the rows of the train's open increments with it."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from planning.actions.rows import follow_teams, short_day
from planning.models import Train, TrainTeam
from planning.rules import require_manage
from portfolio.actions.writing import change, create, delete, lock, plain, short_name
from portfolio.models import Team
from portfolio.rules import Person


def create_train(
    *, actor: Person, name: str, teams: Sequence[Team] = (), first: date | None = None, slug: str = "", **fields: Any
) -> Train:
    """A train with `teams` in it from `first` on (default: today). `fields`: description, started_on, ended_on.

    Raises ValidationError at `teams` for a team that is in another train then, naming it.
    """
    require_manage(actor, teams=teams)
    with transaction.atomic():
        train = create(actor, "created", Train(name=name, slug=short_name(name, slug, 60), **fields))
        for team in teams:
            _seat(actor, train, team, DateRange(first or timezone.localdate(), None), "teams")
    return train


def change_train(*, actor: Person, train: Train, version: int | None = None, **fields: Any) -> Train:
    """`fields`: name, description, started_on, ended_on. Raises Conflict when somebody else changed it since."""
    require_manage(actor, train)
    return change(actor, "changed", train, fields, version=version)


def end_train(*, actor: Person, train: Train, on: date, version: int | None = None) -> Train:
    """`on` is its last day; its increments and boards stay to be read."""
    require_manage(actor, train)
    return change(actor, "ended", train, {"ended_on": on}, version=version)


def reopen_train(*, actor: Person, train: Train, version: int | None = None) -> Train:
    require_manage(actor, train)
    return change(actor, "reopened", train, {"ended_on": None}, version=version)


def set_train_teams(
    *, actor: Person, train: Train, teams: Collection[Team], on: date | None = None, version: int | None = None
) -> Train:
    """The train has just `teams` from the day `on` on (default: today): others join then, or leave the day before."""
    day = on or timezone.localdate()
    require_manage(actor, train)
    with transaction.atomic():
        row = hold_train(train, version)
        wanted = {team.pk for team in teams}
        there = list(row.seats.select_related("team").filter(during__contains=day))
        for seat in there:
            if seat.team_id not in wanted:
                _leave(actor, seat, day - timedelta(days=1))
        for team in teams:
            if team.pk not in {seat.team_id for seat in there}:
                _join(actor, row, team, day, None, "teams")
    return row


def add_team(
    *, actor: Person, train: Train, team: Team, first: date, last: date | None = None, version: int | None = None
) -> TrainTeam:
    """A team plans with the train from `first` to `last`, both included (none: until further notice).

    It gets a row on the boards of the increments that are open and not over by then. Raises ValidationError at `team`
    when it is in another train on one of these days, naming it.
    """
    require_manage(actor, train)
    with transaction.atomic():
        return _join(actor, hold_train(train, version), team, first, last, "team")


def change_seat(
    *, actor: Person, seat: TrainTeam, first: date, last: date | None, version: int | None = None
) -> TrainTeam:
    """Other days of a team in its train. Leaving closes its row on open boards; its cards stay there to be moved.

    More days than it has are given by who manages the team too: nobody else brings back a team that left.
    """
    require_manage(actor, seat.train)
    with transaction.atomic():
        train = hold_train(seat.train, version)
        row = TrainTeam.objects.select_related("team", "train").get(pk=seat.pk)
        during = span(first, last)
        if _widens(row.during, during):
            require_manage(actor, teams=[row.team])
        check_apart(train, row.team, during, "first", but=row)
        data = {"team": [plain(row.team), plain(row.team)]}
        changed = change(actor, "changed", row, {"during": during}, also=data if row.during != during else None)
        _touch(train)
        follow_teams(actor, train)
    return changed


def remove_seat(*, actor: Person, seat: TrainTeam, version: int | None = None) -> None:
    """For a team that never was in the train; one that leaves gets its last day by `change_seat`."""
    require_manage(actor, seat.train)
    require_manage(actor, teams=[seat.team])
    with transaction.atomic():
        train = hold_train(seat.train, version)
        delete(actor, "removed", seat, {"team": str(seat.team), "during": plain(seat.during)})
        _touch(train)
        follow_teams(actor, train)


def hold_train(train: Train, version: int | None = None) -> Train:
    """The train as it is now, held. Its boards are held after it, one by one: a write that holds one of them and names
    its train, as the database has it checked, must not wait for us."""
    return lock(train, version, no_key=True)


def _widens(old: DateRange, new: DateRange) -> bool:
    """Whether `new` has a day that `old` does not; no upper end is without end."""
    return bool(new.lower < old.lower or (old.upper and (new.upper is None or new.upper > old.upper)))


def span(first: date, last: date | None) -> DateRange:
    """The days from `first` to `last`, both included, as the database has them. Raises ValidationError by field."""
    if last and last < first:
        raise ValidationError({"last": "The last day is before the first."})
    if last == date.max:
        raise ValidationError({"last": "This day has no day after it: leave it empty for “until further notice”."})
    return DateRange(first, last + timedelta(days=1) if last else None)


def check_apart(train: Train, team: Team, during: DateRange, field: str, but: TrainTeam | None = None) -> None:
    """Raise ValidationError at `field` when the team is in a train at that time, naming the train and its days."""
    others = TrainTeam.objects.filter(team=team, during__overlap=during).select_related("train")
    other = others.exclude(pk=but.pk if but else 0).first()
    if other is None:
        return
    until = f"until {short_day(other.last_day)}" if other.last_day else "until further notice"
    where = "this train" if other.train_id == train.pk else f"the train {other.train}"
    known = f"{team} is in {where} from {short_day(other.during.lower)} {until}."
    raise ValidationError({field: f"{known} A team plans with one train at a time: end that first."})


def _seat(actor: Person, train: Train, team: Team, during: DateRange, field: str) -> TrainTeam:
    require_manage(actor, teams=[team])
    check_apart(train, team, during, field)
    return create(actor, "added", TrainTeam(train=train, team=team, during=during))


def _join(actor: Person, train: Train, team: Team, first: date, last: date | None, field: str) -> TrainTeam:
    seat = _seat(actor, train, team, span(first, last), field)
    _touch(train)
    follow_teams(actor, train)
    return seat


def _leave(actor: Person, seat: TrainTeam, last: date) -> None:
    """The seat ends with `last`; one that would have begun later never was."""
    if last < seat.during.lower:
        remove_seat(actor=actor, seat=seat)
    else:
        change_seat(actor=actor, seat=seat, first=seat.during.lower, last=last)


def _touch(train: Train) -> None:
    """Who changes the teams changes the train: a writer that saw the teams before is stale."""
    train.version += 1
    train.save(update_fields=["version"])
