"""The allocation policy of a value stream: shares of the kinds of work, together 100 % or none at all."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from core.models import AuditEntry
from portfolio import actions
from portfolio.models import Allocation
from portfolio.queries import policy_of
from tests.cast import Cast
from tests.portfolio.test_api import Api
from tests.portfolio.test_initiatives import undo_of

URL = "/organisation/streams/payments/allocation/"


@pytest.fixture
def leader(client: Client, cast: Cast) -> Client:
    client.force_login(cast.leader)
    return client


def shares(cast: Cast) -> dict[str, int]:
    return {kind.value: share for kind, share in policy_of(cast.payments) if share}


def test_set_change_and_undo(leader: Client, cast: Cast) -> None:
    leader.post(URL, {"feature": 60, "defect": 40, "tolerance": 5})
    assert shares(cast) == {"feature": 60, "defect": 40}
    done = leader.post(URL, {"feature": 50, "defect": 30, "debt": 20, "tolerance": 8}, follow=True)
    cast.payments.refresh_from_db()
    assert (shares(cast), cast.payments.allocation_tolerance) == ({"feature": 50, "defect": 30, "debt": 20}, 8)
    entry = AuditEntry.objects.first()
    assert entry is not None
    assert entry.verb == "set the allocation policy of"
    assert entry.data == {"allocation_tolerance": [5, 8], "feature": [60, 50], "defect": [40, 30], "debt": [0, 20]}
    leader.post(undo_of(done))
    cast.payments.refresh_from_db()
    assert (shares(cast), cast.payments.allocation_tolerance) == ({"feature": 60, "defect": 40}, 5)


def test_setting_the_same_again_writes_nothing(leader: Client) -> None:
    for _ in range(2):
        leader.post(URL, {"feature": 100, "tolerance": 10})
    assert AuditEntry.objects.count() == 1


def test_all_empty_is_no_policy(leader: Client, cast: Cast) -> None:
    leader.post(URL, {"feature": 100, "tolerance": 10})
    done = leader.post(URL, {"tolerance": 10}, follow=True)
    assert not Allocation.objects.exists()
    assert "No policy yet." in done.content.decode()
    leader.post(undo_of(done))
    assert shares(cast) == {"feature": 100}


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"feature": 60, "defect": 39}, "The shares are 99 % together"),
        ({"feature": 60, "defect": 41}, "The shares are 101 % together"),
        ({"feature": 101}, "less than or equal to 100"),
        ({"feature": -1, "defect": 101}, "greater than or equal to 0"),
        ({"feature": "half"}, "Enter a whole number."),
        ({"feature": 100, "tolerance": 101}, "less than or equal to 100"),
        ({"feature": 100, "tolerance": ""}, "This field is required."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(leader: Client, sent: dict[str, Any], said: str) -> None:
    seen = leader.post(URL, {"risk": 0, "tolerance": 10} | sent).content.decode()
    assert said in seen
    assert "Nothing was saved." in seen
    assert f'value="{sent["feature"]}"' in seen
    assert not Allocation.objects.exists()


def test_the_page_of_the_stream_shows_it(leader: Client, client: Client, cast: Cast) -> None:
    assert "Set the policy" in leader.get("/organisation/streams/payments/").content.decode()
    actions.set_allocation(actor=None, stream=cast.payments, shares={"feature": 70, "risk": 30}, tolerance=7)
    seen = leader.get("/organisation/streams/payments/").content.decode()
    assert "70 %" in seen
    assert "A share may be off by 7 percentage points." in seen


def test_who_may(cast: Cast) -> None:
    for person in (cast.coach, cast.stream_pmo):
        actions.set_allocation(actor=person, stream=cast.payments, shares={"feature": 100}, tolerance=10)
        with pytest.raises(PermissionDenied):
            actions.set_allocation(actor=person, stream=cast.platform, shares={"feature": 100}, tolerance=10)
    with pytest.raises(PermissionDenied):
        actions.set_allocation(actor=cast.member, stream=cast.payments, shares={}, tolerance=10)


def test_a_kind_that_is_none(cast: Cast) -> None:
    with pytest.raises(ValidationError, match="no kind “magic”"):
        actions.set_allocation(actor=None, stream=cast.payments, shares={"magic": 100}, tolerance=10)


def test_the_api_does_the_same(cast: Cast) -> None:
    api = Api(cast.leader)
    path = "streams/payments/allocation/"
    assert api("get", path) == (200, {"shares": {}, "tolerance": 10})
    every = {"feature": 80, "enabler": 0, "defect": 20, "debt": 0, "risk": 0, "other": 0}
    sent = {"shares": {"feature": 80, "defect": 20}, "tolerance": 5}
    assert api("put", path, sent) == (200, {"shares": every, "tolerance": 5})
    assert api("get", path)[1] == {"shares": every, "tolerance": 5}
    status, said = api("put", path, {"shares": {"feature": 99}, "tolerance": 5})
    assert status == 400
    assert "99 %" in str(said)
    assert api("put", path, {"shares": {"magic": 100}, "tolerance": 5})[0] == 400
    assert api("put", path, {"shares": {"feature": 101}, "tolerance": 5})[0] == 400
    assert api("put", path, {"shares": [], "tolerance": 5})[0] == 400
    assert shares(cast) == {"feature": 80, "defect": 20}
