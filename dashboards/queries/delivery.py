"""The Delivery page: the five DORA measures, the stages of lead time, deployments with their incidents."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from django.urls import reverse

from charts import figures as charts
from charts.figures import Mark
from dashboards.queries.base import Figures, Widget, count, figures, missing, per_cent, question, trend
from dashboards.queries.weeks import weeks
from metrics.forms import Asked
from metrics.measurement import Measurement, Point
from metrics.models import Deployment, Incident
from metrics.templatetags.measures import lasting, plain, value_text

KEYS = (
    "deployment_frequency", "change_lead_time", "change_fail_rate", "failed_deployment_recovery_time",
    "deployment_rework_rate",
)  # fmt: skip
MOST_LANES = 12
KINDS = {
    "Deployment": ("series-1", "circle"),
    "Failed deployment": ("bad", "x"),
    "Incident": ("warn", "diamond"),
}
STAGES = {
    "coding": "Coding: first commit to opened",
    "pickup": "Pickup: opened to first review",
    "review": "Review: to merged",
    "deploy": "Deploy: to production",
}


def delivery_page(asked: Asked, at: datetime) -> tuple[str, list[Widget]]:
    """The page's finding and its widgets."""
    found = figures(asked, at, KEYS)
    widgets = [
        _frequency(found),
        _lead_time(found),
        _fail_rate(found),
        _recovery(found),
        _rework(found),
        _stages(found),
        _timeline(asked, at),
    ]
    return finding(found), widgets


def finding(found: Figures) -> str:
    """What the page says in one line."""
    name, often, late = found.asked.scope.name, found.now["deployment_frequency"], found.now["change_lead_time"]
    if often.value is None:
        return f"{name}: {often.reason}"
    said = f"{name} delivers {_often(often.parts['per_week'])}"
    return said if late.value is None else f"{said}; a change takes {lasting(late.value)} to production"


def _often(per_week: float) -> str:
    """How many times a week, in words: "3.5 times a week", "once a week", "0.5 times a week"."""
    times = plain(round(per_week, 1))
    return "once a week" if times == "1" else f"{times} times a week"


def _frequency(found: Figures) -> Widget:
    key = "deployment_frequency"
    measured = found.now[key]
    if measured.value is None:
        return missing(found, key, question(key))
    parts = measured.parts
    per_week = weeks(measured.series, found.asked.window, found.today)
    spec = charts.bar(
        [week.monday for week in per_week],
        {"Deployments": [week.value for week in per_week]},
        unit="deployments",
        faint=[week.is_partial for week in per_week],
    )
    often = f"{plain(round(parts['per_week'], 1))} a week, {plain(round(parts['per_day'], 2))} a day"
    return Widget(
        key,
        question(key),
        f"{count(parts['deployments'], 'deployment')} to production: {often}, on {per_cent(parts['share_of_days'])} "
        "of the days.",
        trend(found, key),
        spec=spec,
        query=found.asked.query,
        note="a week each; pale: cut by the window",
    )


def scale(seconds: float) -> tuple[int, str]:
    """The unit a length of time is drawn in, as sentences say it (measures.lasting): its seconds, and its name."""
    return (86400, "days") if seconds >= 2 * 86400 else (3600, "hours") if seconds >= 5400 else (60, "minutes")


def _scaled(series: Sequence[Point]) -> tuple[list[float | None], str]:
    """Seconds in the unit of the middle one."""
    known = sorted(point.value for point in series if point.value is not None)
    size, unit = scale(known[len(known) // 2] if known else 0)
    return [None if point.value is None else round(point.value / size, 2) for point in series], unit


def _lead_time(found: Figures) -> Widget:
    key = "change_lead_time"
    measured = found.now[key]
    if measured.value is None:
        return missing(found, key, question(key))
    values, unit = _scaled(measured.series)
    weekly = charts.line([point.at for point in measured.series], {"Median": values}, unit=unit)
    return Widget(
        key,
        question(key),
        f"Half of {count(measured.n, 'change')} took {lasting(measured.value)} or less from being written to "
        f"production; 85\u00a0% took {lasting(measured.percentiles[85])} or less.",
        trend(found, key),
        spec=weekly,
        query=found.asked.query,
        note="median of each week",
    )


def _stages(found: Figures) -> Widget:
    measured = found.now["change_lead_time"]
    text = "Which part of lead time is longest?"
    if not measured.parts:
        sentence = "No pull request was among the changes." if measured.value is not None else f"{measured.reason}."
        return Widget("change_lead_time", text, sentence[:1].upper() + sentence[1:], tag="n/a", query=found.asked.query)
    longest = max(measured.parts, key=lambda name: measured.parts[name])
    size, unit = scale(measured.parts[longest])
    spent = {STAGES[name]: round(measured.parts[name] / size, 2) for name in STAGES if name in measured.parts}
    said = STAGES[longest].split(":")[0]
    past = found.before["change_lead_time"].parts.get(longest)
    return Widget(
        "change_lead_time",
        text,
        f"{said} takes longest: a median of {lasting(measured.parts[longest])}.",
        f"{lasting(past)} in the {found.asked.window.days} days before." if past is not None else "",
        spec=charts.ranking(spent, unit=unit, strong=STAGES[longest]),
        query=found.asked.query,
        note="medians of pull requests",
    )


def _share(found: Figures, key: str, answer: str) -> Widget:
    """The widget of a ratio with its weekly course in per cent."""
    measured = found.now[key]
    values = [None if point.value is None else round(100 * point.value, 1) for point in measured.series]
    spec = charts.line([point.at for point in measured.series], {"Share": values}, unit="%", height="small")
    return Widget(key, question(key), answer, trend(found, key), size="w4", spec=spec, query=found.asked.query)


def _fail_rate(found: Figures) -> Widget:
    key = "change_fail_rate"
    measured = found.now[key]
    if measured.value is None:
        return missing(found, key, question(key), "w4")
    parts = measured.parts
    answer = f"{value_text(measured.value, 'ratio')}: {plain(parts['failed'])} of "
    return _share(found, key, answer + f"{count(parts['deployments'], 'deployment')} went wrong.")


def _recovery(found: Figures) -> Widget:
    key = "failed_deployment_recovery_time"
    measured = found.now[key]
    if measured.value is None:
        return missing(found, key, question(key), "w4")
    values, unit = _scaled(measured.series)
    spec = charts.line([point.at for point in measured.series], {"Median": values}, unit=unit, height="small")
    return Widget(
        key,
        question(key),
        _resolved(measured),
        trend(found, key),
        size="w4",
        spec=spec,
        query=found.asked.query,
        note=f"{plain(measured.parts['resolved'])} of {plain(measured.parts['failed'])} resolved",
    )


def _resolved(measured: Measurement) -> str:
    """How long it took until failed deployments were resolved; percentiles of one say nothing."""
    half = lasting(measured.value or 0)
    if measured.n == 1:
        return f"The one that is resolved took {half}."
    return f"Half were resolved within {half}, 85\u00a0% within {lasting(measured.percentiles[85])}."


def _rework(found: Figures) -> Widget:
    key = "deployment_rework_rate"
    measured = found.now[key]
    if measured.value is None:
        return missing(found, key, question(key), "w4")
    parts = measured.parts
    answer = f"{value_text(measured.value, 'ratio')}: {plain(parts['rework'])} of "
    return _share(found, key, answer + f"{count(parts['deployments'], 'deployment')} were repairs.")


def _timeline(asked: Asked, at: datetime) -> Widget:
    """Deployments to production of the window on lanes by service, with the incidents of the time."""
    first = datetime.combine(asked.window.first, time(), asked.scope.zone).astimezone(UTC)
    last = min(at, datetime.combine(asked.window.last + timedelta(days=1), time(), asked.scope.zone).astimezone(UTC))
    marks = [*_deployment_marks(asked, first, last), *_incident_marks(asked, first, last)]
    lanes = sorted({mark.lane for mark in marks})
    shown = [mark for mark in sorted(marks, key=lambda mark: mark.lane) if mark.lane in set(lanes[:MOST_LANES])]
    incidents = sum(mark.kind == "Incident" for mark in marks)
    deployed = len(marks) - incidents
    services = count(len(lanes), "service")
    sentence = f"{count(deployed, 'deployment')} and {count(incidents, 'incident')} of {services}."
    text = "When did we deploy, and what happened then?"
    query = asked.query
    if not marks:
        return Widget("deployment_frequency", text, "Nothing was deployed and nothing failed.", query=query)
    left_out = len(lanes) - MOST_LANES
    return Widget(
        "deployment_frequency",
        text,
        sentence,
        f"{count(left_out, 'service')} more in the list of deployments." if left_out > 0 else "",
        spec=charts.timeline(shown, KINDS, height="large" if len(lanes) > 4 else "medium"),
        query=query,
    )


def _deployment_marks(asked: Asked, first: datetime, last: datetime) -> list[Mark]:
    rows = Deployment.objects.filter(
        service__team__in=asked.scope.teams, is_production=True, reached=True, finished_at__range=(first, last)
    ).order_by("finished_at")
    listing = f"{reverse('deployments')}?{asked.query}&q="
    return [
        Mark(
            service,
            finished.astimezone(asked.scope.zone).replace(tzinfo=None),
            f"{ref or sha[:10]}<br>{service}, {finished.astimezone(asked.scope.zone):%-d %b %Y, %H:%M}",
            "Deployment" if status == "success" else "Failed deployment",
            link=f"{listing}{ref or sha[:10]}",
        )
        for service, finished, ref, sha, status in rows.values_list(
            "service__name", "finished_at", "ref", "sha", "status"
        )
        if finished is not None
    ]


def _incident_marks(asked: Asked, first: datetime, last: datetime) -> list[Mark]:
    rows = Incident.objects.filter(service__team__in=asked.scope.teams, started_at__range=(first, last))
    zone = asked.scope.zone
    return [
        Mark(
            service,
            started.astimezone(zone).replace(tzinfo=None),
            f"{title}<br>{service}, {started.astimezone(zone):%-d %b %Y, %H:%M}",
            "Incident",
            # One that is open still lasts, whenever it will be resolved.
            min(resolved or last, last).astimezone(zone).replace(tzinfo=None),
        )
        for service, started, resolved, title in rows.order_by("started_at").values_list(
            "service__name", "started_at", "resolved_at", "title"
        )
    ]
