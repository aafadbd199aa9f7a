"""The Delivery page: five measures, the stages of lead time, deployments on lanes with their incidents."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from metrics.models import Deployment, Incident
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
