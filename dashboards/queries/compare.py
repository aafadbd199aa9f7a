"""The Compare page: the teams of a stream, or the streams of the portfolio, side by side, each on its own scale.

Nothing is ranked: the order is the alphabet, the axes are each one's own, and no number is set against another's.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from accounts.models import User
from charts import figures as charts
from charts.figures import Spec
from dashboards.queries.base import Reading, Widget, count, headline
from dashboards.queries.limits import drawn
from metrics.behaviour import BehaviourChart, side_by_side
from metrics.columns import FlowColumns
from metrics.columns.parts import of_stream, of_team
from metrics.forms import Asked
from metrics.formulas import stats
from metrics.measurement import Measurement, Window
from metrics.registry import METRICS
from metrics.templatetags.measures import plain, value_text
from portfolio.models import Team
from portfolio.queries import Scope, scopes_for

SAYS = "alphabetical, each on its own scale and limits; nothing here ranks anybody"


@dataclass(frozen=True)
class Part:
    """One of the scopes that stand side by side: its own scope, and the columns it shares with the whole."""

    scope: Scope
    whole: Reading

    @cached_property
    def columns(self) -> FlowColumns | None:
        """None for who never held an item."""
        if self.scope.kind == "stream":
            return of_stream(self.whole.columns, self.scope.teams)
        known = {info.id for info in self.whole.columns.teams}
        return of_team(self.whole.columns, self.scope.teams[0]) if self.scope.teams[0] in known else None

    @property
    def asked(self) -> Asked:
        return replace(self.whole.asked, scope=self.scope)

    def measure(self, key: str, window: Window | None = None, **options: object) -> Measurement:
        """A measure of this part; n/a where it has no items."""
        if self.columns is None:
            return Measurement(None, METRICS[key].unit, reason="no work items yet")
        day = self.whole.at.astimezone(self.scope.zone).date()
        return METRICS[key].formula(self.columns, window or self.whole.asked.window, day, **options)


def parts(reading: Reading, user: User | AnonymousUser) -> list[Part]:
    """The teams of a stream, or the streams of the portfolio, that the reader may see, in alphabetical order."""
    scope = reading.asked.scope
    kind = "stream" if scope.kind == "portfolio" else "team"
    seen = [one for one in scopes_for(user) if one.kind == kind and set(one.teams) <= set(scope.teams) and one.teams]
    gone = Team.objects.filter(pk__in=scope.teams, ended_on__lt=reading.asked.window.first)
    ended = set(gone.values_list("pk", flat=True))
    shown = [one for one in seen if not set(one.teams) <= ended]
    return [Part(one, reading) for one in sorted(shown, key=lambda one: one.name.casefold())]


def compare_page(asked: Asked, at: datetime, user: User | AnonymousUser) -> tuple[str, list[Widget]]:
    """The page's finding and its widgets: three for each part."""
    found = parts(Reading(asked, at), user)
    what = "value stream" if asked.scope.kind == "portfolio" else "team"
    behaved = side_by_side("throughput", [(part.asked, partial(part.measure, "throughput")) for part in found], at)
    widgets = [
        widget
        for part, chart in zip(found, behaved, strict=True)
        for widget in (throughput(part, chart), cycle_time(part), wip(part))
    ]
    return f"{asked.scope.name}: {count(len(found), what)} side by side, each on its own scale", widgets


def _widget(part: Part, key: str, text: str, answer: str, trend: str, spec: Spec | None, tag: str = "") -> Widget:
    page = "flow-compare" if part.scope.kind == "stream" else "flow"
    return Widget(
        key,
        f"{part.scope.name}: {text}",
        answer,
        trend,
        size="w4",
        tag=tag,
        tone="warn" if tag.startswith("signal") else "",
        spec=spec,
        query=part.asked.query,
        template="dashboards/part.html" if key == "throughput" else "",
        extra={"name": part.scope.name, "address": f"{reverse(page)}?{part.asked.query}"},
    )


def _missing(part: Part, key: str, text: str, measured: Measurement) -> Widget:
    reason = f"{measured.reason[:1].upper()}{measured.reason[1:]}."
    return _widget(part, key, text, reason, "", None, "n/a")


def _past(measured: Measurement, days: int, rank: int = 0) -> str:
    """What the same part's figure was before."""
    value = measured.percentiles.get(rank) if rank else measured.value
    if value is None:
        return f"Nothing to compare with in the {days} days before."
    return f"{value_text(value, measured.unit)} in the {days} days before."


def throughput(part: Part, behaved: BehaviourChart) -> Widget:
    """Finishes a week with the part's own natural limits: those of its Limits page."""
    key, text = "throughput", "how much is finished?"
    measured, days = part.measure(key), part.asked.window.days
    if measured.value is None:
        return _missing(part, key, text, measured)
    limits = behaved.current.limits if behaved.current else stats.Behaviour()
    usual = "too few full weeks for natural limits"
    if limits.centre is not None and limits.upper is not None and limits.lower is not None:
        low, high = plain(round(limits.lower, 1)), plain(round(limits.upper, 1))
        usual = f"usually {low} to {high} a week" if low != high else f"{low} each week"
    spec = drawn(behaved, "Finished a week", height="small")
    answer = f"{count(measured.value, 'item')} in {days} days; {usual}."
    past = _past(part.measure(key, part.asked.before), days)
    return _widget(part, key, text, answer, past, spec, "signal: more than noise" if behaved.noted else "")


def cycle_time(part: Part) -> Widget:
    """The percentiles of the weeks, on the part's own scale."""
    key, text, ranks = "cycle_time", "how long does an item take?", part.asked.ranks
    measured, days = part.measure(key, percentiles=ranks), part.asked.window.days
    if measured.value is None:
        return _missing(part, key, text, measured)
    rank = headline(ranks)
    shown = sorted({50, rank})
    spec = charts.percentiles_over_time(
        [week.at for week in measured.series],
        {p: [(week.parts or {}).get(f"p{p}") for week in measured.series] for p in shown},
        unit="days",
        faint=[week.is_partial for week in measured.series],
        height="small",
    )
    answer = f"{rank}\u00a0% take {value_text(measured.percentiles[rank], 'days')} or less."
    before = part.measure(key, part.asked.before, percentiles=ranks)
    return _widget(part, key, text, answer, _past(before, days, rank), spec)


def wip(part: Part) -> Widget:
    """The work in progress at the end of each day."""
    key, text = "wip", "how much is in progress?"
    measured, days = part.measure(key), part.asked.window.days
    if measured.value is None:
        return _missing(part, key, text, measured)
    series = measured.series
    spec = charts.line(
        [point.at for point in series], {"In progress": [point.value for point in series]}, unit="items", height="small"
    )
    before = part.measure(key, part.asked.before)
    past = "Nothing to compare with" if before.value is None else value_text(before.value, "items")
    answer = f"{count(measured.value, 'item')} {'is' if measured.value == 1 else 'are'} in progress."
    return _widget(part, key, text, answer, f"{past} {days} days earlier.", spec)
