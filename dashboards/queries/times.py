"""The Times page: how long items take, how evenly, and where their time goes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

import numpy as np

from charts import figures as charts
from charts.figures import Dot
from dashboards.queries.base import (
    Figures,
    Reading,
    Widget,
    count,
    figures,
    headline,
    item_link,
    levels,
    missing,
    per_cent,
    percentile_trend,
    question,
    trend,
)
from dashboards.queries.standing import IN_PROGRESS, Bands, bands, counted, finish_days, names
from metrics.columns import day_date, micros
from metrics.forms import Asked
from metrics.formulas import flow, frame
from metrics.measurement import Measurement, Number, Point
from metrics.templatetags.measures import lasting, plain, value_text

# States with a bar of their own; all others are one.
MOST_BARS = 16
TIMES = ("cycle_time", "lead_time")
KEYS = ("time_in_state", "flow_efficiency", "wip")


def times_page(asked: Asked, at: datetime) -> tuple[str, list[Widget]]:
    """The page's finding and its widgets."""
    found = figures(asked, at, KEYS, ranked=TIMES)
    where = bands(found.reading)
    widgets = [
        scatter(found, "cycle_time"),
        histogram(found, "cycle_time", "How are cycle times spread?"),
        over_time(found, "cycle_time", "Do items take longer or shorter than they did?"),
        efficiency(found),
        finished_time(found, where),
        open_time(found, where),
        scatter(found, "lead_time"),
        histogram(found, "lead_time", "How are lead times spread?"),
    ]
    return finding(found), widgets


def finding(found: Figures) -> str:
    name, times = found.asked.scope.name, found.now["cycle_time"]
    if times.value is None:
        return f"{name}: {times.reason}"
    rank = headline(found.asked.ranks)
    days = value_text(times.percentiles[rank], "days")
    return f"{name}: {rank}\u00a0% of items take {days} or less once they are started"


def _how_long(found: Figures, key: str) -> str:
    """What share took how long, in words."""
    measured, rank = found.now[key], headline(found.asked.ranks)
    days, half = value_text(measured.percentiles[rank], "days"), plain(measured.percentiles[50])
    whole = count(measured.n, "finished item")
    if key == "lead_time":
        return f"{rank}\u00a0% of {whole} were done within {days} of being created, half within {half}."
    return f"{rank}\u00a0% of the {whole} took {days} or less; half took {half} or less."


def scatter(found: Figures, key: str) -> Widget:
    """Each finished item by its day and its time, with the percentiles asked for."""
    measured = found.now[key]
    if measured.value is None:
        return missing(found, key, question(key))
    rows = counted(found.reading, measured)
    texts, days = names(rows.keys), finish_days(found.reading, rows.places)
    dots = [Dot(on, value, texts.get(pk, ""), pk) for pk, value, on in zip(rows.keys, rows.values, days, strict=True)]
    lines = levels(measured, found.asked.ranks)
    return Widget(
        key,
        question(key),
        _how_long(found, key),
        percentile_trend(found, key, headline(found.asked.ranks)),
        spec=charts.scatter(dots, lines, name="Items", unit="days", link=item_link(found.asked)),
        query=found.asked.query,
    )


def histogram(found: Figures, key: str, text: str) -> Widget:
    measured = found.now[key]
    if measured.value is None:
        return missing(found, key, text)
    values = counted(found.reading, measured).values
    low, high = min(values), max(values)
    spread = f"All took {value_text(low, 'days')}." if low == high else f"From {plain(low)} to {plain(high)} days."
    ratio = high / measured.percentiles[50]
    if ratio >= 2:
        spread = f"{spread[:-1]}: the longest took {plain(round(ratio, 1))} times the median."
    return Widget(
        key,
        text,
        spread,
        percentile_trend(found, key, 50),
        spec=charts.histogram(values, levels(measured, found.asked.ranks), unit="days"),
        query=found.asked.query,
    )


def over_time(found: Figures, key: str, text: str) -> Widget:
    """The percentiles of each week; weeks without a finish are gaps, weeks that are cut are marked."""
    measured, ranks = found.now[key], found.asked.ranks
    if measured.value is None:
        return missing(found, key, text)
    weeks = measured.series
    lines = {p: [(week.parts or {}).get(f"p{p}") for week in weeks] for p in ranks}
    full = [week for week in weeks if not week.is_partial]
    return Widget(
        key,
        text,
        _shift(full, headline(ranks)),
        percentile_trend(found, key, headline(ranks)),
        spec=charts.percentiles_over_time(
            [week.at for week in weeks], lines, unit="days", faint=[week.is_partial for week in weeks]
        ),
        query=found.asked.query,
        note="of the items finished in each week; open marks: weeks the window cuts",
    )


def _shift(weeks: Sequence[Point], rank: int) -> str:
    """How the second half of the full weeks compares with the first: medians of the weeks' percentiles."""
    values = [week.parts[f"p{rank}"] for week in weeks if week.parts and f"p{rank}" in week.parts]
    half = len(values) // 2
    if half < 2:
        return "Too little data: fewer than four full weeks in which something was finished."
    first, last = (sorted(part)[(len(part) - 1) // 2] for part in (values[:half], values[-half:]))
    how = "as long" if first == last else "longer" if last > first else "less long"
    return (
        f"Items take {how} in the later half of the weeks: in a typical one {rank}\u00a0% take "
        f"{value_text(last, 'days')} or less, {plain(first)} in the earlier half."
    )


def efficiency(found: Figures) -> Widget:
    """The share of time in progress that is work, week by week of the finishes."""
    key = "flow_efficiency"
    if found.now[key].value is None:
        return missing(found, key, question(key))
    measured = found.reading.measure(key)
    share = float(measured.value or 0)
    weeks = _weekly(found.reading, measured)
    return Widget(
        key,
        question(key),
        f"Work is worked on {per_cent(share)} of its time in progress; {per_cent(1 - share)} it waits.",
        trend(found, key),
        spec=charts.run_chart(
            [week.at for week in weeks],
            [week.value or 0 for week in weeks],
            name="Worked on",
            unit="%",
            faint=[week.is_partial for week in weeks],
        ),
        query=found.asked.query,
        note="of the items finished in each week; open marks: weeks the window cuts",
    )


def _weekly(reading: Reading, measured: Measurement) -> list[Point]:
    """Flow efficiency of the items finished in each week, in per cent: sum over sum."""
    evidence = measured.evidence
    if evidence is None or evidence.base is None:
        return []
    chosen, window, whole_day = evidence.included, reading.asked.window, reading.columns.whole_day
    places = np.searchsorted(reading.columns.ids, evidence.ids[chosen])
    weeks, week = np.unique(frame.mondays(frame.finishes(reading.columns).day[places]), return_inverse=True)
    work, whole = (np.bincount(week, one[chosen], len(weeks)) for one in (evidence.values, evidence.base))
    return [
        Point(day_date(monday), round(100 * part / all_of_it, 1), is_partial=flow.is_cut(monday, window, whole_day))
        for monday, part, all_of_it in zip(weeks.tolist(), work.tolist(), whole.tolist(), strict=True)
        if all_of_it
    ]


def finished_time(found: Figures, where: Bands) -> Widget:
    """The mean time a finished item spent in each state, from its creation on."""
    key, measured = "time_in_state", found.now["time_in_state"]
    spent = {name: seconds for name, seconds in measured.parts.items() if where.states.get(name) != "done"}
    if measured.value is None or not spent:
        return missing(found, key, question(key))
    busy = in_progress(spent, where)
    first = next(iter(busy), "")
    said = "None of it in progress."
    if first:
        share = per_cent(busy[first] / sum(busy.values()))
        mean = lasting(busy[first] / measured.n)
        said = f"{_named(first, where)} holds {share} of the time in progress: {mean} an item."
    return Widget(
        key,
        question(key),
        said + _before_start(spent, where, measured.n),
        _most_before(found, where),
        spec=_ranking({name: seconds / measured.n / 86400 for name, seconds in spent.items()}, first),
        query=found.asked.query,
        note=f"mean of {count(measured.n, 'finished item')}",
    )


def in_progress(spent: Mapping[str, Number], where: Bands) -> dict[str, float]:
    """Of the time per state that of states in progress, the longest first."""
    busy = {name: float(seconds) for name, seconds in spent.items() if where.states.get(name) in IN_PROGRESS}
    return dict(sorted(busy.items(), key=lambda pair: -pair[1]))


def _before_start(spent: Mapping[str, Number], where: Bands, n: int) -> str:
    """How long items waited in the backlog, as a second sentence."""
    idle = sum(float(seconds) for name, seconds in spent.items() if where.states.get(name) == "backlog")
    return f" In the backlog an item waits {lasting(idle / n)}." if idle else ""


def _named(name: str, where: Bands) -> str:
    """A state with what it is, where its name does not say so: "Ready for test (waiting)"."""
    state = where.states.get(name, "")
    name = name[:1].upper() + name[1:]
    return name if name.casefold() == state or not state else f"{name} ({state})"


def _most_before(found: Figures, where: Bands) -> str:
    past, days = found.before["time_in_state"], found.asked.window.days
    busy = in_progress(past.parts, where)
    if past.value is None or not busy:
        return f"Nothing to compare with in the {days} days before."
    most = next(iter(busy))
    return f"{_named(most, where)} with {per_cent(busy[most] / sum(busy.values()))} in the {days} days before."


def _ranking(days: Mapping[str, float], strong: str) -> charts.Spec:
    ranked = sorted(days.items(), key=lambda pair: -pair[1])
    shown = {name[:1].upper() + name[1:]: value for name, value in ranked[:MOST_BARS]}
    if len(ranked) > MOST_BARS:
        shown[f"{len(ranked) - MOST_BARS} other states"] = sum(value for _, value in ranked[MOST_BARS:])
    rounded = {name: round(value, 2) for name, value in shown.items()}
    height = "large" if len(rounded) > 8 else "medium"
    return charts.ranking(rounded, unit="days", strong=strong[:1].upper() + strong[1:], height=height)


def open_time(found: Figures, where: Bands) -> Widget:
    """The mean time the items in progress have spent in each state so far, the open stay included."""
    key, text = "wip", "Where has the work in progress spent its time so far?"
    if not found.now[key].value:
        return replace(missing(found, key, text), answer="Nothing is in progress.")
    spent, n = _open_stays(found.reading, where)
    busy = in_progress(spent, where)
    first = next(iter(busy), "")
    past = found.before[key].value
    return Widget(
        key,
        text,
        f"Of the states in progress, {_named(first, where)} has held them longest: {lasting(busy[first] / n)} an item."
        if first
        else "They have just been started.",
        f"{count(n, 'item')} in progress, {plain(past)} {found.asked.window.days} days earlier.",
        spec=_ranking({name: value / n / 86400 for name, value in spent.items()}, first),
        query=found.asked.query,
        note="mean per item in progress; the stay that is still open counts",
    )


def _open_stays(reading: Reading, where: Bands) -> tuple[dict[str, float], int]:
    """Seconds that the items in progress at the window's end had spent in each state, longest first; and how many
    items these are.
    """
    columns, window = reading.columns, reading.asked.window
    last = frame.days_of(columns, window).last
    holds = frame.in_wip(columns) & (columns.day <= last) & (last < columns.until_day)
    midnight = datetime.combine(window.last + timedelta(days=1), time(0), tzinfo=reading.asked.scope.zone)
    end = min(columns.as_of, micros(midnight))
    n = np.bincount(columns.item[holds], minlength=len(columns.ids)) > 0
    stays = n[columns.item] & (columns.at < end)
    lengths = np.minimum(columns.until[stays], end) - columns.at[stays]
    seconds = np.bincount(where.band[stays], lengths, len(where.names)) / flow.SECOND
    found = {name: spent for name, spent in zip(where.names, seconds.tolist(), strict=True) if spent}
    return dict(sorted(found.items(), key=lambda pair: -pair[1])), int(n.sum())
