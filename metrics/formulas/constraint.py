"""The constraint: the place where most of the work in progress stands, and since when.

A place is a status in progress of a team. How much stands there is counted in item-days: an item that holds it at the
end of a day adds one. Weeks are full ones, Monday to Sunday.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from metrics.columns.shapes import FlowColumns
from metrics.formulas import flow, frame
from metrics.formulas.frame import Days, Flags, Floats, Ints
from metrics.measurement import Evidence, Measurement, Number, Point, Window
from metrics.rows import STATES

# Over how many weeks standing is compared, and for how many in a row another place may clearly lead within a lead.
WEEKS, GAP = 4, 2
WEEK = 7
RULES = (
    "in progress in these four weeks",
    "excluded: not in progress at the end of any of these days",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A status in progress of a team; `name` says which team where there are several."""

    name: str
    team: str
    status: str
    state: str


def places_of(columns: FlowColumns) -> tuple[list[Place], Ints, Flags]:
    """The places of a scope, by team and in the workflow's order; the place of each stay; which stays stand in one."""
    mask = frame.in_wip(columns)
    names, band = frame.status_bands(columns)
    used, place = np.unique(columns.team[mask] * max(len(names), 1) + band[mask], return_inverse=True)
    first_state = np.zeros(len(used), dtype=np.int64)
    first_state[place] = columns.state[mask]
    found = []
    for key, state in zip(used.tolist(), first_state.tolist(), strict=True):
        team, status = columns.teams[key // len(names)].name, names[key % len(names)]
        name = status if columns.scope_kind == "team" else f"{team}: {status}"
        found.append(Place(name, team, status, STATES[state]))
    per_stay = np.zeros(len(columns.item), dtype=np.int64)
    per_stay[mask] = place
    return found, per_stay, mask


@dataclass(frozen=True, slots=True)
class Standing:
    """Item-days per place and week: `days[place, week]` for weeks that begin on `first` + 7 × week (day numbers)."""

    first: int
    days: Ints

    @property
    def weeks(self) -> int:
        return int(self.days.shape[1])


def standing(columns: FlowColumns, place: Ints, mask: Flags, n: int, last: int) -> Standing:
    """Item-days per place and week, from the first week with work in progress to the one that ends on `last`.

    What stood by a day's beginning is linear in the day between beginnings and ends of stays, so that it is enough to
    know it at each Monday: (Monday − begin) summed over the stays that had begun, less the same of those that ended.
    """
    held = mask & (columns.day < columns.until_day) & (columns.day <= last)
    if not held.any():
        return Standing(last + 1, np.zeros((n, 0), dtype=np.int64))
    first = int(frame.mondays(columns.day[held]).min())
    weeks = (last + 1 - first) // WEEK
    total = np.zeros((n, weeks + 1), dtype=np.int64)
    mondays = first + WEEK * np.arange(weeks + 1)
    for days, sign in ((columns.day[held], 1), (np.minimum(columns.until_day[held], last + 1), -1)):
        # A stay counts from the first Monday after its day on.
        key = place[held] * (weeks + 1) + np.minimum((days - first) // WEEK + 1, weeks)
        counts, sums = (np.bincount(key, weights, total.size).reshape(total.shape) for weights in (None, days - first))
        so_far = counts.cumsum(axis=1) * (mondays - first) - sums.cumsum(axis=1)
        total += sign * np.rint(so_far).astype(np.int64)
    return Standing(first, np.diff(total, axis=1))


def leading_since(days: Ints, place: int) -> int:
    """The week in which the present lead of `place` began.

    In that week it held most, and since then it never lost the lead: that takes more than GAP weeks in a row in which
    another place held over a tenth more, or it nothing. So places of about the same height do not take turns.
    """
    most = days.max(axis=0)
    leads = (days[place] == most) & (most > 0)
    lost = (11 * days[place] < 10 * most) | (days[place] == 0)
    in_a_row = np.convolve(lost, np.ones(GAP + 1, dtype=np.int64))[: len(lost)] == GAP + 1
    begin = int(np.flatnonzero(in_a_row).max(initial=-1)) + 1
    since = np.flatnonzero(leads[begin:])
    # It can hold most over four weeks without having held most in any that counts.
    return begin + int(since[0]) if len(since) else len(most) - WEEKS


def _item_days(columns: FlowColumns, mask: Flags, days: Days) -> Floats:
    """Per item, on how many of the days it held one of the stays in `mask` at the end."""
    low = np.maximum(columns.day[mask], days.first)
    high = np.minimum(columns.until_day[mask], days.last + 1)
    spent = np.bincount(columns.item[mask], np.maximum(high - low, 0), len(columns.ids))
    return spent.astype(np.float64)


def _series(columns: FlowColumns, window: Window, places: list[Place], place: Ints, mask: Flags) -> list[Point]:
    """Per week of the window the average number of items in each place; weeks that are cut are marked."""
    days = frame.days_of(columns, window)
    heights = frame.bands(columns, mask, days, place[mask], len(places))
    used = np.flatnonzero(heights.any(axis=1))
    monday = frame.mondays(np.arange(days.first, days.last + 1))
    points = []
    for week in np.unique(monday).tolist():
        chosen = monday == week
        averages = (heights[used][:, chosen].sum(axis=1) / chosen.sum()).tolist()
        parts = {places[at].name: value for at, value in zip(used.tolist(), averages, strict=True)}
        is_cut = flow.is_cut(week, window, columns.whole_day)
        points.append(Point(date.fromordinal(week + frame.ORDINAL), parts=parts, is_partial=is_cut))
    return points


def _too_little(found: Standing) -> str:
    if not found.days.any():
        return "nothing was in progress in any full week"
    if found.weeks < WEEKS:
        return f"too little data: {found.weeks} of {WEEKS} full weeks since work was first in progress"
    return "" if found.days[:, -WEEKS:].any() else "nothing was in progress in the last four full weeks"


def _since(found: Standing, place: int) -> dict[str, str | Number]:
    """Since when the place has led, whether that is as far back as there is work, and how much stood there before."""
    week = leading_since(found.days, place)
    before = found.days[place, max(week - WEEKS, 0) : week]
    said: dict[str, str | Number] = {
        "since": date.fromordinal(found.first + WEEK * week + frame.ORDINAL).isoformat(),
        "is_whole_history": int(week == 0),
    }
    return said | ({"before": before.sum().item() / (WEEK * len(before))} if len(before) else {})


def _detail(found: Standing, places: list[Place], order: list[int]) -> dict[str, str | Number]:
    """The place and the one after it in words and numbers."""
    place, four = places[order[0]], found.days[:, -WEEKS:].sum(axis=1)
    said: dict[str, str | Number] = {
        "place": place.name,
        "status": place.status,
        "team": place.team,
        "state": place.state,
        **_since(found, order[0]),
        "average": four[order[0]].item() / (WEEK * WEEKS),
    }
    if len(order) > 1:
        share = four[order[1]].item() / four.sum().item()
        said |= {"runner_up": places[order[1]].name, "runner_up_share": share}
    return said


def share(values: Floats, base: Floats) -> Number | None:
    """Sum over sum, of whole numbers."""
    below = base.sum().item()
    return values.sum().item() / below if below else None


def _now(columns: FlowColumns, mask: Flags, here: Flags, days: Days, weeks: Days) -> dict[str, str | Number]:
    """What stands in the place and in progress at the end of the days, and how often an item left it in the weeks."""
    holds = (columns.day <= days.last) & (days.last < columns.until_day)
    _, _, _, net = flow.changes(columns, weeks, here)
    return {
        "items": int((here & holds).sum()),
        "in_progress": int((mask & holds).sum()),
        "left": int((net < 0).sum()),
    }


def constraint(columns: FlowColumns, window: Window, as_of_day: date) -> Measurement:
    """The share of the work in progress that stood, over the last four full weeks, in the place where most did.

    `parts` are the places' average items over these weeks, most first; `series` the same per week of the window;
    `detail` names the place and since when it has held most, looked for over all that is known by as_of.
    """
    days = frame.days_of(columns, window)
    if reason := frame.gap(columns, days):
        return frame.unavailable("ratio", reason)
    places, place, mask = places_of(columns)
    last = int(frame.mondays(np.array([min(days.last, columns.whole_day) + 1]))[0]) - 1
    found = standing(columns, place, mask, len(places), last)
    if reason := _too_little(found):
        rows = frame.with_base(frame.all_out(columns, reason), columns, np.zeros(len(columns.ids)), "")
        return frame.unavailable("ratio", reason, evidence=rows)
    four = found.days[:, -WEEKS:].sum(axis=1)
    order = [at for at in np.argsort(-four, kind="stable").tolist() if four[at]]
    weeks, here = Days(last - WEEKS * WEEK + 1, last), mask & (place == order[0])
    return Measurement(
        four[order[0]].item() / four.sum().item(),
        "ratio",
        n=int((_item_days(columns, mask, weeks) > 0).sum()),
        parts={places[at].name: four[at].item() / (WEEK * WEEKS) for at in order},
        detail=_detail(found, places, order) | _now(columns, mask, here, days, weeks),
        series=_series(columns, window, places, place, mask),
        evidence=_evidence(columns, mask, here, weeks, places[order[0]].name),
    )


def _evidence(columns: FlowColumns, mask: Flags, here: Flags, weeks: Days, name: str) -> Evidence:
    """Per item its days in the place and in progress; an item in progress elsewhere adds 0 above the line."""
    all_days = _item_days(columns, mask, weeks)
    rule = np.where(all_days > 0, 0, 1)
    rows = frame.evidence(columns, rule, _item_days(columns, here, weeks), RULES, f"item days in {name}")
    return frame.with_base(rows, columns, all_days, "item days in progress")
