"""Approval of spending above the threshold (guardrail 3), enforced on every way into `implementing`."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from portfolio import actions
from portfolio.models import Approval, Initiative
from tests.cast import Cast
from tests.portfolio.test_api import Api

NEEDED = "It costs more than the approval threshold"


@pytest.fixture
def refunds(cast: Cast) -> Initiative:
    """It costs 120,000; above 100,000 an approval is needed."""
    actions.set_threshold(actor=cast.pmo, amount=Decimal(100_000))
    cost = Decimal(120_000)
    return actions.create_initiative(
        actor=None, stream=cast.payments, name="Refunds", stage="backlog", estimated_cost=cost
    )


def approve(cast: Cast, initiative: Initiative, amount: int) -> Approval:
    asked = actions.ask_approval(
        actor=cast.pmo, initiative=initiative, amount=Decimal(amount), reason="Two teams for a quarter"
    )
    return actions.decide_approval(actor=cast.leader, approval=asked, approve=True, note="Go")


def test_no_move_without_approval(cast: Cast, refunds: Initiative) -> None:
    with pytest.raises(ValidationError, match=NEEDED):
        actions.move_initiative(actor=cast.leader, initiative=refunds, stage="implementing")
    approve(cast, refunds, 119_999)
    with pytest.raises(ValidationError, match=NEEDED):
        actions.move_initiative(actor=cast.leader, initiative=refunds, stage="implementing")
    approve(cast, refunds, 120_000)
    moved = actions.move_initiative(actor=cast.leader, initiative=refunds, stage="implementing")
    assert moved.stage == "implementing"


def test_an_override_of_the_limit_is_no_approval(cast: Cast, refunds: Initiative) -> None:
    with pytest.raises(ValidationError, match=NEEDED):
        actions.move_initiative(actor=None, initiative=refunds, stage="implementing", override="The board wants it")


def test_the_threshold_itself_is_free_and_no_cost_is_no_rule(cast: Cast, refunds: Initiative) -> None:
    for cost in (Decimal(100_000), None):
        actions.change_initiative(actor=cast.leader, initiative=refunds, estimated_cost=cost)
        actions.move_initiative(actor=cast.leader, initiative=refunds, stage="implementing")
        actions.move_initiative(actor=cast.leader, initiative=refunds, stage="backlog")


def test_made_there_it_needs_one_too(cast: Cast, refunds: Initiative) -> None:
    with pytest.raises(ValidationError, match=NEEDED):
        actions.create_initiative(
            actor=None, stream=cast.payments, name="Now", stage="implementing", estimated_cost=Decimal(100_001)
        )


def test_while_implemented_it_gets_no_dearer_than_approved(cast: Cast, refunds: Initiative) -> None:
    """Approved up to 150,000: 150,000 goes, 150,001 not; cheaper always goes."""
    approve(cast, refunds, 150_000)
    actions.move_initiative(actor=None, initiative=refunds, stage="implementing")
    actions.change_initiative(actor=cast.pmo, initiative=refunds, estimated_cost=Decimal(150_000))
    with pytest.raises(ValidationError, match=NEEDED) as caught:
        actions.change_initiative(actor=cast.pmo, initiative=refunds, estimated_cost=Decimal(150_001))
    assert list(caught.value.message_dict) == ["estimated_cost"]
    actions.change_initiative(actor=cast.pmo, initiative=refunds, estimated_cost=Decimal(50_000))


def test_a_streams_own_threshold_goes_first(cast: Cast, refunds: Initiative) -> None:
    """Payments asks from 200,000 on, so 120,000 is free there; Platform has the portal's 100,000."""
    actions.set_threshold(actor=cast.pmo, stream=cast.payments, amount=Decimal(200_000))
    moved = actions.move_initiative(actor=None, initiative=refunds, stage="implementing")
    with pytest.raises(ValidationError, match=NEEDED):
        actions.change_initiative(actor=cast.leader, initiative=moved, stream=cast.platform)
    actions.set_threshold(actor=cast.pmo, amount=None)
    actions.change_initiative(actor=cast.leader, initiative=moved, stream=cast.platform)


def test_coming_back_from_done_it_needs_one(cast: Cast, refunds: Initiative) -> None:
    """Done while it cost less; reopened it would be implemented at 120,000."""
    actions.change_initiative(actor=None, initiative=refunds, estimated_cost=Decimal(90_000))
    actions.move_initiative(actor=None, initiative=refunds, stage="implementing")
    actions.move_initiative(actor=None, initiative=refunds, stage="done")
    actions.change_initiative(actor=None, initiative=refunds, estimated_cost=Decimal(120_000))
    refunds.refresh_from_db()
    with pytest.raises(ValidationError, match=NEEDED):
        actions.reopen_initiative(actor=cast.leader, initiative=refunds)


def test_nobody_approves_what_they_asked_for(cast: Cast, refunds: Initiative) -> None:
    asked = actions.ask_approval(actor=cast.leader, initiative=refunds, amount=Decimal(120_000), reason="Two teams")
    with pytest.raises(PermissionDenied, match="You asked for this approval yourself"):
        actions.decide_approval(actor=cast.leader, approval=asked, approve=True)
    for person in (cast.pmo, cast.stream_pmo, cast.coach):  # they hold no right to approve
        with pytest.raises(PermissionDenied):
            actions.decide_approval(actor=person, approval=asked, approve=True)
    done = actions.decide_approval(actor=cast.administrator, approval=asked, approve=False, note="Too much")
    assert (done.state, done.decided_by, done.note) == ("refused", cast.administrator, "Too much")
    with pytest.raises(ValidationError, match="This request is refused already by Ada Keller"):
        actions.decide_approval(actor=cast.administrator, approval=asked, approve=True)
    with pytest.raises(ValidationError, match=NEEDED):
        actions.move_initiative(actor=None, initiative=refunds, stage="implementing")


def test_one_request_at_a_time_and_it_can_be_taken_back(cast: Cast, refunds: Initiative) -> None:
    asked = actions.ask_approval(actor=cast.pmo, initiative=refunds, amount=Decimal(1), reason="Typo")
    with pytest.raises(ValidationError, match="An approval is asked for already"):
        actions.ask_approval(actor=cast.leader, initiative=refunds, amount=Decimal(2), reason="Again")
    with pytest.raises(PermissionDenied):
        actions.withdraw_approval(actor=cast.coach, approval=asked)
    assert actions.withdraw_approval(actor=cast.pmo, approval=asked).state == "withdrawn"
    actions.ask_approval(actor=cast.pmo, initiative=refunds, amount=Decimal(2), reason="Again")


@pytest.mark.parametrize(
    ("amount", "reason", "field"), [(0, "Why", "amount"), (-5, "Why", "amount"), (5, " ", "reason")]
)
def test_a_request_says_how_much_and_what_for(
    cast: Cast, refunds: Initiative, amount: int, reason: str, field: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        actions.ask_approval(actor=cast.pmo, initiative=refunds, amount=Decimal(amount), reason=reason)
    assert list(caught.value.message_dict) == [field]
    with pytest.raises(ValidationError):
        actions.set_threshold(actor=cast.pmo, amount=Decimal(-1))


def test_the_api_asks_for_it_too(cast: Cast, refunds: Initiative) -> None:
    """By PATCH, by the move route and by POST: 400 with the reason, and nothing is written."""
    api = Api(cast.leader)
    status, said = api("post", "initiatives/refunds/move/", {"stage": "implementing"})
    assert status == 400
    assert NEEDED in said["stage"][0]  # type: ignore[index]
    status, said = api("patch", "initiatives/refunds/", {"stage": "implementing"})
    assert status == 400
    made = {"name": "Now", "stream": "payments", "stage": "implementing", "estimated_cost": "100001"}
    status, said = api("post", "initiatives/", made)
    assert (status, Initiative.objects.count()) == (400, 1)
    assert NEEDED in said["stage"][0]  # type: ignore[index]
    refunds.refresh_from_db()
    assert refunds.stage == "backlog"
