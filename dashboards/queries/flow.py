"""The Flow page: what holds the work up and since when, and how work comes, goes and ages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import cycle

from charts import figures as charts
from dashboards.queries import ageing, stuck, times
from dashboards.queries.base import Figures, Widget, count, figures, missing, question, stock_trend, trend
from dashboards.queries.limits import drawn, is_noted_lately
from dashboards.queries.mix import LOAD, load
from dashboards.queries.standing import Bands, bands
from dashboards.queries.weeks import weeks
from metrics.behaviour import BehaviourChart, chart
from metrics.forms import Asked
from metrics.measurement import Measurement, Number
from metrics.templatetags.measures import plain

KEYS = ("throughput", "arrivals", "departures", "net_flow", "wip", "cfd")
RANKED = ("cycle_time", "work_item_age")
# Colours of bands by state; several statuses of one state take turns.
INKS = {
    "done": ("series-3",),
    "waiting": ("series-2", "div-2", "div-1"),
    "active": ("series-1", "series-5", "series-4", "series-6"),
    "backlog": ("line-strong",),
    "removed": ("ink-3",),
}


def flow_page(asked: Asked, at: datetime) -> tuple[str, list[Widget]]:
    """The page's finding and its widgets."""
    found = figures(asked, at, [*KEYS, LOAD, stuck.KEY], ranked=RANKED)
    where, held = bands(found.reading), stuck.constraint(found.reading)
    widgets = [
        stuck.widget(found, held),
        throughput(found, chart("throughput", asked, at)),
        times.scatter(found, "cycle_time"),
        in_and_out(found),
        load(found),
        ageing.ages(found, where),
        cfd(found, where),
    ]
    return finding(found, held), widgets


def finding(found: Figures, held: Measurement) -> str:
    """What the page says in one line: the constraint, or why there is none to name."""
    if held.value is None:
        return f"{found.asked.scope.name}: {held.reason}"
    return stuck.sentence(held, found.asked, found.today)


def throughput(found: Figures, behaved: BehaviourChart) -> Widget:
    """Finishes a week, with their natural limits and what is more than noise."""
    key, measured = "throughput", found.now["throughput"]
    if measured.value is None:
        return missing(found, key, question(key))
    last = behaved.last_full
    limits = behaved.current.limits if behaved.current else None
    answer = f"Finished {count(measured.value, 'item')} in {found.asked.window.days} days."
    if limits and limits.centre is not None and limits.upper is not None and limits.lower is not None and last:
        where = "within" if limits.lower <= last.value <= limits.upper else "outside"
        usual = f"its usual {plain(round(limits.lower, 1))} to {plain(round(limits.upper, 1))}"
        answer = f"Finished {count(last.value, 'item')} in the last full week, {where} {usual}."
    if behaved.signals:
        answer += f" More than noise: {behaved.signals[-1].text}."
    is_lately = is_noted_lately(behaved)
    spec = drawn(behaved, "Finished a week")
    return Widget(
        key,
        question(key),
        answer,
        f"{count(measured.value, 'item')} in the window, {trend(found, key)}",
        tag="signal" if is_lately else "",
        tone="warn" if is_lately else "",
        spec=spec,
        query=found.asked.query,
        note="open circles: weeks the window cuts",
    )


def _inks(states: Mapping[str, str]) -> dict[str, str]:
    turns = {state: cycle(inks) for state, inks in INKS.items()}
    return {name: next(turns[state]) for name, state in states.items()}


def cfd(found: Figures, where: Bands) -> Widget:
    measured = found.now["cfd"]
    if measured.value is None:
        return missing(found, "cfd", question("cfd"))
    order = list(measured.parts)[::-1]
    bands = {name: [(point.parts or {}).get(name, 0) for point in measured.series] for name in order}
    inks = _inks({ageing.titled(name): where.states.get(name, "backlog") for name in measured.parts})
    done = next((bands[name] for name in order if where.states.get(name) == "done"), [0])
    floor = 0.95 * done[0] if order and where.states.get(order[0]) == "done" else 0
    spec = charts.stacked_area(
        [point.at for point in measured.series],
        {ageing.titled(name): ys for name, ys in bands.items()},
        inks,
        unit="items",
        floor=floor,
        height="large",
    )
    return Widget(
        "cfd",
        question("cfd"),
        _widest(bands, where.states),
        _cfd_trend(found) + (" The axis starts near what was done before the window." if floor else ""),
        size="w12",
        spec=spec,
        query=found.asked.query,
    )


def _widest(bands: Mapping[str, Sequence[Number]], states: Mapping[str, str]) -> str:
    """Which band of work in progress grew most."""
    grown = {
        name: (ys[-1] - ys[0], ys) for name, ys in bands.items() if ys and states.get(name) in {"active", "waiting"}
    }
    if not grown:
        return "Nothing was in progress in this window."
    name, (gain, ys) = max(grown.items(), key=lambda pair: pair[1][0])
    if gain <= 0:
        return "No band of work in progress grew over the window."
    return f"{ageing.titled(name)} grew most: from {plain(ys[0])} to {count(ys[-1], 'item')}."


def _cfd_trend(found: Figures) -> str:
    """How much was in progress at the end of the period before."""
    return f"In progress: {stock_trend(found, 'wip')}"


def in_and_out(found: Figures) -> Widget:
    came, went, net = (found.now[key] for key in ("arrivals", "departures", "net_flow"))
    if came.value is None or went.value is None or net.value is None:
        return missing(found, "net_flow", "Does more come in than goes out?")
    window, today = found.asked.window, found.today
    arriving, leaving = weeks(came.series, window, today), weeks(went.series, window, today)
    bars = {"Arrivals": [week.value for week in arriving], "Departures": [week.value for week in leaving]}
    faint = [week.is_partial for week in arriving]
    spec = charts.bar([week.monday for week in arriving], bars, unit="items", faint=faint)
    gap = count(abs(net.value), "more item")
    answer = f"{gap} came in than left." if net.value < 0 else f"{gap} left than came in."
    if net.value == 0:
        answer = "As much left as came in."
    return Widget(
        "net_flow",
        "Does more come in than goes out?",
        f"{answer} {plain(came.value)} in, {plain(went.value)} out.",
        f"Net flow {trend(found, 'net_flow')}",
        spec=spec,
        query=found.asked.query,
        note="a week each; pale: cut by the window",
    )
