"""The Ageing page: how old the work in progress is, whether it keeps pace, what is about to be late."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.urls import NoReverseMatch, reverse

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
    question,
    stock_trend,
)
from dashboards.queries.standing import Bands, Rows, bands, bands_now, counted, names
from metrics.forms import Asked
from metrics.formulas import ageing, frame
from metrics.formulas.ageing import Chances, Pace
from metrics.measurement import Number
from metrics.templatetags.measures import plain, value_text

ELSEWHERE = "Elsewhere"
# More than this share of the work in progress beyond the usual cycle time is worth a look.
AGEING = 0.2
# The width in pixels of a full row's figure on paper.
WIDTH = 560
# Rows of the table: the worst items at once, so many more behind a summary.
AT_ONCE, MOST_ROWS = 12, 212
KEYS = ("total_work_item_age", "wip")
RANKED = ("cycle_time", "work_item_age")


@dataclass(frozen=True, slots=True)
class Line:
    """An item in progress: where it stands, how old it is, and its chance to beat what is expected, in words."""

    pk: int
    text: str
    place: str
    age: Number
    expected: str
    chance: str
    tone: str


def ageing_page(asked: Asked, at: datetime) -> tuple[str, list[Widget]]:
    """The page's finding and its widgets."""
    found = figures(asked, at, KEYS, ranked=RANKED)
    where, paces = bands(found.reading), ageing.pace(found.reading.columns, asked.window, percentiles=asked.ranks)
    chances = ageing.chances(found.reading.columns, asked.window)
    widgets = [ages(found, where, paces, chances), expected(found, where, chances), total_age(found)]
    return finding(found), widgets


def finding(found: Figures) -> str:
    name, measured = found.asked.scope.name, found.now["work_item_age"]
    if measured.value is None:
        return f"{name}: {measured.reason}"
    said, _ = _how_old(found, counted(found.reading, measured))
    return f"{name}: {said[:1].lower()}{said[1:-1]}"


def ages(found: Figures, where: Bands, paces: Pace | None = None, chances: Chances | None = None) -> Widget:
    """Each item in progress above its state, on the bands of pace where they are given."""
    key, measured, usual = "work_item_age", found.now["work_item_age"], found.now["cycle_time"]
    if measured.value is None:
        return missing(found, key, question(key), "w12")
    rows = counted(found.reading, measured)
    late = _missed(chances)
    groups, dots = _dots(found, where, rows)
    bands_of = {one.name: one.ages for one in paces.bands if one.ages} if paces else {}
    shown = [name for name in where.states if name in {*groups, *bands_of}]
    shown += [ELSEWHERE] if ELSEWHERE in groups else []
    ranks = [rank for rank in found.asked.ranks if rank in {50, headline(found.asked.ranks)}]
    answer, older = _how_old(found, rows)
    tag = "ageing" if older > len(rows) * AGEING else ""
    return Widget(
        key,
        question(key),
        f"{answer} {_pace_text(where, dots, paces)}".strip(),
        stock_trend(found, key).replace(" earlier", " earlier (median)"),
        size="w12",
        tag=tag,
        tone="warn" if tag else "",
        spec=charts.ageing(
            [dot._replace(x=titled(str(dot.x))) for dot in dots],
            [titled(name) for name in shown],
            {titled(name): at for name, at in bands_of.items()},
            [] if bands_of else levels(usual, ranks),
            link=item_link(found.asked),
            late=[pk in late for pk in rows.keys],
            width=WIDTH,
        ),
        query=found.asked.query,
        note=_note(bool(bands_of), bool(usual.percentiles), bool(late)),
    )


def titled(name: str) -> str:
    """A state as it stands alone: "Active", "Ready for test"."""
    return name[:1].upper() + name[1:]


def _note(has_bands: bool, has_lines: bool, has_late: bool) -> str:
    if not has_bands:
        return "lines: cycle times of the window" if has_lines else ""
    said = "bands: the age by which so many of the items finished in the window had left the state"
    return f"{said}; diamonds: later than expected" if has_late else said


def _missed(chances: Chances | None) -> set[int]:
    return set(chances.ids[chances.why == ageing.MISSED].tolist()) if chances else set()


def _pace_text(where: Bands, dots: Sequence[Dot], paces: Pace | None) -> str:
    """How many items are older than nearly all were that left the same state."""
    if paces is None:
        return ""
    if not paces.n:
        return "Their pace has nothing to be compared with: no item finished in this window."
    top = {one.name: (max(one.ages), max(one.ages.values())) for one in paces.bands if one.ages}
    slow = sum(dot.y > top[str(dot.x)][1] for dot in dots if str(dot.x) in top)
    rank = next(iter(top.values()))[0] if top else 0
    if not slow:
        return f"None is older than {rank}\u00a0% were that left the same state."
    is_or_are = "is" if slow == 1 else "are"
    return f"{plain(slow)} {is_or_are} older than {rank}\u00a0% were that left the same state."


def _dots(found: Figures, where: Bands, rows: Rows) -> tuple[list[str], list[Dot]]:
    """The states in which something is, in the workflow's order, and a dot per item."""
    places = [name if name in where.states else ELSEWHERE for name in bands_now(found.reading, where, rows.places)]
    present = set(places)
    groups = [name for name in (*where.states, ELSEWHERE) if name in present]
    texts = names(rows.keys)
    lines = zip(places, rows.values, rows.keys, strict=True)
    return groups, [Dot(place, value, texts.get(pk, ""), pk) for place, value, pk in lines]


def _how_old(found: Figures, rows: Rows) -> tuple[str, int]:
    """How old the work in progress is, in words, and how many items are older than finished ones usually were."""
    measured, usual = found.now["work_item_age"], found.now["cycle_time"]
    oldest = value_text(max(rows.values), "days")
    rank = headline(found.asked.ranks)
    if rank not in usual.percentiles:
        half = value_text(measured.value, "days")
        said = f"Half of the {count(len(rows), 'item')} in progress are {half} old or younger; the oldest is {oldest}."
        return said, 0
    limit = usual.percentiles[rank]
    older = sum(value > limit for value in rows.values)
    is_or_are = "is" if older == 1 else "are"
    return (
        f"{plain(older)} of {count(len(rows), 'item')} in progress {is_or_are} older than {rank}\u00a0% of finished "
        f"items were ({value_text(limit, 'days')}); the oldest is {oldest} old.",
        older,
    )


def expected(found: Figures, where: Bands, chances: Chances) -> Widget:
    """The items in progress with their chances to beat what is expected of the team, the worst first."""
    key, text = "work_item_age", "Which items are about to be late?"
    if not len(chances.ids):
        return missing(found, key, text, "w12")
    lines = _lines(found.reading, where, chances)
    answer, tag = _chances_text(chances)
    return Widget(
        key,
        text,
        answer,
        _finished_text(found),
        size="w12",
        tag=tag,
        tone="warn" if tag else "",
        query=found.asked.query,
        note="chance: of the finished items that were ever as old, the share that took no longer than expected",
        template="dashboards/ages.html",
        extra={
            "lines": lines[:AT_ONCE],
            "more": lines[AT_ONCE:],
            "left_out": len(chances.ids) - len(lines),
            "is_expected": bool((chances.why != ageing.UNEXPECTED).any()),
            "all": f"{reverse('items')}?{found.asked.query}",
            "expectations": "" if (chances.why != ageing.UNEXPECTED).any() else _address("expectations"),
        },
    )


def _address(name: str) -> str:
    """The address of a page, or nothing where there is no such page."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _chances_text(chances: Chances) -> tuple[str, str]:
    """How many items have missed what is expected, and how many probably will; and the tag."""
    expected = chances.why != ageing.UNEXPECTED
    if not expected.any():
        return "Nothing is expected yet: without a service level expectation no item can be late.", ""
    missed = int((chances.why == ageing.MISSED).sum())
    unlikely = int(((chances.why == ageing.KNOWN) & (chances.chance < 0.5)).sum())
    unknown = int((chances.why == ageing.TOO_FEW).sum())
    said = f"{plain(missed)} of {count(int(expected.sum()), 'item')} in progress {'has' if missed == 1 else 'have'} "
    said += f"missed what is expected, and {plain(unlikely)} more {'has' if unlikely == 1 else 'have'} less than an "
    said += "even chance."
    if unknown:
        said += f" Of {plain(unknown)} nothing can be said: too few finished items ever were as old."
    if not expected.all():
        said += f" Nothing is expected of the other {plain(int((~expected).sum()))}."
    return said, "late" if missed or unlikely else ""


def _finished_text(found: Figures) -> str:
    usual, before = found.now["cycle_time"], found.before["cycle_time"]
    if usual.value is None:
        return "No item finished in this window to compare with."
    past = f"; {plain(before.percentiles[50])} in the {found.asked.window.days} days before" if before.value else ""
    half = value_text(usual.percentiles[50], "days")
    return f"Half of the {count(usual.n, 'item')} finished in the window took {half} or less{past}."


def _lines(reading: Reading, where: Bands, chances: Chances) -> list[Line]:
    first = _worst_first(chances)[:MOST_ROWS]
    ids = chances.ids[first]
    places = bands_now(reading, where, np.searchsorted(reading.columns.ids, ids))
    texts = names(ids.tolist())
    return [_line(chances, n, texts, place) for n, place in zip(first.tolist(), places, strict=True)]


def _worst_first(chances: Chances) -> frame.Ints:
    """The order of the table: what has missed, what is unlikely, unknown, likely, and what nothing is expected of; of
    equals the oldest.
    """
    worth = np.select(
        [chances.why == ageing.MISSED, chances.why == ageing.KNOWN, chances.why == ageing.TOO_FEW],
        [-1.0, chances.chance, 0.5],
        2.0,
    )
    return np.argsort(worth, kind="stable")


def _line(chances: Chances, n: int, texts: Mapping[int, str], place: str) -> Line:
    why, days = int(chances.why[n]), int(chances.days[n])
    chance, tone = chance_text(why, float(chances.chance[n]))
    said = f"{int(chances.percent[n])}\u00a0% in {value_text(days, 'days')}" if days else "none"
    pk = int(chances.ids[n])
    return Line(pk, texts.get(pk, ""), titled(place), int(chances.age[n]), said, chance, tone)


def chance_text(why: int, chance: float) -> tuple[str, str]:
    """A chance in words, capped as forecasts are, and its tone: "> 95 %", "12 %", "missed", "unknown: …"."""
    if why == ageing.MISSED:
        return "missed", "bad"
    if why == ageing.TOO_FEW:
        return "unknown: too little data", ""
    if why == ageing.UNEXPECTED:
        return "nothing expected", ""
    if chance > 0.95:
        return ">\u00a095\u00a0%", ""
    return (per_cent(chance), "" if chance >= 0.5 else "warn") if chance >= 0.05 else ("<\u00a05\u00a0%", "warn")


def total_age(found: Figures) -> Widget:
    """The sum of the ages of the work in progress, day by day."""
    key = "total_work_item_age"
    measured = found.now[key]
    if measured.value is None:
        return missing(found, key, question(key), "w12")
    items, series = found.now["wip"].value, measured.series
    each = f": {value_text(round(measured.value / items, 1), 'days')} an item on average" if items else ""
    return Widget(
        key,
        question(key),
        f"Together, the items in progress are {value_text(measured.value, 'days')} old{each}.",
        stock_trend(found, key),
        size="w12",
        spec=charts.line([p.at for p in series], {"Total age": [p.value for p in series]}, unit="item days"),
        query=found.asked.query,
        note="it falls when old items are finished or sent back, and grows by one a day for every item that stays",
    )
