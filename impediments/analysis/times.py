"""How long impediments take: until they are resolved, those that are open, and at each level."""

from collections.abc import Sequence
from datetime import datetime

from charts import figures
from charts.figures import Dot, Spec
from charts.figures import Level as Line
from charts.figures.behaviour import Piece
from charts.figures.behaviour import behaviour as behaviour_figure
from impediments.analysis.cases import Case, Cases
from impediments.analysis.part import Cell, Head, Part, address, count, days, figure_cell, number, per_cent
from impediments.formulas.analysis import Left, left_in_time, usual
from impediments.models import Level
from metrics.formulas import stats

OF_DAYS = "working days of the team’s calendar, over all times it was open; duplicates are left out"
WHY_RESOLUTION = (
    "Each point is an impediment, at its resolution and in the order of resolution: the working days that it was in "
    "the way, over all its periods. Median and 85th percentile are nearest rank.",
    "The lines are natural limits (XmR): mean ± 2.66 × mean moving range, from eight resolved ones on. A signal is a "
    "point outside a limit, eight in a row on one side of the mean, or three of four nearer a limit than the mean.",
)
WHY_AGEING = (
    "Each point is an impediment that is open, at the level that acts on it now. The line is the 85th percentile of "
    "those that were resolved in the window: above it, it takes longer than nearly all others did.",
)
WHY_LEVELS = (
    "Stays at a level that ended in the window, however they ended: resolved, raised by the clock or by hand, lowered. "
    "In time: before the level’s limit was reached, in business hours, pauses left out. Level 4 has no limit.",
)
LABEL = {level.value: level.label for level in Level}


def label(level: int) -> str:
    return f"{level} · {LABEL[level]}"


def _local(found: Cases, at: datetime) -> datetime:
    """As the axis shows it: the scope's local time."""
    return at.astimezone(found.asked.scope.zone).replace(tzinfo=None, microsecond=0)


def resolution(found: Cases) -> Part:
    """Times to resolution, as a run chart with natural limits."""
    done = found.resolved
    times = [case.days for case in done]
    limits = stats.behaviour(times)
    said = [_said(found, signal, done, limits) for signal in limits.signals]
    return Part(
        "resolution",
        "How long does it take to resolve an impediment?",
        _resolved(found, times, limits),
        _before(found),
        tag="signal" if said else "",
        tone="warn" if said else "",
        spec=_run(found, done, limits) if done else None,
        head=[
            Head("Impediment"),
            Head("Team"),
            Head("Category"),
            Head("Resolved"),
            Head("Working days", True),
            Head("Root cause"),
        ],
        rows=[_resolved_row(found, case) for case in reversed(done)],
        note=OF_DAYS,
        why=WHY_RESOLUTION,
        said=said[::-1],
    )


def _resolved(found: Cases, times: Sequence[float], limits: stats.Behaviour) -> str:
    if not times:
        return "None was resolved in this window, so there is no time to tell."
    known = usual(times)
    told = f"Of {len(times)} resolved, half took {days(known.median)} or less, 85 % {number(known.p85)} or less."
    if limits.reason:
        return f"{told} Natural limits: {limits.reason}."
    return f"{told} Usually {number(limits.lower)} to {number(limits.upper)}, {number(limits.centre)} on average."


def _before(found: Cases) -> str:
    length = found.asked.window.days
    if not found.before:
        return f"None was resolved in the {length} days before."
    before = usual(found.before)
    return f"Half took {days(before.median)} or less in the {length} days before ({before.n} resolved)."


def _resolved_row(found: Cases, case: Case) -> list[Cell]:
    one, ended = case.one, case.ended_at or found.until
    return [
        Cell(one.what, address(found, one.pk)),
        Cell(one.team.name),
        Cell(one.get_category_display()),
        Cell(f"{_local(found, ended):%-d %b %Y}", value=ended),
        figure_cell(case.days),
        Cell(case.root),
    ]


def _run(found: Cases, done: Sequence[Case], limits: stats.Behaviour) -> Spec:
    at = [_local(found, case.ended_at or found.until) for case in done]
    pieces = [] if limits.reason else [Piece(at[0], at[-1], limits.centre, limits.lower, limits.upper)]
    noted = sorted({place for signal in limits.signals for place in signal.places})
    values = [round(case.days, 2) for case in done]
    return behaviour_figure(at, values, pieces, name="Working days", unit="working days", signals=noted)


def _said(found: Cases, signal: stats.Signal, done: Sequence[Case], limits: stats.Behaviour) -> str:
    """A signal in words, with what it is about."""
    own = [done[place] for place in signal.places]
    first, last = (_local(found, case.ended_at or found.until) for case in (own[0], own[-1]))
    side, limit = ("above", limits.upper) if signal.side > 0 else ("below", limits.lower)
    if signal.rule == stats.OUTSIDE:
        one = own[0]
        return f"{first:%-d %b %Y}: “{one.one.what}” took {days(one.days)}, {side} the limit {number(limit)}"
    when = f"{first:%-d %b} to {last:%-d %b %Y}"
    if signal.rule == stats.LONG_RUN:
        return f"{when}: {len(own)} in a row {side} the mean {number(limits.centre)}"
    return f"{when}: {len(own)} nearer the limit {number(limit)} than the mean {number(limits.centre)}"


def ageing(found: Cases) -> Part:
    """How old the open ones are, level by level."""
    still = sorted(found.open, key=lambda case: (-case.days, case.one.pk))
    levels = sorted({case.level for case in still})
    return Part(
        "ageing",
        "How old are those that are open?",
        _ages(still, levels),
        is_beside=True,
        spec=_strip(found, still, levels) if still else None,
        head=[
            Head("Level"),
            Head("Open", True),
            Head("Median", True),
            Head("85 %", True),
            Head("Oldest", True),
        ],
        rows=[_level_row(found, level, [case for case in still if case.level == level]) for level in levels],
        note="working days",
        why=WHY_AGEING,
    )


def _ages(still: Sequence[Case], levels: Sequence[int]) -> str:
    if not still:
        return "None is open."
    known, high = usual([case.days for case in still]), sum(case.level >= Level.BOARD for case in still)
    told = f"{count(len(still), 'is', 'are')} open: half for {days(known.median)} or less, 85 % for {number(known.p85)}"
    return f"{told} or less; {high} at the VMO board or above." if high else f"{told} or less."


def _level_row(found: Cases, level: int, own: Sequence[Case]) -> list[Cell]:
    known, oldest = usual([case.days for case in own]), own[0]
    most = Cell(number(known.most), address(found, oldest.one.pk), value=round(known.most or 0.0, 2))
    counted = Cell(str(known.n), value=known.n)
    return [Cell(label(level)), counted, figure_cell(known.median), figure_cell(known.p85), most]


def _strip(found: Cases, still: Sequence[Case], levels: Sequence[int]) -> Spec:
    dots = [
        Dot(label(case.level), round(case.days, 2), f"{case.one.what} ({case.one.team.name})", case.one.pk)
        for case in still
    ]
    limit = usual([case.days for case in found.resolved]).p85
    lines = [Line(limit, f"85 % resolved: {number(limit)}", "dash")] if limit is not None else []
    link = address(found, 0).replace("/0/", "/{}/")
    return figures.strip(dots, [label(level) for level in levels], lines, name="Open", unit="working days", link=link)


def levels(found: Cases) -> Part:
    """Which share of the stays at each level ended before its limit."""
    stays = found.stays
    ended = left_in_time([s.level for s in stays], [s.used for s in stays], [s.limit for s in stays])
    limited = {level: left for level, left in ended.items() if left.n}
    return Part(
        "levels",
        "Does each level act in time?",
        _in_time(limited),
        is_beside=True,
        spec=_bars(limited) if limited else None,
        head=[
            Head("Level"),
            Head("Left it", True),
            Head("In time", True),
            Head("Share", True),
            Head("Median hours", True),
            Head("85 % hours", True),
        ],
        rows=[_in_time_row(level, left) for level, left in ended.items()],
        note="business hours, pauses left out",
        why=WHY_LEVELS,
    )


def _in_time(ended: dict[int, Left]) -> str:
    if not ended:
        return "n/a: nothing left a level with a limit in this window."
    told = [f"{per_cent(left.share)} of {left.n} at level {level} ({LABEL[level]})" for level, left in ended.items()]
    return f"Left in time: {', '.join(told)}."


def _bars(ended: dict[int, Left]) -> Spec:
    parts = {
        "in time": [left.in_time for left in ended.values()],
        "over the limit": [left.n - left.in_time for left in ended.values()],
    }
    inks = {"in time": "series-3", "over the limit": "series-2"}
    names = [label(level) for level in ended]
    return figures.bar(names, parts, unit="stays", stacked=True, colours=inks)


def _in_time_row(level: int, left: Left) -> list[Cell]:
    n = left.n + left.free
    share = Cell(per_cent(left.share), note="" if left.n else "no limit", value=round(left.share, 4) if left.n else "")  # type: ignore[arg-type]
    counts = (Cell(str(n), value=n), Cell(str(left.in_time) if left.n else "n/a", value=left.in_time if left.n else ""))
    return [Cell(label(level)), *counts, share, figure_cell(left.used.median), figure_cell(left.used.p85)]
