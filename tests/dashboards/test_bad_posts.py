"""What people and programs may send by mistake or on purpose: refused in words, never with a fault."""

import pytest
from django.test import Client

from metrics.models import Baseline, Expectation
from tests.cast import Cast

LIMITS = "/flow/limits/?scope=team:falcon"


@pytest.fixture
def coach(cast: Cast, client: Client) -> Client:
    client.force_login(cast.coach)
    return client


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1969-12-31", "-1", "NaN", "\0", "x" * 10_000])
def test_days_out_of_this_world_set_no_baseline(coach: Client, day: str) -> None:
    sent = {"measure": "wip", "starts_on": day, "ends_on": day, "reason": "WIP limit"}
    assert coach.post(LIMITS, sent).status_code == 200  # the page again, with the message
    told = coach.post("/api/v1/baselines/", {**sent, "team": "falcon"}, "application/json")
    assert told.status_code == 400
    assert not Baseline.objects.exists()


@pytest.mark.parametrize("team", ["", "\0", "heron\0", "nobody", "kite", "x" * 10_000])
def test_no_such_team_expects_anything(coach: Client, team: str) -> None:
    sent = {"team": team, "percent": "85", "days": "9", "valid_from": "2025-03-03"}
    assert coach.post("/flow/expectations/?scope=team:falcon", sent).status_code == 404
    assert coach.post("/flow/expectations/restore/", query_params=sent).status_code == 404
    assert not Expectation.objects.exists()


@pytest.mark.parametrize("value", ["9999-12-31", "0001-01-01", "1e308", "NaN", "-1", "9" * 50, "\0"])
def test_an_expectation_of_nonsense_is_refused(coach: Client, value: str) -> None:
    sent = {"team": "falcon", "percent": value, "days": value, "valid_from": value, "kind": value}
    assert coach.post("/flow/expectations/?scope=team:falcon", sent).status_code == 200
    assert coach.post("/api/v1/expectations/", sent, "application/json").status_code == 400
    assert not Expectation.objects.exists()
