"""The constraint in words and as a figure: which state holds the work up, and since when."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from django.utils.formats import date_format

from charts import figures as charts
from charts.figures import Spec
from dashboards.queries.base import Figures, Reading, Widget, count, missing, per_cent
from metrics.forms import Asked, day_text
from metrics.measurement import Measurement, Number, Point, Window
from metrics.templatetags.measures import plain

KEY = "constraint"
QUESTION = "Where does work get stuck, and since when?"
# How far back the figure goes at most, and how much it shows of the time before.
LONGEST = timedelta(weeks=156)
BEFORE = timedelta(weeks=8)
# Places drawn at most, those that hold most.
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


def since_text(detail: Mapping[str, str | Number], *, is_past: bool = False) -> str:
    """When the lead began: "since the week of 25 Aug 2025", "since March 2024, for as long as the record goes"; of a
    window that is over "from the week of 25 Aug 2025 on".
    """
    monday = date.fromisoformat(str(detail["since"]))
    begin = date_format(monday, "F Y") if detail["is_whole_history"] else f"the week of {day_text(monday)}"
    said = f"from {begin} on" if is_past else f"since {begin}"
    return f"{said}, for as long as the record goes" if detail["is_whole_history"] else said


def stands_text(detail: Mapping[str, str | Number], then: date | None = None) -> str:
    """How much stands there: "30 of 43 items in progress stand there", or stood there `then`."""
    here, total = int(detail["items"]), int(detail["in_progress"])
    verb = f"stood there on {day_text(then)}" if then else "stands there now" if not here else "stand there"
    if not here:
        return f"none of {count(total, 'item')} in progress {verb}" if total else f"nothing {verb}"
    verb = "stands there" if here == 1 and not then else verb
    return f"{plain(here)} of {count(total, 'item')} in progress {verb}"


def _tense(asked: Asked, today: date) -> tuple[str, date | None]:
    """A window that is over is told in the past, of its last day."""
    return ("held", asked.window.last) if asked.window.last < today else ("holds", None)


def sentence(measured: Measurement, asked: Asked, today: date) -> str:
    """The heading: which state of the scope holds the work up, since when, and how much stands there."""
    detail, (holds, then) = measured.detail, _tense(asked, today)
    since = since_text(detail, is_past=then is not None)
    return f"{asked.scope.name}: {place_of(detail)} {holds} the work up {since}: {stands_text(detail, then)}"


def widget(found: Figures, measured: Measurement) -> Widget:
    """The constraint: the sentence, how it came, what comes next, and the weeks of every place."""
    if measured.value is None:
        return missing(found, KEY, QUESTION, "w12", measured)
    detail, (holds, then) = measured.detail, _tense(found.asked, found.today)
    others = "No other state has held clearly more" if then is None else "No other state held clearly more"
    return Widget(
        KEY,
        QUESTION,
        f"{place_of(detail)} {holds} the work up: {stands_text(detail, then)}, {per_cent(measured.value)} of all that "
        f"stood in progress over the last four full weeks. {others} {since_text(detail, is_past=then is not None)}.",
        f"{_course(detail)} {_next(measured)} {_before(found)}",
        size="w12",
        tag=STATES[str(detail["state"])],
        tone="warn",
        spec=figure(measured),
        query=found.asked.query,
        note=_note(len(measured.parts)),
    )


def _note(places: int) -> str:
    said = "average items of each full week"
    return f"{said}; the {MOST_LINES} fullest of {places} states, all are in the CSV" if places > MOST_LINES else said


def _course(detail: Mapping[str, str | Number]) -> str:
    """How much stood there on average, now and before it began, and how much left."""
    said = f"{count(round(float(detail['average']), 1), 'item')} stood there on average in these four weeks"
    if "left" in detail:
        left = int(detail["left"])
        said += f", and {plain(left) if left else 'none'} left"
    if "before" in detail:
        said += f"; {plain(round(float(detail['before']), 1))} stood there in the four weeks before it took the lead"
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
        _lines(weeks, measured),
        strong=place_of(measured.detail),
        unit="items",
        since=since if is_inside else None,
        since_text=f"since {date_format(since, 'j M Y')}",
        height="large",
    )


def _lines(weeks: Sequence[Point], measured: Measurement) -> dict[str, list[Number]]:
    """The places that hold most now, most first; what many others hold together is no place, and no line."""
    parts = [week.parts or {} for week in weeks]
    shown = {name: place_of(measured.detail, name) for name in list(measured.parts)[:MOST_LINES]}
    return {text: [round(at.get(name, 0), 2) for at in parts] for name, text in shown.items()}
