"""Dependencies: asked, answered, agreed, delivered; by whom; never in a circle; who is asked is told."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from core.models import Mail, Notice
from planning.actions import dependencies as verbs
from planning.formulas import cycles
from planning.models import Card, Dependency, Event
from planning.queries.strings import strings
from planning.replay import replayed, stored
from portfolio.actions.writing import Conflict
from portfolio.models import Grant, Role
from tests.cast import Cast, person
from tests.planning.cast import Planned, make_planned


def asked(cast: Cast, plan: Planned, **given: Any) -> Dependency:
    """Max of Falcon asks Heron for the ledger, for the card in iteration 2, to be there in iteration 1."""
    consumer = given.pop("consumer", None) or plan.card("Refund API", plan.falcon, 2, key="PAY-81")
    usual: dict[str, Any] = {"provider_lane": plan.heron, "what": "Ledger split", "needed_in": plan.iterations[0]}
    return verbs.request_dependency(actor=cast.member, consumer=consumer, **usual | given)


def last(plan: Planned) -> str:
    event = Event.objects.filter(increment=plan.increment).latest("number")
    return f"{event.actor_name} {event.text}"


def test_a_request_is_countered_accepted_planned_and_delivered(cast: Cast) -> None:
    plan = make_planned(cast)
    row = asked(cast, plan)
    assert (row.agreement, row.requested_by) == ("requested", cast.member)
    assert last(plan) == "Max Weber asked Heron for “Ledger split” for PAY-81, in Iteration 1"
    row = verbs.counter_dependency(actor=cast.coach, dependency=row, proposed_in=plan.iterations[1], note="Audit first")
    assert (row.agreement, row.proposed_in, row.note) == ("countered", plan.iterations[1], "Audit first")
    row = verbs.accept_counter(actor=cast.member, dependency=row, version=2)
    assert (row.agreement, row.needed_in, row.proposed_in) == ("agreed", plan.iterations[1], None)
    assert strings(plan.increment)[0].schedule == "unplanned"
    row = verbs.agree_dependency(
        actor=cast.coach, dependency=row, title="Split the ledger", iteration=plan.iterations[1]
    )
    made = Card.objects.get(title="Split the ledger")
    assert (row.provider, made.lane, made.iteration) == (made, plan.heron, plan.iterations[1])
    # Both stand in iteration 2.
    assert strings(plan.increment)[0].schedule == "risk"
    row = verbs.deliver_dependency(actor=cast.coach, dependency=row, on=date(2026, 1, 30))
    assert (row.agreement, row.delivered_on) == ("delivered", date(2026, 1, 30))
    assert strings(plan.increment)[0].is_resolved
    row = verbs.undeliver_dependency(actor=cast.member, dependency=row)
    assert (row.agreement, row.delivered_on) == ("agreed", None)
    assert replayed(plan.increment) == stored(plan.increment)


def test_declined_is_asked_again_or_withdrawn(cast: Cast) -> None:
    plan = make_planned(cast)
    row = asked(cast, plan)
    with pytest.raises(ValidationError, match="Say why"):
        verbs.decline_dependency(actor=cast.coach, dependency=row, note=" ")
    row = verbs.decline_dependency(actor=cast.coach, dependency=row, note="No hands")
    # A no is a problem that stays to be seen until somebody asks again or withdraws.
    assert [(one.agreement, one.is_resolved) for one in strings(plan.increment)] == [("declined", False)]
    row = verbs.ask_again(actor=cast.member, dependency=row, needed_in=plan.iterations[2])
    assert (row.agreement, row.needed_in, row.note) == ("requested", plan.iterations[2], "")
    verbs.withdraw_dependency(actor=cast.member, dependency=row)
    assert strings(plan.increment) == []
    with pytest.raises(ValidationError, match="not on the board"):
        verbs.deliver_dependency(actor=cast.pmo, dependency=row)


def test_each_side_does_its_own(cast: Cast) -> None:
    plan = make_planned(cast)
    row = asked(cast, plan)
    # Max is in Falcon, which asked; Vera may look only.
    for verb, given in (
        (verbs.counter_dependency, {"proposed_in": plan.iterations[1]}),
        (verbs.agree_dependency, {"title": "Split"}),
        (verbs.decline_dependency, {"note": "No"}),
    ):
        with pytest.raises(PermissionDenied):
            verb(actor=cast.member, dependency=row, **given)
    heron = person("Hana Ono")
    Grant.objects.create(user=heron, role=Role.MEMBER, team=cast.heron)
    with pytest.raises(PermissionDenied):
        verbs.withdraw_dependency(actor=heron, dependency=row)
    with pytest.raises(PermissionDenied):
        asked(cast, plan, consumer=plan.card("Payouts", plan.kite, 1))
    assert verbs.agree_dependency(actor=heron, dependency=row, title="Split").agreement == "agreed"


def test_only_who_may_change_both_rows_says_that_both_agree(cast: Cast) -> None:
    plan = make_planned(cast)
    provider, consumer = plan.card("Ledger", plan.heron, 1), plan.card("Refund API", plan.falcon, 2)
    with pytest.raises(PermissionDenied):
        asked(cast, plan, consumer=consumer, provider=provider, is_agreed=True)
    row = verbs.request_dependency(actor=cast.pmo, consumer=consumer, provider=provider, is_agreed=True)
    assert (row.agreement, row.provider_lane) == ("agreed", plan.heron)
    own = plan.card("Tokens", plan.falcon, 1)
    assert asked(cast, plan, consumer=consumer, provider=own).agreement == "agreed"


def test_a_circle_is_refused_with_its_path(cast: Cast) -> None:
    plan = make_planned(cast)
    a, b, c = (plan.card(key, plan.falcon, 1, key=key) for key in ("A-1", "B-1", "C-1"))
    for provider, consumer in ((a, b), (b, c)):
        verbs.request_dependency(actor=cast.member, consumer=consumer, provider=provider)
    with pytest.raises(ValidationError) as raised:
        verbs.request_dependency(actor=cast.member, consumer=a, provider=c)
    # A waits for C, which waits for B, which waits for A.
    assert raised.value.message_dict == {
        "provider": ["They would wait for each other in a circle: A-1 → B-1 → C-1 → A-1."]
    }
    with pytest.raises(ValidationError, match="for itself"):
        verbs.request_dependency(actor=cast.member, consumer=a, provider=a)
    with pytest.raises(ValidationError, match="B-1 needs A-1 already"):
        verbs.request_dependency(actor=cast.member, consumer=b, provider=a)
    verbs.check_no_circle(plan.increment)
    plan.need(c, a)
    with pytest.raises(ValidationError, match="A-1 → B-1 → C-1 → A-1"):
        verbs.check_no_circle(plan.increment)


@pytest.mark.parametrize(
    ("edges", "way"),
    [
        ([], []),
        ([(1, 2), (2, 3), (1, 3)], []),
        ([(9, 1), (1, 2), (2, 1), (2, 8)], [1, 2, 1]),
    ],
)
def test_a_circle_among_edges(edges: list[tuple[int, int]], way: list[int]) -> None:
    assert cycles.circle(edges) == way


def test_what_is_wrong_is_said_at_its_field(cast: Cast) -> None:
    plan = make_planned(cast)
    consumer = plan.card("Refund API", plan.falcon, 2)
    with pytest.raises(ValidationError) as raised:
        asked(cast, plan, consumer=consumer, what=" ")
    assert set(raised.value.message_dict) == {"what"}
    with pytest.raises(ValidationError, match="needs to ask nobody"):
        asked(cast, plan, consumer=consumer, provider_lane=plan.falcon)
    with pytest.raises(ValidationError, match="Choose who provides"):
        asked(cast, plan, consumer=consumer, provider=plan.card("Somewhen"))
    row = asked(cast, plan, consumer=consumer)
    with pytest.raises(ValidationError, match="agree instead"):
        verbs.counter_dependency(actor=cast.pmo, dependency=row, proposed_in=plan.iterations[0])
    with pytest.raises(ValidationError, match="in the row of Heron"):
        verbs.agree_dependency(actor=cast.pmo, dependency=row, provider=plan.card("Tokens", plan.kite, 1))
    with pytest.raises(ValidationError, match="still to come"):
        verbs.deliver_dependency(actor=cast.pmo, dependency=row, on=timezone.localdate() + timedelta(days=1))
    plan.heron.left_on = date(2026, 1, 1)
    plan.heron.save()
    with pytest.raises(ValidationError, match="Heron left the train"):
        asked(cast, plan, consumer=consumer, what="More")


def test_a_stale_answer_is_told_who_was_first(cast: Cast) -> None:
    plan = make_planned(cast)
    row = asked(cast, plan)
    verbs.decline_dependency(actor=cast.coach, dependency=row, note="No hands", version=1)
    with pytest.raises(Conflict) as raised:
        verbs.agree_dependency(actor=cast.pmo, dependency=row, title="Split", version=1)
    assert raised.value.who == "Cora Lind"
    assert raised.value.verb == "declined “Ledger split” for PAY-81: No hands"


def test_who_is_asked_and_who_asked_are_told_once_and_of_no_deed_of_their_own(cast: Cast) -> None:
    plan = make_planned(cast)
    heron = person("Hana Ono")
    Grant.objects.create(user=heron, role=Role.COACH, team=cast.heron)
    row = asked(cast, plan)
    told = Notice.objects.get()
    assert (told.user, told.text) == (heron, "PI 26.1 · Falcon asks you: Ledger split for Refund API")
    mail = Mail.objects.get()
    assert mail.to == heron.email
    assert "Asked for: Iteration 1, until 16 Jan 2026" in mail.text
    row = verbs.counter_dependency(actor=heron, dependency=row, proposed_in=plan.iterations[1], note="Audit first")
    assert Notice.objects.filter(user=cast.member).count() == 1
    assert "Audit first" in Mail.objects.get(to=cast.member.email).text
    # Cora coaches the value stream, not the team: she hears of nothing.
    assert not Notice.objects.filter(user=cast.coach).exists()
    verbs.agree_dependency(actor=None, dependency=row, title="Split")
    assert Notice.objects.count() == 2
