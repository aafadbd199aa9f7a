"""The Flow page: where work flows, how fast, and where it is stuck."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import cycle

from django.urls import reverse

from charts import figures as charts
from charts.figures import Dot, Level
from dashboards.queries.base import (
    Figures,
    Widget,
    count,
    figures,
    missing,
    per_cent,
    percentile_trend,
    question,
    trend,
)
from dashboards.queries.standing import Standing, names, standing
from dashboards.queries.weeks import behaviour, weeks
from metrics.forms import Asked
from metrics.measurement import Measurement, Number
from metrics.models import ItemKind
from metrics.templatetags.measures import lasting, plain, value_text

KEYS = (
    "cycle_time", "lead_time", "throughput", "arrivals", "departures", "net_flow", "wip", "work_item_age",
    "total_work_item_age", "time_in_state", "flow_efficiency", "cfd", "flow_distribution",
)  # fmt: skip
DASHES = {50: "dot", 70: "dash", 85: "solid", 95: "dashdot"}
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
    found = figures(asked, at, KEYS)
    where = standing(asked, at)
    widgets = [
        _cycle_time(found, where),
        _throughput(found),
        _time_in_state(found, where),
        _ages(found, where),
        _cfd(found, where),
        _wip(found),
        _in_and_out(found),
        _efficiency(found),
        _distribution(found),
        _total_age(found),
        _lead_time(found, where),
    ]
    return finding(found, where), widgets


def finding(found: Figures, where: Standing) -> str:
    """What the page says in one line."""
    name, times = found.asked.scope.name, found.now["cycle_time"]
    if times.value is None:
        return f"{name}: {times.reason}"
    within = value_text(times.percentiles[85], "days")
    place, share, _ = _slowest(found.now["time_in_state"], where.states)
    stuck = f", and {place} holds {per_cent(share)} of the time" if place else ""
    return f"{name}: 85\u00a0% of items take {within} or less{stuck}"


def _levels(measured: Measurement, ranks: Sequence[int] = (50, 70, 85, 95)) -> list[Level]:
    return [Level(measured.percentiles[p], f"{p}\u00a0%: {plain(measured.percentiles[p])} d", DASHES[p]) for p in ranks]


def _item_link() -> str:
    return reverse("item", args=[0]).replace("/0/", "/{}/")


def _cycle_time(found: Figures, where: Standing) -> Widget:
    measured = found.now["cycle_time"]
    if measured.value is None:
        return missing(found, "cycle_time", question("cycle_time"))
    rows = where.counted("cycle_time")
    texts = names([pk for pk, _ in rows])
    dots = [Dot(where.finished_on[pk], value, texts.get(pk, ""), pk) for pk, value in rows]
    days = value_text(measured.percentiles[85], "days")
    return Widget(
        "cycle_time",
        question("cycle_time"),
        f"85\u00a0% of the {count(measured.n, 'finished item')} took {days} or less; half took "
        f"{plain(measured.percentiles[50])} or less.",
        percentile_trend(found, "cycle_time", 85),
        spec=charts.scatter(dots, _levels(measured), name="Items", unit="days", link=_item_link()),
        query=found.asked.query,
    )


def _throughput(found: Figures) -> Widget:
    measured = found.now["throughput"]
    if measured.value is None:
        return missing(found, "throughput", question("throughput"))
    per_week = weeks(measured.series, found.asked.window, found.today)
    limits, noted = behaviour(per_week)
    levels = []
    if limits.centre is not None and limits.upper is not None and limits.lower is not None:
        levels = [Level(limits.centre, f"mean {plain(round(limits.centre, 1))}", "dash")]
        levels += [Level(y, f"limit {plain(round(y, 1))}", "dot") for y in (limits.lower, limits.upper)]
    spec = charts.run_chart(
        [week.monday for week in per_week],
        [week.value for week in per_week],
        levels,
        name="Finished a week",
        unit="items",
        signals=noted,
        faint=[week.is_partial for week in per_week],
    )
    full = [week for week in per_week if not week.is_partial]
    answer = f"Finished {count(measured.value, 'item')} in {found.asked.window.days} days."
    tag = ""
    if full and limits.upper is not None and limits.lower is not None:
        last = full[-1].value
        inside = limits.lower <= last <= limits.upper
        usual = f"its usual {plain(round(limits.lower))} to {plain(round(limits.upper))}"
        answer = f"Finished {count(last, 'item')} in the last full week, {'within' if inside else 'outside'} {usual}."
        tag = "" if not noted else "signal: more than noise"
    return Widget(
        "throughput",
        question("throughput"),
        answer,
        f"{count(measured.value, 'item')} in the window, {trend(found, 'throughput')}",
        tag=tag,
        tone="warn" if tag else "",
        spec=spec,
        query=found.asked.query,
        note="open circles: weeks the window cuts",
    )


def _wip(found: Figures) -> Widget:
    measured = found.now["wip"]
    if measured.value is None:
        return missing(found, "wip", question("wip"))
    days = [point.at for point in measured.series]
    spec = charts.line(days, {"In progress": [point.value for point in measured.series]}, unit="items")
    is_or_are = "is" if measured.value == 1 else "are"
    return Widget(
        "wip",
        question("wip"),
        f"{count(measured.value, 'item')} {is_or_are} in progress.",
        _stock_trend(found, "wip"),
        spec=spec,
        query=found.asked.query,
    )


def _stock_trend(found: Figures, key: str) -> str:
    before = found.before[key]
    days = found.asked.window.days
    if before.value is None:
        return f"Nothing to compare with {days} days earlier."
    return f"{value_text(before.value, before.unit)} {days} days earlier."


def _ages(found: Figures, where: Standing) -> Widget:
    measured, usual = found.now["work_item_age"], found.now["cycle_time"]
    if measured.value is None:
        return missing(found, "work_item_age", question("work_item_age"))
    rows = where.counted("work_item_age")
    texts = names([pk for pk, _ in rows])
    present = {where.band.get(pk, "") for pk, _ in rows}
    groups = [name for name in where.states if name in present] + (["elsewhere"] if present - set(where.states) else [])
    dots = [
        Dot(name if (name := where.band.get(pk, "")) in where.states else "elsewhere", value, texts.get(pk, ""), pk)
        for pk, value in rows
    ]
    levels = _levels(usual, (50, 85)) if usual.percentiles else []
    oldest = value_text(max(value for _, value in rows), "days")
    answer, tag = (
        f"Half of the {count(len(rows), 'item')} in progress are {plain(measured.value)} days old or younger.",
        "",
    )
    if usual.percentiles:
        limit = usual.percentiles[85]
        older = sum(value > limit for _, value in rows)
        answer = (
            f"{plain(older)} of {count(len(rows), 'item')} in progress are older than 85\u00a0% of finished items were "
        )
        answer += f"({plain(limit)} days); the oldest is {oldest} old."
        tag = "ageing" if older > len(rows) * 0.2 else ""
    return Widget(
        "work_item_age",
        question("work_item_age"),
        answer,
        _stock_trend(found, "work_item_age").replace(" earlier", " earlier (median)"),
        tag=tag,
        tone="warn" if tag else "",
        spec=charts.strip(dots, groups, levels, name="Items", unit="days", link=_item_link()),
        query=found.asked.query,
        note="lines: cycle times of the window",
    )


def _inks(states: Mapping[str, str]) -> dict[str, str]:
    turns = {state: cycle(inks) for state, inks in INKS.items()}
    return {name: next(turns[state]) for name, state in states.items()}


def _cfd(found: Figures, where: Standing) -> Widget:
    measured = found.now["cfd"]
    if measured.value is None:
        return missing(found, "cfd", question("cfd"))
    order = list(measured.parts)[::-1]
    bands = {name: [(point.parts or {}).get(name, 0) for point in measured.series] for name in order}
    inks = _inks({name: where.states.get(name, "backlog") for name in measured.parts})
    done = next((bands[name] for name in order if where.states.get(name) == "done"), [0])
    floor = 0.95 * done[0] if order and where.states.get(order[0]) == "done" else 0
    spec = charts.stacked_area(
        [point.at for point in measured.series], bands, inks, unit="items", floor=floor, height="large"
    )
    return Widget(
        "cfd",
        question("cfd"),
        _widest(bands, where.states),
        "The axis starts near the items done before the window." if floor else "",
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
    return f"{name} grew most: from {plain(ys[0])} to {count(ys[-1], 'item')}."


def _slowest(measured: Measurement, states: Mapping[str, str]) -> tuple[str, float, Mapping[str, Number]]:
    """The status in progress that holds most time, its share of the time in progress, and all, longest first."""
    spent = {n: v for n, v in measured.parts.items() if states.get(n) in {"active", "waiting"}}
    whole = sum(spent.values())
    if not whole:
        return "", 0.0, {}
    ranked = dict(sorted(spent.items(), key=lambda pair: -pair[1]))
    first = next(iter(ranked))
    return first, ranked[first] / whole, ranked


def _time_in_state(found: Figures, where: Standing) -> Widget:
    measured = found.now["time_in_state"]
    place, share, ranked = _slowest(measured, where.states)
    if measured.value is None or not place:
        return missing(found, "time_in_state", "Where is flow stuck?")
    each = {name: round(seconds / measured.n / 86400, 2) for name, seconds in ranked.items()}
    mean = lasting(ranked[place] / measured.n)
    past, past_share, _ = _slowest(found.before["time_in_state"], where.states)
    return Widget(
        "time_in_state",
        "Where is flow stuck?",
        f"{place} holds most of the time in progress: {per_cent(share)}, {mean} an item.",
        f"{past} with {per_cent(past_share)} in the {found.asked.window.days} days before." if past else "",
        tag="waiting" if where.states[place] == "waiting" else "",
        tone="warn",
        spec=charts.ranking(each, unit="days", strong=place),
        query=found.asked.query,
        note="mean days per finished item; backlog left out",
    )


def _in_and_out(found: Figures) -> Widget:
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


def _lead_time(found: Figures, where: Standing) -> Widget:
    measured = found.now["lead_time"]
    if measured.value is None:
        return missing(found, "lead_time", question("lead_time"))
    values = [value for _, value in where.counted("lead_time")]
    days = value_text(measured.percentiles[85], "days")
    return Widget(
        "lead_time",
        question("lead_time"),
        f"85\u00a0% are finished within {days} of being created, half within {plain(measured.percentiles[50])}.",
        percentile_trend(found, "lead_time", 85),
        spec=charts.histogram(values, _levels(measured, (50, 85)), unit="days"),
        query=found.asked.query,
    )


def _efficiency(found: Figures) -> Widget:
    measured = found.now["flow_efficiency"]
    if measured.value is None:
        return missing(found, "flow_efficiency", question("flow_efficiency"))
    share = float(measured.value)
    times = {"Active": round(100 * share, 1), "Waiting": round(100 - 100 * share, 1)}
    return Widget(
        "flow_efficiency",
        question("flow_efficiency"),
        f"Work is worked on {per_cent(share)} of its time in progress; the rest it waits.",
        trend(found, "flow_efficiency"),
        spec=charts.ranking(times, unit="%", strong="Waiting"),
        query=found.asked.query,
    )


def _distribution(found: Figures) -> Widget:
    measured = found.now["flow_distribution"]
    if measured.value is None:
        return missing(found, "flow_distribution", question("flow_distribution"))
    labels = dict(ItemKind.choices)
    shares = sorted(((labels[k], v) for k, v in measured.parts.items() if v), key=lambda pair: -pair[1])
    said = ", ".join(f"{per_cent(share)} {label.lower()}" for label, share in shares[:3])
    return Widget(
        "flow_distribution",
        question("flow_distribution"),
        f"Of {count(measured.n, 'finished item')}: {said}.",
        f"Features: {trend(found, 'flow_distribution')}",
        spec=charts.ranking({label: round(100 * share, 1) for label, share in shares}, unit="%"),
        query=found.asked.query,
    )


def _total_age(found: Figures) -> Widget:
    measured = found.now["total_work_item_age"]
    if measured.value is None:
        return missing(found, "total_work_item_age", question("total_work_item_age"))
    series = measured.series
    spec = charts.line([p.at for p in series], {"Total age": [p.value for p in series]}, unit="item days")
    return Widget(
        "total_work_item_age",
        question("total_work_item_age"),
        f"Together, the items in progress are {plain(measured.value)} days old.",
        _stock_trend(found, "total_work_item_age"),
        spec=spec,
        query=found.asked.query,
    )
