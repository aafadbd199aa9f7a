"""What is left to do: the items of features as at an instant, and how large what nobody has broken down will be."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from django.db.models import Q, QuerySet

from metrics import columns, states
from metrics.columns import FlowColumns, day_date, micros
from metrics.formulas import frame
from metrics.formulas.forecast.shapes import History
from metrics.formulas.stats import median
from metrics.models import EpicLink, WorkItem
from portfolio.models import Feature, Initiative, Team

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# A burn-up goes back two years at most.
HISTORY_DAYS = 730


@dataclass(frozen=True, slots=True)
class Size:
    """How many items are left of something, and in words how that is known where they were not counted."""

    left: int | None
    sized_by: str = ""
    finished_on: date | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """Features and initiatives that there are at as_of, with the items of the features.

    `feature` is, per item of `children`, the place of its feature in `features`; `total` and `left` are the items of
    each feature (removed ones apart), `is_broken_down` whether it ever had one. `past` are the features that are not
    worked on any more, with how many items each has: nothing is left of them, but they say how large features are.
    """

    features: tuple[Feature, ...]
    initiatives: tuple[Initiative, ...]
    expected: Mapping[int, tuple[int, ...]]
    children: FlowColumns
    feature: Ints
    total: Ints
    left: Ints
    is_broken_down: Flags
    past: tuple[tuple[Feature, int], ...] = ()

    def unrefined(self) -> list[Initiative]:
        """Initiatives that have had no feature yet."""
        known = {feature.initiative_id for feature in (*self.features, *(feature for feature, _ in self.past))}
        return [initiative for initiative in self.initiatives if initiative.pk not in known]


def read(streams: Collection[int], teams: Collection[int], as_of: datetime, zone: ZoneInfo) -> Work:
    """The work of the teams of `streams`, of `teams`, and of what these share initiatives with."""
    today = as_of.astimezone(zone).date()
    goes_on = Q(ended_on=None) | Q(ended_on__gte=today)
    mine = Q(team__in=teams) | Q(team__stream__in=streams)
    shared = Feature.objects.filter(mine).exclude(initiative=None).order_by().values("initiative")
    initiatives = tuple(
        Initiative.objects.filter(goes_on)
        .filter(Q(stream__in=streams) | Q(pk__in=shared) | Q(pk__in=_expected_of(teams)))
        .order_by("position", "name", "pk")
    )
    # What belongs to an initiative that has ended is not worked on any more.
    alive = Q(initiative=None) | Q(initiative__in=initiatives)
    ours = Feature.objects.filter(mine | Q(initiative__in=initiatives)).select_related("initiative", "team")
    features = tuple(ours.filter(goes_on).filter(alive).order_by("rank", "pk"))
    others = ours.exclude(pk__in=[feature.pk for feature in features]).order_by("pk")
    past = _with_items(tuple(others), (), as_of, today)
    sized = tuple(zip(past.features, past.total.tolist(), strict=True))
    return replace(_with_items(features, initiatives, as_of, today), past=sized)


def involved(streams: Collection[int], teams: Collection[int]) -> list[int]:
    """`teams`, and all that work on their initiatives or on those of `streams`, or would."""
    features, expected = (
        Feature.objects.exclude(initiative=None).order_by(),
        Initiative.teams.through.objects.order_by(),
    )
    own = Initiative.objects.filter(
        Q(stream__in=streams)
        | Q(pk__in=features.filter(team__in=teams).values("initiative"))
        | Q(pk__in=_expected_of(teams))
    ).order_by()
    found = features.filter(initiative__in=own).values_list("team", flat=True)
    return sorted({*teams, *found, *expected.filter(initiative__in=own).values_list("team", flat=True)})


def _expected_of(teams: Collection[int]) -> QuerySet[Any, Any]:
    return Initiative.teams.through.objects.filter(team__in=teams).order_by().values("initiative")


def _with_items(
    features: tuple[Feature, ...], initiatives: tuple[Initiative, ...], as_of: datetime, today: date
) -> Work:
    owner = _owners(features)
    children = columns.derive(columns.read_items(sorted(owner)), micros(as_of), frozenset())
    # A feature that starts later is planned, and counts; but one whose items all came later was not known then.
    had, known = set(owner.values()), {owner[pk] for pk in children.ids.tolist()}
    there = [one for one in features if not (_later(one, today) and one.pk in had - known)]
    gone = {one.initiative_id for one in features} - {one.initiative_id for one in there}
    place = {feature.pk: number for number, feature in enumerate(there)}
    feature = np.array([place[owner[pk]] for pk in children.ids.tolist()], dtype=np.int64)
    state, n = children.state[children.last], len(there)
    is_open = ~np.isin(state, (states.DONE, states.REMOVED))
    return Work(
        tuple(there),
        tuple(one for one in initiatives if not (_later(one, today) and one.pk in gone)),
        _expected(initiatives),
        children,
        feature,
        np.bincount(feature[state != states.REMOVED], minlength=n),
        np.bincount(feature[is_open], minlength=n),
        np.bincount(feature, minlength=n) > 0,
    )


def _later(thing: Feature | Initiative, today: date) -> bool:
    return thing.started_on is not None and thing.started_on > today


def _expected(initiatives: Sequence[Initiative]) -> dict[int, tuple[int, ...]]:
    """Initiative → the teams that would do it."""
    found: dict[int, tuple[int, ...]] = {}
    links = Initiative.teams.through.objects.filter(initiative__in=initiatives).order_by("team__name")
    for initiative, team in links.values_list("initiative", "team"):
        found[initiative] = (*found.get(initiative, ()), team)
    return found


def _owners(features: Sequence[Feature]) -> dict[int, int]:
    """Item → its feature."""
    links = EpicLink.objects.filter(feature__in=features).order_by().values_list("source", "parent", "feature")
    epics = {(source, parent): feature for source, parent, feature in links}
    parents = {parent for _, parent in epics}
    items = WorkItem.objects.filter(parent__in=parents, source__in={source for source, _ in epics}, deleted_at=None)
    rows = items.order_by().values_list("pk", "source", "parent")
    return {pk: epics[source, parent] for pk, source, parent in rows if (source, parent) in epics}


Sized = tuple[int, int, str, int]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Typical sizes: of features, and of initiatives per team; from those that were broken down, ended ones too."""

    # Team, stream, value type, items; per feature and per (initiative, team).
    features: Sequence[Sized]
    initiatives: Sequence[Sized]

    @staticmethod
    def of(work: Work) -> "Sizes":
        features: list[Sized] = []
        together: dict[tuple[int, int, int], int] = {}
        kinds: dict[int, str] = {}
        for feature, total in (*zip(work.features, work.total.tolist(), strict=True), *work.past):
            if total:
                features.append((feature.team_id, feature.team.stream_id, feature.value_type, total))
                if feature.initiative is not None:
                    place = feature.initiative.pk, feature.team_id, feature.team.stream_id
                    together[place] = together.get(place, 0) + total
                    kinds[feature.initiative.pk] = feature.initiative.value_type
        wholes = [(team, stream, kinds[one], n) for (one, team, stream), n in together.items()]
        return Sizes(features, wholes)

    def typical(self, sized: Sequence[Sized], team: Team, kind: str, what: str) -> Size:
        """The median of the team's of this kind, else of the team's, of the stream's of this kind, of the stream's."""
        own, near = [one for one in sized if one[0] == team.pk], [one for one in sized if one[1] == team.stream_id]
        of_type = f" of type {kind}"
        steps = [
            (f"{of_type} of {team.name}", [n for *_, type_, n in own if type_ == kind]),
            (f" of {team.name}", [n for *_, n in own]),
            (f"{of_type} of the value stream", [n for *_, type_, n in near if type_ == kind]),
            (" of the value stream", [n for *_, n in near]),
        ]
        for name, sizes in steps:
            if sizes:
                size = int(median(np.array(sizes, dtype=np.int64)) or 0)
                items = f"{size} item" if size == 1 else f"{size} items"
                said = f"the median of {len(sizes)} {what}" if len(sizes) > 1 else f"the size of the one {what[:-1]}"
                return Size(size, f"not broken down: {items}, {said}{name}")
        return Size(None, "not broken down, and nothing like it has been yet")


def of_features(features: Sequence[Feature], as_of: datetime) -> Work:
    """The items of these features as at `as_of`, and nothing else."""
    return _with_items(tuple(features), (), as_of, date.max)


def size_of(work: Work, sizes: Sizes, place: int, team: Team) -> Size:
    """What is left of the feature at `place`: counted, else guessed, else the typical size.

    One whose items were all removed is to be broken down anew: it is not done.
    """
    feature = work.features[place]
    if work.total[place]:
        left = int(work.left[place])
        return Size(left, finished_on=None if left else finished_on(work, [place]))
    if feature.guessed_items is not None:
        return Size(feature.guessed_items, f"not broken down: somebody guessed {feature.guessed_items} items")
    return sizes.typical(sizes.features, team, feature.value_type, "features")


def finished_on(work: Work, places: Sequence[int]) -> date | None:
    """The day on which the last item of the features was finished, if any was."""
    ends = frame.finishes(work.children)
    mine = ends.done & np.isin(work.feature, places)
    return day_date(int(ends.day[mine].max())) if mine.any() else None


def history(work: Work, places: Sequence[int], today: date, guessed: int) -> History:
    """Per day up to today: the items that the features had at its end, and how many of them were finished."""
    found = work.children
    mine = np.isin(work.feature, places)[found.item]
    last = frame.number(today)
    if not mine.any():
        return History(today, (), (), guessed)
    days = frame.Days(max(min(int(found.day[mine].min()), last), last - HISTORY_DAYS + 1), last)
    scope = frame.standing(found, mine & (found.state != states.REMOVED), days)
    done = frame.standing(found, mine & (found.state == states.DONE), days)
    return History(days.dates()[0], _whole(scope), _whole(done), guessed)


def _whole(heights: npt.NDArray[np.float64]) -> tuple[int, ...]:
    return tuple(heights.astype(np.int64).tolist())
