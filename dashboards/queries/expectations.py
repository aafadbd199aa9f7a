"""The Expectations page: what may be expected of each team, how often it is met, which items are about to miss it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

import numpy as np
from django.http import QueryDict
from django.urls import reverse

from charts import figures as charts
from charts.figures import Level, Spec
from dashboards.queries.ageing import chance_text
from dashboards.queries.base import Reading, Widget, count, per_cent
from metrics.columns import day_date
from metrics.forms import Asked, day_text
from metrics.formulas import ageing, expectations, frame, stats, stocks
from metrics.formulas.frame import Flags, Ints
from metrics.measurement import Window
from metrics.models import Expectation, WorkItem
from metrics.standards import Expected, expected_of
from metrics.states import KIND_NAMES
from metrics.templatetags.measures import value_text
from portfolio.models import Team

# A proposal is made of the items finished in so many days up to as_of, if there are so many of them.
PROPOSAL_DAYS, FEWEST = 90, 10
PERCENT = 85
# Longer windows are told by month, shorter ones by week.
MOST_WEEKS_DAYS = 200
# With too little to compare with, an item with so few days left is about to miss.
FEW_DAYS = 2
MANY = {
    "": "items",
    "feature": "features",
    "enabler": "enablers",
    "defect": "defects",
    "debt": "items of debt",
    "risk": "risks",
    "other": "other items",
}
AT_ONCE, MOST_ROWS = 12, 200
CSV_HEAD = ["key", "title", "team", "status", "age, days", "expected, days", "chance to meet it"]


@dataclass(frozen=True, slots=True)
class Kept:
    """How many of the finished items met what was expected of them."""

    met: int
    finished: int

    @property
    def text(self) -> str:
        if not self.finished:
            return "none finished"
        return f"{per_cent(self.met / self.finished)} of {count(self.finished, 'item')}"


@dataclass(frozen=True, slots=True)
class Line:
    """What is expected of a type: the sentence in force, how often it was met, and what was or will be expected."""

    label: str
    current: Expectation | None
    sentence: str
    kept: Kept
    before: Kept
    tone: str
    history: Sequence[tuple[Expectation, str]]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the data say: `percent` % of the `n` items of a type took `days` or less."""

    kind: str
    days: int
    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A team: what is expected, how often it was met over time, and what its data propose."""

    team: Team
    widget: Widget
    lines: Sequence[Line]
    proposals: Sequence[Proposal]


@dataclass(frozen=True, slots=True)
class Late:
    """An item in progress that is about to miss what is expected, or has."""

    pk: int
    text: str
    team: str
    status: str
    age: int
    expected: int
    chance: str
    tone: str


@dataclass(frozen=True, slots=True)
class ExpectationsPage:
    finding: str
    panels: Sequence[Panel]
    risk: Widget
    about: Sequence[Late]
    past: Sequence[Late]
    is_empty: bool

    @property
    def about_first(self) -> Sequence[Late]:
        return self.about[:AT_ONCE]

    @property
    def about_more(self) -> Sequence[Late]:
        return self.about[AT_ONCE:]


@dataclass(frozen=True, slots=True)
class _Finished:
    """Aligned arrays over the finished items that count: team (primary key), kind (index; -1: what is expected of all
    types held), day number of the finish, and whether they met it.
    """

    team: Ints
    kind: Ints
    day: Ints
    met: Flags

    def of(self, team: int, kind: int | None = None) -> "_Finished":
        chosen = (self.team == team) & (True if kind is None else self.kind == kind)
        return _Finished(self.team[chosen], self.kind[chosen], self.day[chosen], self.met[chosen])

    @property
    def kept(self) -> Kept:
        return Kept(int(self.met.sum()), len(self.met))


def expectations_page(asked: Asked, at: datetime, teams: Iterable[Team]) -> ExpectationsPage:
    """The page of a scope; `teams` are those of it that the reader sees."""
    reading = Reading(asked, at)
    teams = sorted(teams, key=lambda team: team.name.casefold())
    known = expected_of([team.pk for team in teams], reading.today)
    now, before = (_finished(reading, window) for window in (asked.window, asked.before))
    proposed = _proposals(reading, teams)
    panels = [
        _panel(reading, team, known.get(team.pk, []), (now.of(team.pk), before.of(team.pk)), proposed[team.pk])
        for team in teams
    ]
    about, past, risk = _risk(reading)
    is_empty = not any(one.current for lines in known.values() for one in lines)
    return ExpectationsPage(_finding(asked, now.kept, is_empty), panels, risk, about, past, is_empty)


def _finding(asked: Asked, kept: Kept, is_empty: bool) -> str:
    name = asked.scope.name
    if is_empty:
        return f"{name}: nothing is expected yet"
    if not kept.finished:
        return f"{name}: no item with an expectation finished in this window"
    return f"{name}: {kept.text} met what was expected"


def _finished(reading: Reading, window: Window) -> _Finished:
    """The rows of the measure `expectation_met`, each with what held for it."""
    columns, rows = reading.columns, reading.measure("expectation_met", window).evidence
    none = np.zeros(0, dtype=np.int64)
    if rows is None or not rows.included.any():
        return _Finished(none, none, none, none.astype(np.bool_))
    places = np.searchsorted(columns.ids, rows.ids[rows.included])
    ends = frame.finishes(columns)
    stay, day = ends.stay[places], ends.day[places]
    held = expectations.valid(columns, columns.team[stay], columns.kinds[places].astype(np.int64), day)
    kind = np.array([one.kind for one in columns.expectations], dtype=np.int64)[held]
    team = np.array([one.id for one in columns.teams], dtype=np.int64)[columns.team[stay]]
    return _Finished(team, kind, day, rows.values[rows.included] == 1)


def _panel(
    reading: Reading, team: Team, known: Sequence[Expected], kept: tuple[_Finished, _Finished], own: Sequence[Proposal]
) -> Panel:
    now, before = kept
    lines = [_line(reading, one, now, before) for one in known]
    lines = [line for line in lines if line.current or line.history]
    days = reading.asked.window.days
    widget = Widget(
        "expectation_met" if now.kept.finished else "",
        team.name,
        _answer(now, lines),
        f"{before.kept.text[:1].upper()}{before.kept.text[1:]} in the {days} days before."
        if before.kept.finished
        else "",
        size="w12",
        spec=_figure(reading, now, lines) if now.kept.finished else None,
        query=_of_team(reading.asked, team),
        note=_note(days) if now.kept.finished else "",
    )
    return Panel(team, widget, lines, own)


def _note(days: int) -> str:
    period = "week" if days <= MOST_WEEKS_DAYS else "month"
    return f"per {period} of the finish; open circles: cut by the window or the as-of time"


def _of_team(asked: Asked, team: Team) -> str:
    query = QueryDict(asked.query, mutable=True)
    query["scope"] = f"team:{team.slug}"
    return query.urlencode(safe=":,")


def _answer(now: _Finished, lines: Sequence[Line]) -> str:
    if not any(line.current for line in lines):
        return "Nothing is expected of its items yet."
    said = "; ".join(f"{line.label}: {line.sentence}" for line in lines if line.current)
    if not now.kept.finished:
        return f"{said[:1].upper()}{said[1:]}. No item with an expectation finished in this window."
    return f"{now.kept.text} met what was expected ({said})."


def _line(reading: Reading, one: Expected, now: _Finished, before: _Finished) -> Line:
    kind = KIND_NAMES.index(one.kind) if one.kind else -1
    current = one.current
    team = one.history[0].team_id
    kept = now.of(team, kind).kept
    is_low = current is not None and kept.finished > 0 and 100 * kept.met < current.percent * kept.finished
    return Line(
        one.label,
        current,
        sentence(current) if current else "",
        kept,
        before.of(team, kind).kept,
        "warn" if is_low else "",
        _history(reading, one),
    )


def _history(reading: Reading, one: Expected) -> list[tuple[Expectation, str]]:
    """The others of a type: what was expected before; and what is agreed for later, unless the past is looked at."""
    shown = []
    for other in one.history:
        if other.valid_from > one.on and reading.asked.as_of is None:
            shown.append((other, f"{sentence(other)} from {day_text(other.valid_from)} on"))
        elif other.valid_from <= one.on and other is not one.current:
            shown.append((other, f"{sentence(other)} since {day_text(other.valid_from)}"))
    return shown


def sentence(one: Expectation) -> str:
    """An expectation as it is said: "85 % in 9 days"."""
    return f"{one.percent}\u00a0% in {value_text(one.days, 'days')}"


def _figure(reading: Reading, found: _Finished, lines: Sequence[Line]) -> Spec:
    starts, shares, cut = _periods(reading, found)
    aims = sorted({line.current.percent for line in lines if line.current})
    return charts.run_chart(
        starts,
        shares,
        [Level(aim, f"expected {aim}\u00a0%", "dash") for aim in aims],
        name="Met what was expected",
        unit="%",
        faint=cut,
    )


def _periods(reading: Reading, found: _Finished) -> tuple[list[date], list[float], list[bool]]:
    """Per week or month with a finish: its first day, the share that met what was expected in %, whether it is cut."""
    window, is_weekly = reading.asked.window, reading.asked.window.days <= MOST_WEEKS_DAYS
    days, place = np.unique(found.day, return_inverse=True)
    dates = [day_date(day) for day in days.tolist()]
    first = [on - timedelta(days=on.weekday()) if is_weekly else on.replace(day=1) for on in dates]
    starts = sorted(set(first))
    period = np.array([starts.index(on) for on in first])[place]
    met, finished = np.bincount(period, found.met, len(starts)), np.bincount(period, minlength=len(starts))
    over = min(window.last, day_date(reading.columns.whole_day))
    ends = [on + timedelta(days=6) if is_weekly else _last_of_month(on) for on in starts]
    cut = [on < window.first or end > over for on, end in zip(starts, ends, strict=True)]
    return starts, np.round(100 * met / finished, 1).tolist(), cut


def _last_of_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _proposals(reading: Reading, teams: Sequence[Team]) -> Mapping[int, list[Proposal]]:
    """By team what the last days say: of all its items, and of each type with enough of them."""
    columns, last = reading.columns, reading.today
    days = frame.days_of(columns, Window(last - timedelta(days=PROPOSAL_DAYS - 1), last))
    ends = frame.finishes(columns)
    chosen = frame.finish_rule(columns, ends, days) == 0 if not columns.gap else np.zeros(len(columns.ids), np.bool_)
    ids = np.array([one.id for one in columns.teams], dtype=np.int64)
    team, kind, cycle = ids[columns.team[ends.stay]][chosen], columns.kinds[chosen], ends.cycle[chosen]
    found: dict[int, list[Proposal]] = {}
    for one in teams:
        own = team == one.pk
        of_kind = [("", own), *((name, own & (kind == at)) for at, name in enumerate(KIND_NAMES))]
        # A type that all items are of needs no line of its own.
        telling = [(name, rows) for name, rows in of_kind if not name or rows.sum() < own.sum()]
        made = [_proposal(reading.asked, one, name, cycle[rows]) for name, rows in telling]
        found[one.pk] = [proposal for proposal in made if proposal]
    return found


def _proposal(asked: Asked, team: Team, kind: str, cycle: Ints) -> Proposal | None:
    if len(cycle) < FEWEST:
        return None
    days = int(stats.percentiles(cycle, [PERCENT])[PERCENT])
    what = count(len(cycle), "item", MANY[kind])
    within = value_text(days, "days")
    text = f"{PERCENT}\u00a0% of the {what} finished in the last {PROPOSAL_DAYS} days took {within} or less"
    query = f"{asked.query}&{urlencode({'propose': f'{team.slug}:{kind}'})}"
    return Proposal(kind, days, text, f"{reverse('expectations')}?{query}#set-{team.slug}")


def _risk(reading: Reading) -> tuple[list[Late], list[Late], Widget]:
    """The items that are about to miss what is expected, those that have, and the widget that counts them."""
    found = ageing.chances(reading.columns, reading.asked.window) if not reading.columns.gap else None
    if found is None or not len(found.ids):
        return [], [], _risk_widget(reading, 0, 0, "Nothing is in progress.")
    past = found.why == ageing.MISSED
    unlikely = (found.why == ageing.KNOWN) & (found.chance < 0.5)
    about = unlikely | ((found.why == ageing.TOO_FEW) & (found.days - found.age <= FEW_DAYS))
    expected = int((found.why != ageing.UNEXPECTED).sum())
    answer = "Nothing is expected of what is in progress." if not expected else ""
    lines = [_late(reading, found, np.flatnonzero(chosen)[:MOST_ROWS]) for chosen in (about, past)]
    return lines[0], lines[1], _risk_widget(reading, int(about.sum()), int(past.sum()), answer)


def _risk_widget(reading: Reading, about: int, past: int, answer: str) -> Widget:
    said = (
        f"{count(about, 'item')} {'is' if about == 1 else 'are'} more likely to miss what is expected than to meet it"
    )
    said = said if about else "No item in progress is about to miss what is expected"
    said += f"; {count(past, 'more item')} {'has' if past == 1 else 'have'} missed it already." if past else "."
    return Widget(
        "",
        "Which items are about to miss what is expected?",
        answer or said,
        size="w12",
        tag="about to miss" if about else "",
        tone="warn",
        query=reading.asked.query,
        note="chance: of the finished items that were ever as old, the share that took no longer than expected",
    )


def _late(reading: Reading, found: ageing.Chances, places: Ints) -> list[Late]:
    columns = reading.columns
    stays, _ = stocks.ages(columns, frame.days_of(columns, reading.asked.window))
    stay_of = dict(zip(columns.ids[columns.item[stays]].tolist(), stays.tolist(), strict=True))
    ids = found.ids[places].tolist()
    rows = WorkItem.objects.filter(pk__in=ids).values_list("pk", "key", "title")
    texts = {pk: f"{key} {title[:80]}".strip() for pk, key, title in rows}
    lines = []
    for pk, n in zip(ids, places.tolist(), strict=True):
        chance, tone = chance_text(int(found.why[n]), float(found.chance[n]))
        team = columns.teams[int(found.team[n])].name
        status = columns.statuses[int(columns.status[stay_of[pk]])].name
        lines.append(Late(pk, texts.get(pk, ""), team, status, int(found.age[n]), int(found.days[n]), chance, tone))
    return lines


def csv_rows(lines: Iterable[Late]) -> Iterable[list[object]]:
    for line in lines:
        key, _, title = line.text.partition(" ")
        yield [key, title, line.team, line.status, line.age, line.expected, line.chance]


def proposed_fields(page: ExpectationsPage, text: str, on: date) -> dict[str, dict[str, object]]:
    """By team's short name, what its form starts with: the proposal for all types, or that which `text` names."""
    slug, _, kind = text.partition(":")
    found: dict[str, dict[str, object]] = {}
    for panel in page.panels:
        wanted = kind if panel.team.slug == slug else ""
        days = next((one.days for one in panel.proposals if one.kind == wanted), None)
        found[panel.team.slug] = {"kind": wanted, "percent": PERCENT, "days": days, "valid_from": on}
    return found
