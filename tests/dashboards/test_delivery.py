"""The Delivery page: five measures, the stages of lead time, deployments on lanes with their incidents."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from dashboards.queries import delivery
from dashboards.queries.delivery import scale
from metrics.measurement import Measurement
from metrics.models import Deployment, Incident
from metrics.templatetags.measures import lasting
from tests.dashboards.conftest import WINDOW

QUESTIONS = [
    "How often do we deliver to production?",
    "How long does a change take from being written to production?",
    "How many deployments go wrong?",
    "How fast are we back when a deployment went wrong?",
    "How much of what we deploy is repair?",
    "Which part of lead time is longest?",
    "When did we deploy, and what happened then?",
]


def html_of(client: Client, scope: str) -> str:
    answer = client.get("/delivery/", {**WINDOW, "scope": scope})
    assert answer.status_code == 200
    return answer.content.decode()


def specs(html: str) -> list[dict[str, Any]]:
    return [json.loads(part.split("</script>")[0]) for part in html.split('type="application/json">')[1:]]


@pytest.mark.parametrize("scope", ["team:falcon", "stream:payments", "portfolio"])
def test_every_question_is_answered(leader: Client, scope: str) -> None:
    html = html_of(leader, scope)
    for question in QUESTIONS:
        assert html.count(f"<h2>{question}</h2>") == 1, question
    assert len(re.findall(r'<p class="answer">[^<]+</p>', html)) == len(QUESTIONS)


def test_every_deployment_and_incident_of_the_window_is_on_the_time_line(leader: Client) -> None:
    spec = next(spec for spec in specs(html_of(leader, "team:falcon")) if spec["data"][0]["name"] == "Deployment")
    drawn = {trace["name"]: [x for x in trace["x"] if x] for trace in spec["data"]}
    deployed = Deployment.objects.filter(
        service__team__slug="falcon",
        is_production=True,
        reached=True,
        finished_at__date__range=("2025-04-01", "2025-06-29"),
    )
    assert len(drawn["Deployment"]) == deployed.filter(status="success").count() > 0
    assert len(drawn["Failed deployment"]) == deployed.exclude(status="success").count()
    incidents = Incident.objects.filter(
        service__team__slug="falcon", started_at__date__range=("2025-04-01", "2025-06-29")
    )
    ends = incidents.exclude(resolved_at=None).count()
    assert len(drawn["Incident"]) == incidents.count() + ends


def test_a_member_sees_their_team_and_no_other(as_demo: Callable[[str], Client]) -> None:
    member = as_demo("member")
    assert member.get("/delivery/", {"scope": "team:falcon"}).status_code == 200
    assert member.get("/delivery/", {"scope": "team:heron"}).status_code == 404
    assert member.get("/delivery/", {"scope": "portfolio"}).status_code == 404
    assert "Falcon" in member.get("/delivery/").content.decode()


@pytest.mark.parametrize(
    ("per_week", "said"),
    [(1.0, "once a week"), (1.04, "once a week"), (0.5, "0.5 times a week"), (12, "12 times a week")],
)
def test_a_number_of_times_a_week_is_english(per_week: float, said: str) -> None:
    assert delivery._often(per_week) == said


def test_one_recovery_is_no_distribution() -> None:
    one = Measurement(7200, "seconds", n=1, percentiles={85: 7200})
    assert delivery._resolved(one) == "The one that is resolved took 2 h."
    two = Measurement(7200, "seconds", n=2, percentiles={85: 10800})
    assert delivery._resolved(two) == "Half were resolved within 2 h, 85\u00a0% within 3 h."


@pytest.mark.parametrize(
    ("seconds", "unit", "said"),
    [(5 * 86400, "days", "days"), (2 * 86400, "days", "days"), (47 * 3600, "hours", "h"), (3600, "minutes", "min")],
)
def test_a_time_is_drawn_in_the_unit_that_its_sentence_says(seconds: float, unit: str, said: str) -> None:
    assert scale(seconds)[1] == unit
    assert lasting(seconds).endswith(f" {said}")


def test_the_stages_are_drawn_in_the_unit_of_their_sentence(leader: Client) -> None:
    html = leader.get("/delivery/", {**WINDOW, "scope": "portfolio"}).content.decode()
    said = re.search(r"takes longest: a median of [\d.]+ (\w+)", html)
    assert said
    unit = {"days": "days", "h": "hours", "min": "minutes"}[said[1]]
    figure = next(part for part in html.split('type="application/json">')[1:] if "Coding: first commit" in part)
    assert unit in figure.split("</script>")[0]
