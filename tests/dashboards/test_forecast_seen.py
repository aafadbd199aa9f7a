"""Forecasts of initiatives that several value streams work on: nobody reads of teams that are not open to them.

Refunds belongs to Payments, which Cora coaches; Kite, in Platform, has a part in it, and Cora may not see Kite.
"""

from datetime import date

import pytest
from django.core.cache import cache
from django.test import Client

from metrics.actions import commit_forecast
from metrics.models import Forecast
from portfolio.models import Initiative, Team
from tests.cast import Cast
from tests.dashboards.forecast_cast import AS_OF, NOON, TODAY, board, feature
from tests.dashboards.test_forecast import words

DAY = AS_OF.replace("+", "%2B")
SECRETS = ("kite", "Kite", "Vault")


@pytest.fixture
def refunds(cast: Cast) -> Initiative:
    """Falcon finishes an item each working day, Kite one every other: its two take until Friday, 6 June."""
    cache.clear()
    made = Initiative.objects.create(slug="refunds", name="Refunds", stream=cast.payments)
    feature(board(cast.falcon), "Money back", 1, 1, made)
    feature(board(cast.kite, every=2), "Vault", 2, 1, made)
    return made


@pytest.fixture
def coach(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.coach)
    return client


@pytest.fixture
def promised(cast: Cast, refunds: Initiative) -> Forecast:
    return commit_forecast(actor=cast.leader, initiative=refunds, due_on=TODAY.replace(day=27), as_of=NOON)


def test_the_page_names_no_hidden_team(coach: Client, cast: Cast, refunds: Initiative) -> None:
    for scope in ("team:falcon", "stream:payments"):
        text = coach.get(f"/flow/forecast/?scope={scope}&as_of={DAY}").content.decode()
        assert "Refunds" in text
        assert "Money back" in text
        assert not [word for word in SECRETS if word in text], scope
        assert "a part of a team that you do not see" in words(text)
    coach.force_login(cast.leader)
    assert "a part of Kite" in words(coach.get(f"/flow/forecast/?scope=team:falcon&as_of={DAY}").content.decode())


def test_what_a_hidden_team_lacks_is_not_told(coach: Client, cast: Cast, refunds: Initiative) -> None:
    """Kite is no more: why there is no date is told by name only to those who see Kite."""
    Team.objects.filter(pk=cast.kite.pk).update(ended_on=date(2025, 5, 1))
    text = coach.get(f"/flow/forecast/?scope=stream:payments&as_of={DAY}").content.decode()
    assert "too little data about the work of a team that you do not see" in words(text).lower()
    assert not [word for word in SECRETS if word in text]


def test_a_stored_forecast_shows_no_hidden_team(coach: Client, cast: Cast, promised: Forecast) -> None:
    address = f"/flow/forecasts/{promised.pk}/"
    text = coach.get(address).content.decode()
    assert "Falcon" in text
    assert not [word for word in SECRETS if word in text]
    coach.force_login(cast.leader)
    assert "Kite" in coach.get(address).content.decode()


def test_the_api_gives_the_whole_texts_to_who_sees_every_team(coach: Client, cast: Cast, promised: Forecast) -> None:
    address = f"/api/v1/forecasts/{promised.pk}/"
    found = coach.get(address).json()
    assert (found["inputs"], found["result"]) == (None, None)
    assert (found["chance"], found["is_reproduced"]) == (promised.chance, True)
    withdrawn = Client()
    withdrawn.force_login(cast.coach)
    # It is due in a past that is over: refused, and nothing told.
    assert "Kite" not in withdrawn.post(f"{address}withdraw/").content.decode()
    coach.force_login(cast.leader)
    assert coach.get(address).json()["inputs"] == promised.inputs


def test_the_api_tells_no_hidden_part(coach: Client, refunds: Initiative) -> None:
    text = coach.get(f"/api/v1/forecast/?initiative=refunds&as_of={DAY}").content.decode()
    assert not [word for word in SECRETS if word in text]
    # The date itself is the initiative's own.
    assert coach.get(f"/api/v1/forecast/?initiative=refunds&as_of={DAY}").json()["base"]["deliveries"][0]["when"]["50"]


def test_nothing_is_imagined_of_hidden_teams(coach: Client, cast: Cast, refunds: Initiative) -> None:
    """How the date moves without a hidden feature, or with more people there, would tell how large it is."""
    [vault] = cast.kite.features.all()
    address = f"/api/v1/forecast/?initiative=refunds&as_of={DAY}"
    for query, name in ((f"drop_features={vault.pk}", "drop_features"), ("throughput=900&team=kite", "team")):
        refused = coach.get(f"{address}&{query}")
        assert (refused.status_code, list(refused.json())) == (400, [name])
    coach.force_login(cast.leader)
    assert coach.get(f"{address}&drop_features={vault.pk}").status_code == 200
    for odd in ("0", "9" * 30, "-1"):
        assert coach.get(f"{address}&drop_features={odd}").status_code == 400


def test_no_stream_has_a_nul_in_its_name(coach: Client) -> None:
    assert coach.get("/api/v1/calibration/?stream=%00").status_code == 404


def test_only_what_one_may_commit_to_is_offered(client: Client, cast: Cast, refunds: Initiative) -> None:
    """Max commits for Falcon; for an initiative those of its value stream commit."""
    address = f"/flow/forecast/?scope=team:falcon&as_of={DAY}"
    choice = f'value="initiative:{refunds.pk}"'
    client.force_login(cast.member)
    assert choice not in client.get(address).content.decode()
    client.force_login(cast.coach)
    assert choice in client.get(address).content.decode()
