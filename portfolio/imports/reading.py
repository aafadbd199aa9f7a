"""What the rows of a file ask for: each as the fields that would change, or why it cannot be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from accounts.models import User
from core.imports import Problem, Row
from portfolio.imports.columns import ALWAYS, MONEY, READ, empty
from portfolio.models import Initiative, Stage, Team, Theme, ValueStream
from portfolio.queries import streams_for, teams_for
from portfolio.rules import Person, can

# Written by moving it.
MOVES = ("stage", "verdict", "ended_on")


@dataclass(slots=True)
class Wanted:
    """A row: the initiative that is there (None: new), what differs, and where it is to move ({}: nowhere)."""

    line: int
    key: str
    initiative: Initiative | None
    fields: dict[str, Any] = field(default_factory=dict)
    move: dict[str, Any] = field(default_factory=dict)
    override: str = ""

    @property
    def is_nothing(self) -> bool:
        return self.initiative is not None and not self.fields and not self.move


class Reader:
    """Reads rows; asks the database once for all of them."""

    def __init__(self, rows: Sequence[Row], actor: Person) -> None:
        user = cast("User | None", actor)
        self.actor = actor
        keys = {form(row.cells["key"]) for row in rows for form in (str, str.casefold)}
        seen = Initiative.objects.all() if user is None else Initiative.objects.for_user(user)
        found = seen.filter(slug__in=keys).select_related("stream", "theme", "owner").prefetch_related("teams")
        self.known = {one.slug.casefold(): one for one in found}
        self.things: dict[str, dict[str, Any]] = {
            "stream": _by_name(streams_for(user)),
            "theme": _by_name(Theme.objects.all()),
            "team": _by_name(teams_for(user)),
            "owner": self._people(rows),
        }
        self.seen_teams = {team.pk for team in self.things["team"].values()}

    @staticmethod
    def _people(rows: Sequence[Row]) -> dict[str, User]:
        mails = {mail.casefold() for row in rows if (mail := row.cells.get("owner", ""))}
        people = User.objects.filter(is_active=True) if mails else User.objects.none()
        return {one.email.casefold(): one for one in people if one.email.casefold() in mails}

    def read(self, row: Row) -> tuple[Wanted, list[Problem]]:
        """What a row asks for, and what is wrong with it, cell by cell."""
        key = row.cells["key"].casefold()
        wanted = Wanted(row.line, key, self.known.get(key))
        values, problems = self._values(row, wanted)
        if wanted.initiative is None:
            needed = [name for name in ("name", "stream") if not row.cells.get(name)]
            problems += [Problem(row.line, name, "A new initiative needs it.") for name in needed]
        wanted.override = values.pop("override", "")
        moves = {name: values.pop(name) for name in MOVES if name in values}
        wanted.move = _move(wanted.initiative, moves)
        problems += [Problem(row.line, "verdict", "Only what is done has a verdict.")] * _is_early(wanted, moves)
        wanted.fields = {name: value for name, value in values.items() if _differs(wanted.initiative, name, value)}
        return wanted, problems

    def _values(self, row: Row, wanted: Wanted) -> tuple[dict[str, Any], list[Problem]]:
        values, problems = {}, []
        for name, cell in row.cells.items():
            if name == "key" or (not cell and self._stays(name, wanted.initiative)):
                continue
            try:
                values[name] = self._value(name, cell, wanted.initiative)
            except ValueError as error:
                problems.append(Problem(row.line, name, str(error)))
        return values, problems

    def _stays(self, name: str, initiative: Initiative | None) -> bool:
        """Whether an empty cell says nothing: always of a new one; of money that the actor does not see, too."""
        if initiative is None or name in ALWAYS:
            return True
        return name in MONEY and self.actor is not None and not can(self.actor, "see_money", initiative.stream)

    def _value(self, name: str, cell: str, initiative: Initiative | None) -> Any:
        if name == "teams":
            return self._teams(cell, initiative)
        if not cell:
            return empty(name)
        return self._thing(name, cell) if name in self.things else READ[name](cell)

    def _thing(self, kind: str, cell: str) -> Any:
        found = self.things[kind].get(cell.casefold())
        if found is None:
            words = {"stream": "value stream", "owner": "person with the e-mail"}.get(kind, kind)
            raise ValueError(f"There is no {words} “{cell[:60]}”.")
        return found

    def _teams(self, cell: str, initiative: Initiative | None) -> list[Team]:
        """The teams named; those that are there and that the actor does not see stay."""
        named = [self._thing("team", part) for text in cell.split(";") if (part := text.strip())]
        hidden = [team for team in initiative.teams.all() if team.pk not in self.seen_teams] if initiative else []
        return list({team.pk: team for team in [*named, *hidden]}.values())


def _by_name(things: Any) -> dict[str, ValueStream | Theme | Team]:
    """By name and, before that, by short name; case apart."""
    found = list(things.order_by("pk"))
    return {one.name.casefold(): one for one in found} | {one.slug.casefold(): one for one in found}


def _differs(initiative: Initiative | None, name: str, value: Any) -> bool:
    if initiative is None:
        return value not in (None, "", [])
    if name == "teams":
        return {team.pk for team in value} != {team.pk for team in initiative.teams.all()}
    return bool(getattr(initiative, name) != value)


def _move(initiative: Initiative | None, moves: Mapping[str, Any]) -> dict[str, Any]:
    """Where to: the stage, and for what is to be done the verdict and its last day, as far as they are said."""
    before = initiative.stage if initiative else Stage.FUNNEL.value
    stage = moves.get("stage", before)
    if stage != Stage.DONE:
        return {"stage": stage} if stage != before else {}
    said = {name: value for name, value in moves.items() if name != "stage"}
    if before == stage and initiative and all(getattr(initiative, name) == value for name, value in said.items()):
        return {}
    return {"stage": stage} | {{"ended_on": "on"}.get(name, name): value for name, value in said.items()}


def _is_early(wanted: Wanted, moves: Mapping[str, Any]) -> bool:
    """Whether a verdict is given of something that is not to be done."""
    before = wanted.initiative.stage if wanted.initiative else Stage.FUNNEL
    return bool(moves.get("verdict")) and moves.get("stage", before) != Stage.DONE
