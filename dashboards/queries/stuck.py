"""The constraint in words and as a figure: which state holds the work up, and since when."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from django.utils.formats import date_format

from charts import figures as charts
from charts.figures import Spec
from dashboards.queries.base import Figures, Reading, Widget, count, missing, per_cent
from metrics.forms import Asked
from metrics.measurement import Measurement, Number, Point, Window
from metrics.templatetags.measures import plain

KEY = "constraint"
QUESTION = "Where does work get stuck, and since when?"
# How far back the figure goes at most, and how much it shows of the time before.
LONGEST = timedelta(weeks=156)
BEFORE = timedelta(weeks=8)
# Lines of their own; what is lower is one line.
MOST_LINES = 8
# A runner-up with more than this share of the constraint's is close.
CLOSE = 0.75
STATES = {"waiting": "waiting", "active": "being worked on"}


def constraint(reading: Reading) -> Measurement:
    """The constraint with its weeks, from some weeks before it began (three years back at most)."""
    window = reading.asked.window
    found = reading.measure(KEY)
    if found.value is None or window.first > reading.today:
        return found
    begin = max(date.fromisoformat(str(found.detail["since"])) - BEFORE, window.last - LONGEST)
    if begin >= window.first:
        return found
    return reading.measure(KEY, Window(begin - timedelta(days=begin.weekday()), window.last))


def place_of(detail: Mapping[str, str | Number], name: str = "") -> str:
    """A place as a sentence says it: "Ready for test", or "Ready for test at Heron" where there are several teams."""
    team, found, status = (name or str(detail["place"])).partition(": ")
    return f"{status} at {team}" if found and detail["place"] != detail["status"] else name or str(detail["place"])


def since_text(detail: Mapping[str, str | Number]) -> str:
    """When the lead began: "since the week of 25 Aug 2025", "since March 2024, for as long as the record goes"."""
    monday = date.fromisoformat(str(detail["since"]))
    if detail["is_whole_history"]:
        return f"since {date_format(monday, 'F Y')}, for as long as the record goes"
    return f"since the week of {date_format(monday, 'j M Y')}"


def stands_text(detail: Mapping[str, str | Number]) -> str:
    """How much stands there now: "30 of 43 items in progress stand there"."""
    here, total = int(detail["items"]), int(detail["in_progress"])
    if not here:
        return f"none of {count(total, 'item')} in progress stands there now" if total else "nothing stands there now"
    return f"{plain(here)} of {count(total, 'item')} in progress {'stands' if here == 1 else 'stand'} there"


def sentence(measured: Measurement, asked: Asked, today: date) -> str:
    """The heading: which state of the scope holds the work up, since when, and how much stands there."""
    detail = measured.detail
    holds = "held" if asked.window.last < today else "holds"
    return (
        f"{asked.scope.name}: {place_of(detail)} {holds} the work up {since_text(detail)}: "
        f"{_past(stands_text(detail)) if holds == 'held' else stands_text(detail)}"
    )


def _past(text: str) -> str:
    """What stands, as it stood at the end of a window that is over."""
    return text.replace("stands there now", "stood there").replace("stands there", "stood there").replace(
        "stand there", "stood there"
    ) + " then"  # fmt: skip


def widget(found: Figures, measured: Measurement) -> Widget:
    """The constraint: the sentence, how it came, what comes next, and the weeks of every place."""
    if measured.value is None:
        return replace(missing(found, KEY, QUESTION, "w12"), tag="n/a")
    detail = measured.detail
    holds = "held" if found.asked.window.last < found.today else "holds"
    state = str(detail["state"])
    answer = (
        f"{place_of(detail)} {holds} the work up: {stands_text(detail)}, {per_cent(measured.value)} of all that stood "
        f"in progress over the last four full weeks. No other state has held clearly more {since_text(detail)}."
    )
    return Widget(
        KEY,
        QUESTION,
        answer,
        f"{_course(detail)} {_next(measured)} {_before(found)}".replace("  ", " ").strip(),
        size="w12",
        tag=STATES[state],
        tone="warn",
        spec=figure(measured),
        query=found.asked.query,
        note="average items a week in each state in progress; open weeks are left out",
    )


def _course(detail: Mapping[str, str | Number]) -> str:
    """How much stood there on average, now and before it began, and how much left."""
    said = f"{plain(round(float(detail['average']), 1))} items on average in these four weeks"
    if "before" in detail:
        said += f", {plain(round(float(detail['before']), 1))} in the weeks before it began"
    if "left" in detail:
        left = int(detail["left"])
        said += f"; {count(left, 'item') if left else 'no item'} left it"
    return f"{said}."


def _next(measured: Measurement) -> str:
    """The place after it, and whether it is close."""
    detail = measured.detail
    if "runner_up" not in detail or measured.value is None:
        return "No other state holds any."
    share = float(detail["runner_up_share"])
    is_close = share > CLOSE * float(measured.value)
    return f"{'Close behind' if is_close else 'Next'}: {place_of(detail, str(detail['runner_up']))}, {per_cent(share)}."


def _before(found: Figures) -> str:
    past, days = found.before[KEY], found.asked.window.days
    if past.value is None:
        return f"Nothing to compare with {days} days earlier."
    return f"{days} days earlier: {place_of(past.detail)}, {per_cent(past.value)}."


def figure(measured: Measurement) -> Spec:
    """The weeks that are over, a line per place, the constraint's strong, with the week it began."""
    weeks = [point for point in measured.series if not point.is_partial]
    since = date.fromisoformat(str(measured.detail["since"]))
    is_inside = bool(weeks) and weeks[0].at < since
    return charts.standing(
        [week.at for week in weeks],
        _lines(weeks, list(measured.parts), str(measured.detail["place"])),
        strong=str(measured.detail["place"]),
        unit="items",
        since=since if is_inside else None,
        since_text=f"since {date_format(since, 'j M Y')}",
        height="large",
    )


def _lines(weeks: Sequence[Point], ranked: Sequence[str], place: str) -> dict[str, list[Number]]:
    """The places that hold most by name, most first, and all others together."""
    parts = [week.parts or {} for week in weeks]
    shown = [place, *(name for name in ranked if name != place)][:MOST_LINES]
    lines = {name: [round(at.get(name, 0), 2) for at in parts] for name in shown}
    rest = [round(sum(at.values()) - sum(at.get(name, 0) for name in shown), 2) for at in parts]
    return lines | ({"All others together": rest} if any(rest) else {})
