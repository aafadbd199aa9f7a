"""Service level expectations: how often items took no longer than what may be expected of their team."""

from datetime import date
from itertools import groupby

import numpy as np

from metrics.columns.shapes import ExpectationInfo, FlowColumns
from metrics.formulas import flow, frame
from metrics.formulas.frame import Finishes, Flags, Ints
from metrics.measurement import Measurement, Number, Point, Window

RULES = (*frame.FINISH_RULES, "excluded: nothing was expected of it yet")
UNEXPECTED = len(frame.FINISH_RULES)
NOT_SET = "no service level expectation is set"
# No expectation.
NONE = -1


def valid(columns: FlowColumns, team: Ints, kind: Ints, day: Ints) -> Ints:
    """Which of `columns.expectations` holds for items of a team (index), a kind and on a day; NONE where none does.

    The latest that is valid by then: of the kind where the kind has one by then, else the one for all kinds.
    """
    found = np.full(len(team), NONE, dtype=np.int64)
    ids = np.array([one.id for one in columns.teams], dtype=np.int64)[team]
    known = columns.expectations

    def of_whom(at: int) -> tuple[int, int]:
        return known[at].team, known[at].kind

    places = sorted(range(len(known)), key=lambda at: (*of_whom(at), known[at].valid_from))
    # Sorted by team and kind: that for all kinds (-1) comes first, and one of the kind's own replaces it.
    for (owner, of_kind), group in groupby(places, of_whom):
        history = list(group)
        since = np.array([known[at].valid_from for at in history])
        rows = np.flatnonzero((ids == owner) & (kind == of_kind if of_kind >= 0 else True))
        latest = np.searchsorted(since, day[rows], side="right") - 1
        found[rows[latest >= 0]] = np.array(history)[latest[latest >= 0]]
    return found


def days_of(expectations: tuple[ExpectationInfo, ...], place: Ints) -> Ints:
    """The days of the expectations at these places; 0 for NONE."""
    return np.array([*(one.days for one in expectations), 0], dtype=np.int64)[place]


def _series(columns: FlowColumns, window: Window, ends: Finishes, chosen: Flags, met: Flags) -> list[Point]:
    """Per week with a finish the share that met what was expected, with both counts."""
    weeks = frame.mondays(ends.day[chosen])
    points = []
    for monday in np.unique(weeks).tolist():
        of_week = met[chosen][weeks == monday]
        parts: dict[str, Number] = {"met": int(of_week.sum()), "finished": len(of_week)}
        at = date.fromordinal(monday + frame.ORDINAL)
        is_cut = flow.is_cut(monday, window, columns.whole_day)
        points.append(Point(at, parts["met"] / parts["finished"], parts, is_partial=is_cut))
    return points


def expectation_met(columns: FlowColumns, window: Window, as_of_day: date) -> Measurement:
    """The share of the items finished in the window, of those with an expectation at their finish, that met it.

    Met: a cycle time of no more than its days. What holds is looked up by the team and day of the finish.
    """
    days = frame.days_of(columns, window)
    if reason := frame.gap(columns, days):
        return frame.unavailable("ratio", reason)
    if not columns.expectations:
        return frame.unavailable("ratio", NOT_SET, evidence=frame.all_out(columns, NOT_SET))
    ends = frame.finishes(columns)
    finished = frame.finish_rule(columns, ends, days)
    held = valid(columns, columns.team[ends.stay], columns.kinds.astype(np.int64), ends.day)
    rule = np.where((finished == 0) & (held == NONE), UNEXPECTED, finished)
    met = ends.cycle <= days_of(columns.expectations, held)
    rows = frame.evidence(columns, rule, met.astype(np.float64), RULES, "met")
    n = int((rule == 0).sum())
    if not n:
        none = "nothing was expected yet of any item finished in this window"
        reason = none if (finished == 0).any() else "no item finished in this window"
        return frame.unavailable("ratio", reason, evidence=rows)
    count = int(met[rule == 0].sum())
    return Measurement(
        flow.mean(rows.values[rows.included]),
        "ratio",
        n=n,
        parts={"met": count, "missed": n - count},
        series=_series(columns, window, ends, rule == 0, met),
        evidence=rows,
    )
