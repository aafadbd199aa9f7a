"""The Blockers page: what work in progress was blocked by, for how long, and what is blocked now."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from charts import figures as charts
from dashboards.queries.base import Figures, Reading, Widget, count, figures, missing, per_cent, question, trend
from dashboards.queries.standing import names
from metrics.columns import instant
from metrics.columns.zones import day_start
from metrics.forms import Asked, day_text
from metrics.formulas import blocked, flow, frame
from metrics.formulas.blocked import Cluster
from metrics.measurement import Point, Window
from metrics.templatetags.measures import lasting, plain

KEY = "blocked_time"
# Weeks drawn at most, the latest; reasons with a colour of their own; rows of the list; other words of a reason.
MOST_WEEKS, MOST_REASONS, MOST_ROWS, MOST_WORDS = 52, 5, 60, 3
OTHERS = "Other reasons"


@dataclass(frozen=True, slots=True)
class Block:
    """A stay of an item behind a reason; `seconds` up to its end or as_of."""

    pk: int
    text: str
    reason: str
    since: date
    seconds: float
    is_open: bool


def blocked_page(asked: Asked, at: datetime) -> tuple[str, list[Widget]]:
    """The page's finding and its widgets."""
    found = figures(asked, at, [KEY])
    groups = blocked.clusters(found.reading.columns, asked.window)
    widgets = [reasons(found, groups)]
    if groups:
        widgets += [over_time(found, groups), blocks(found, groups)]
    return finding(found, groups), widgets


def finding(found: Figures, groups: list[Cluster]) -> str:
    name, measured = found.asked.scope.name, found.now[KEY]
    if measured.value is None:
        return f"{name}: {measured.reason}"
    if not groups:
        return f"{name}: nothing in progress was blocked in {found.asked.window.days} days"
    first = groups[0]
    return f"{name}: “{first.label}” blocked work longest: {lasting(first.seconds)} on {count(first.items, 'item')}"


def reasons(found: Figures, groups: list[Cluster]) -> Widget:
    """Time blocked by reason, where reasons that say the same in other words are one."""
    measured, text = found.now[KEY], "What blocks the work?"
    if measured.value is None:
        return missing(found, KEY, text, "w12")
    if not groups:
        return _nothing(found, text)
    first, whole = groups[0], float(measured.value)
    share = per_cent(float(first.seconds) / sum(float(one.seconds) for one in groups))
    open_now = sum(one.open_now for one in groups)
    days = {one.label: round(float(one.seconds) / 86400, 2) for one in groups[:12]}
    return Widget(
        KEY,
        text,
        f"“{first.label}” took {share} of the blocked time: {lasting(first.seconds)} in all, half of its "
        f"{count(first.stays, 'block')} lasted {lasting(first.median_seconds)} or less. "
        f"{count(open_now, 'block')} {'is' if open_now == 1 else 'are'} open at the end.",
        f"{count(measured.n, 'item')} blocked for {lasting(whole)} together; {trend(found, KEY)}",
        size="w12",
        spec=charts.ranking(days, unit="days", strong=first.label, height="large" if len(days) > 8 else "medium"),
        query=found.asked.query,
        note="while in progress; reasons that say the same in other words are put together",
        template="dashboards/reasons.html",
        extra={"groups": [(one, *_other_words(one)) for one in groups]},
    )


def _other_words(group: Cluster) -> tuple[list[str], int]:
    """What the reasons of a group also say, the first few; and how many more there are."""
    others = [reason for reason in group.reasons if reason != group.label]
    return others[:MOST_WORDS], len(others[MOST_WORDS:])


def _nothing(found: Figures, text: str) -> Widget:
    return Widget(
        KEY,
        text,
        "Nothing in progress was blocked in this window.",
        _before(found),
        size="w12",
        query=found.asked.query,
        note="blocks are read from the flags and the blocked statuses of the tool that a source connects",
    )


def _before(found: Figures) -> str:
    past, days = found.before[KEY].value, found.asked.window.days
    return f"Nor in the {days} days before." if past == 0 else trend(found, KEY)


def over_time(found: Figures, groups: list[Cluster]) -> Widget:
    """Blocked time per week, by the reasons that took most of it."""
    measured = found.now[KEY]
    if measured.value is None:
        return missing(found, KEY, question(KEY), "w12")
    weeks = by_week(found.reading)
    shown = [one.label for one in groups[:MOST_REASONS]]
    bars = {label: [round((week.parts or {}).get(label, 0) / 86400, 2) for week in weeks] for label in shown}
    rest = [round(sum((week.parts or {}).values()) / 86400 - sum(bars[label][n] for label in shown), 2)
            for n, week in enumerate(weeks)]  # fmt: skip
    bars |= {OTHERS: [max(value, 0) for value in rest]} if len(groups) > len(shown) else {}
    full = [week for week in weeks if not week.is_partial]
    worst = max(full, key=lambda week: week.value or 0, default=None)
    answer = f"Work in progress was blocked for {lasting(measured.value)} in {found.asked.window.days} days."
    if worst and worst.value:
        answer = f"The worst week was that of {day_text(worst.at)}: {lasting(worst.value)} blocked, over all items."
    return Widget(
        KEY,
        question(KEY),
        answer,
        trend(found, KEY),
        size="w12",
        spec=charts.bar(
            [week.at for week in weeks], bars, unit="days", stacked=True, faint=[week.is_partial for week in weeks]
        ),
        query=found.asked.query,
        note="days of items, a week each; pale: cut by the window",
    )


def by_week(reading: Reading) -> list[Point]:
    """The measure of each week of the window (the latest year of it), with its reasons."""
    window = reading.asked.window
    last = min(window.last, reading.today)
    monday = max(window.first, last - timedelta(weeks=MOST_WEEKS))
    monday -= timedelta(days=monday.weekday())
    points = []
    while monday <= last:
        week = Window(max(monday, window.first), min(monday + timedelta(days=6), window.last))
        measured = reading.measure(KEY, week)
        is_cut = flow.is_cut(frame.number(monday), window, reading.columns.whole_day)
        points.append(Point(monday, measured.value or 0, dict(measured.parts), is_partial=is_cut))
        monday += timedelta(days=7)
    return points


def blocks(found: Figures, groups: list[Cluster]) -> Widget:
    """The blocks of the window, those still open first, the longest first."""
    text = "Which items were blocked, and which are now?"
    if found.now[KEY].value is None:
        return missing(found, KEY, text, "w12")
    total, still = sum(one.stays for one in groups), sum(one.open_now for one in groups)
    rows = longest(found.reading) if total else []
    how_many = plain(still) if still else "none"
    answer = f"{count(total, 'block')} on items that were in progress, {how_many} of them open."
    return Widget(
        KEY,
        text,
        answer if total else "None.",
        f"Shown are the {len(rows)} longest, open ones first." if total > len(rows) else trend(found, KEY),
        size="w12",
        query=found.asked.query,
        template="dashboards/blocks.html" if rows else "",
        extra={"rows": rows},
    )


def longest(reading: Reading) -> list[Block]:
    """Blocks that meet the window, of the items that count in the measure: open ones first, then the longest."""
    columns, evidence = reading.columns, reading.measure(KEY).evidence
    if evidence is None or not len(columns.blocked_item):
        return []
    zone, days = reading.asked.scope.zone, frame.days_of(columns, reading.asked.window)
    first, last = (day_start(day, zone) for day in (days.first, days.last + 1))
    ids, until = columns.ids[columns.blocked_item], np.minimum(columns.blocked_until, columns.as_of)
    met = np.isin(ids, evidence.ids[evidence.included]) & (columns.blocked_from < last) & (until > first)
    holds = frame.in_wip(columns) & (columns.day <= days.last) & (days.last < columns.until_day)
    is_held = np.bincount(columns.item[holds], minlength=len(columns.ids)) > 0
    is_open = (columns.blocked_until > min(last, columns.as_of)) & is_held[columns.blocked_item]
    lasted = (until - columns.blocked_from) / flow.SECOND
    chosen = np.flatnonzero(met)[np.lexsort((-lasted[met], ~is_open[met]))][:MOST_ROWS]
    texts = names(ids[chosen].tolist())
    return [
        Block(
            pk,
            texts.get(pk, ""),
            columns.reasons[int(columns.blocked_reason[n])].strip() or blocked.NO_REASON,
            instant(int(columns.blocked_from[n])).astimezone(zone).date(),
            float(lasted[n]),
            bool(is_open[n]),
        )
        for pk, n in zip(ids[chosen].tolist(), chosen.tolist(), strict=True)
    ]
