"""The queues of teams: features in rank order, then what nobody has broken down; and what is delivered of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from metrics.forecasts import work as works
from metrics.forecasts.work import Size, Sizes, Work
from metrics.formulas.forecast.shapes import Line, Part, Target
from portfolio.models import Feature, Initiative, Team

DROPPED = "left out in this variant"


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in a team's queue: a feature, or a team's share of an initiative that is not broken down."""

    id: str
    name: str
    team: Team
    size: Size
    due_on: date | None = None
    # The place in Work.features; None for what has no feature.
    place: int | None = None
    is_dropped: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Every queue as entries, by team; and which entries (ids) make each initiative."""

    work: Work
    teams: tuple[Team, ...]
    entries: tuple[Entry, ...]
    members: Mapping[int, tuple[str, ...]]


def feature_id(feature: Feature) -> str:
    return f"feature:{feature.pk}"


def initiative_id(initiative: Initiative) -> str:
    return f"initiative:{initiative.pk}"


def make(work: Work, teams: Sequence[Team], dropped: Iterable[int] = ()) -> Plan:
    """The queues of `teams`, which must be all that `work` names; without the features `dropped`."""
    by_id = {team.pk: team for team in teams}
    sizes, left_out = Sizes.of(work), set(dropped)
    entries = [
        Entry(
            feature_id(feature),
            feature.name,
            by_id[feature.team_id],
            works.size_of(work, sizes, place, by_id[feature.team_id]),
            feature.due_on,
            place,
            feature.pk in left_out,
        )
        for place, feature in enumerate(work.features)
    ]
    members: dict[int, tuple[str, ...]] = {}
    for entry, feature in zip(entries, work.features, strict=True):
        if feature.initiative_id is not None:
            members[feature.initiative_id] = (*members.get(feature.initiative_id, ()), entry.id)
    for initiative in work.unrefined():
        shares = _shares(initiative, [by_id[pk] for pk in work.expected.get(initiative.pk, ())], sizes)
        entries += shares
        members[initiative.pk] = tuple(share.id for share in shares)
    return Plan(work, tuple(teams), tuple(entries), members)


def _shares(initiative: Initiative, teams: Sequence[Team], sizes: Sizes) -> list[Entry]:
    """What each team would have to do of an initiative that is not broken down: the typical size of its kind."""
    return [
        Entry(
            f"{initiative_id(initiative)}:{team.slug}",
            f"{initiative.name} ({team.name})",
            team,
            sizes.typical(sizes.initiatives, team, initiative.value_type, "initiatives"),
        )
        for team in teams
    ]


class Queues:
    """A plan as the engine's lines: one per team; `at` says where an entry stands."""

    def __init__(self, plan: Plan, limit: int) -> None:
        self.plan = plan
        self.lines: list[Line] = []
        self.at: dict[str, tuple[int, int]] = {}
        self.entries = {entry.id: entry for entry in plan.entries}
        for place, team in enumerate(plan.teams):
            queue = [entry for entry in plan.entries if entry.team.pk == team.pk and not entry.is_dropped]
            self.at |= {entry.id: (place, number) for number, entry in enumerate(queue)}
            parts = tuple(Part(entry.name, entry.size.left) for entry in queue)
            self.lines.append(Line((place,), parts, limit))

    def without(self, ids: Iterable[str], items: int) -> None:
        """Take `items` items off these entries, from the last on: so many of them are not done."""
        for id in reversed([id for id in ids if id in self.at]):
            line, place = self.at[id]
            parts = list(self.lines[line].parts)
            left = parts[place].items
            if left is not None:
                parts[place] = replace(parts[place], items=max(left - items, 0))
                self.lines[line] = replace(self.lines[line], parts=tuple(parts))
                items -= min(left, items)

    def of_entry(self, entry: Entry) -> Target:
        """The target of one place in a queue."""
        target = Target(entry.id, entry.name, (), entry.due_on, entry.size.sized_by, teams=(entry.team.slug,))
        if entry.is_dropped:
            return replace(target, reason=DROPPED)
        return replace(target, parts=(self.at[entry.id],), finished_on=entry.size.finished_on)

    def of_initiative(self, initiative: Initiative) -> Target:
        """The target of all that belongs to an initiative."""
        members = self.plan.members.get(initiative.pk, ())
        chosen = [self.entries[id] for id in members]
        kept = [entry for entry in chosen if not entry.is_dropped]
        guessed = sum(1 for entry in kept if entry.size.sized_by)
        places = [entry.place for entry in kept if entry.place is not None]
        target = Target(
            initiative_id(initiative),
            initiative.name,
            tuple(self.at[entry.id] for entry in kept),
            initiative.due_on,
            _guessed(guessed, len(kept)),
            members=members,
            teams=tuple(dict.fromkeys(entry.team.slug for entry in kept)),
        )
        if not kept:
            return replace(target, reason=DROPPED if chosen else self._nothing_left(initiative))
        if any(entry.size.left != 0 for entry in kept):
            return target
        return replace(target, finished_on=works.finished_on(self.plan.work, places))

    def _nothing_left(self, initiative: Initiative) -> str:
        if any(feature.initiative_id == initiative.pk for feature, _ in self.plan.work.past):
            return "all its features have ended: close it, or add what is missing"
        return "no feature and no team: nothing says who would do it"


def _guessed(n: int, of: int) -> str:
    if not n:
        return ""
    return "not broken down: its size is a guess" if n == of else f"{n} of its {of} features are not broken down"


def detailed(queues: Queues, target: Target, today: date, by: date | None) -> Target:
    """The target with its curve, fan and the history of its items; `by`, if given, stands for the day it is due."""
    ids = target.members or (target.id,)
    entries = [queues.entries[id] for id in ids if id in queues.at]
    places = [entry.place for entry in entries if entry.place is not None]
    parts = [queues.lines[line].parts[place] for line, place in target.parts]
    guessed = sum(part.items or 0 for part, entry in zip(parts, entries, strict=True) if entry.size.sized_by)
    history = works.history(queues.plan.work, places, today, guessed)
    return replace(target, detail=True, due_on=by or target.due_on, history=history)
