"""Confidence votes: hidden until closed, one per device and invited name, closed for good, then the train's."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from core.models import AuditEntry, LiveEvent
from planning.actions.polls import cast_vote, close_poll, open_poll, take_back_ballot
from planning.checklists import RULES
from planning.formulas.confidence import result
from planning.models import Ballot, IncrementState, Poll
from planning.queries.polls import vote, votes_of
from tests.cast import Cast
from tests.planning.cast import Planned, make_planned


@pytest.fixture
def plan(cast: Cast) -> Planned:
    return make_planned(cast)


def vote_of(poll: Poll, fingers: int, device: str, name: str = "", comment: str = "") -> Ballot:
    return cast_vote(token=poll.token, device=device, fingers=fingers, name=name, comment=comment)


def test_three_on_average_accepts() -> None:
    # 5+4+3+2+1 = 15 of 5 is 3 exactly; 5+4+3+2 = 14 of 4 is 3.5; 3+3+2 = 8 of 3 is 2.666…, cut to 2.66.
    assert result([5, 4, 3, 2, 1]) == (5, (1, 1, 1, 1, 1), Decimal("3.00"), True, 2)
    assert result([5, 4, 3, 2]) == (4, (0, 1, 1, 1, 1), Decimal("3.50"), True, 1)
    assert result([3, 3, 2]) == (3, (0, 1, 2, 0, 0), Decimal("2.66"), False, 1)
    # 299 times 3 and once 2: 899 of 300 is 2.9966…: shown as 2.99, never as 3.00, and rework.
    assert result([3] * 299 + [2])[2:4] == (Decimal("2.99"), False)
    assert result([]) == (0, (0, 0, 0, 0, 0), None, False, 0)


def test_nothing_is_shown_before_it_is_closed(cast: Cast, plan: Planned) -> None:
    poll = open_poll(actor=cast.pmo, increment=plan.increment, lane=plan.falcon, names=["Ada Keller", "Max Weber"])
    vote_of(poll, 1, "a", "ada keller", "The bank is not asked yet")
    shown = vote(poll)
    assert (shown.votes, shown.invited, shown.result, shown.speakers, shown.comments) == (1, 2, None, (), ())
    assert shown.words == "open, 1 of 2 voted"
    # Neither the log of live events nor the audit trail tells of a vote.
    told = str(list(LiveEvent.objects.values_list("data", flat=True))) + str(AuditEntry.objects.values_list("data"))
    assert "bank" not in told
    assert poll.token not in told
    vote_of(poll, 4, "b", "Weber")  # The last name is enough where it is one person's.
    close_poll(actor=cast.pmo, poll=poll)
    shown = vote(poll)
    # (1 + 4) ÷ 2 = 2.5: rework; Ada with one finger is invited to speak.
    assert shown.words == "rework, average 2.50"
    assert [(one.name, one.fingers, one.comment) for one in shown.speakers] == [
        ("Ada Keller", 1, "The bank is not asked yet")
    ]


def test_nobody_votes_twice(cast: Cast, plan: Planned) -> None:
    poll = open_poll(actor=cast.pmo, increment=plan.increment, lane=plan.falcon, names=["Ada Keller", "Jürg Ott"])
    vote_of(poll, 3, "phone", "Ada Keller")
    for device, name in [("phone", "Jürg Ott"), ("other", "ADA  KELLER"), ("other", "Nobody"), ("other", "")]:
        with pytest.raises(ValidationError):
            vote_of(poll, 5, device, name)
    assert poll.ballots.count() == 1
    vote_of(poll, 5, "other", "jurg ott")
    # The same device may vote in another vote, and is not known again there.
    again = open_poll(actor=cast.pmo, increment=plan.increment, lane=plan.heron)
    vote_of(again, 3, "phone")
    assert len(set(Ballot.objects.values_list("device", flat=True))) == 3
    for fingers in (0, 6, -1):
        with pytest.raises(ValidationError):
            vote_of(again, fingers, "third")


def test_a_closed_vote_takes_nothing(cast: Cast, plan: Planned) -> None:
    poll = open_poll(actor=cast.pmo, increment=plan.increment, lane=plan.falcon)
    closed = close_poll(actor=cast.pmo, poll=poll)
    assert close_poll(actor=cast.pmo, poll=poll).closed_at == closed.closed_at
    with pytest.raises(ValidationError, match="closed"):
        vote_of(poll, 5, "late")
    with pytest.raises(ValidationError, match="closed"):
        cast_vote(token="guessed", device="late", fingers=5)
    assert vote(poll).words == "n/a: nobody voted"


def test_the_train_votes_after_its_teams_and_rounds_count(cast: Cast, plan: Planned) -> None:
    first = open_poll(actor=cast.pmo, increment=plan.increment, lane=plan.falcon)
    with pytest.raises(ValidationError, match="is open, in round 1"):
        open_poll(actor=cast.pmo, increment=plan.increment, lane=plan.falcon)
    close_poll(actor=cast.pmo, poll=first)
    second = open_poll(actor=cast.pmo, increment=plan.increment, lane=plan.falcon)
    assert second.round == 2
    with pytest.raises(ValidationError, match="Falcon, Heron and Kite did not end"):
        open_poll(actor=cast.pmo, increment=plan.increment)
    train = open_poll(actor=cast.pmo, increment=plan.increment, even_so=True)
    assert train.lane is None
    # Of each the last round, teams in the board's order, the train last.
    assert [one.poll for one in votes_of(plan.increment)] == [second, train]


def test_one_vote_is_taken_back_and_given_again(cast: Cast, plan: Planned) -> None:
    poll = open_poll(actor=cast.pmo, increment=plan.increment, lane=plan.falcon, names=["Ada Keller", "Max Weber"])
    wrong, right = (
        vote_of(poll, 1, "a", name="Ada Keller", comment="No sandbox"),
        vote_of(poll, 4, "b", name="Max Weber"),
    )
    page, address = f"/planning/votes/{poll.pk}/", f"/planning/votes/{poll.pk}/ballots/{wrong.pk}/take-back/"
    member, pmo = Client(), Client()
    member.force_login(cast.member)
    pmo.force_login(cast.pmo)
    assert "Ada Keller" not in member.get(page).content.decode()
    assert member.post(address).status_code == 403
    shown = pmo.get(page).content.decode()
    # Who voted, and not what.
    assert address in shown
    assert "Ada Keller" in shown
    assert "No sandbox" not in shown
    assert "One vote was taken back" in pmo.post(address, follow=True).content.decode()
    assert "taken back already" in pmo.post(address, follow=True).content.decode()
    assert vote_of(poll, 5, "a", name="Ada Keller").fingers == 5
    entry = AuditEntry.objects.get(verb="took back one vote of")
    assert (entry.actor, entry.data) == (cast.pmo, {"of": "Falcon", "round": 1, "name": "Ada Keller"})
    close_poll(actor=cast.pmo, poll=poll)
    with pytest.raises(ValidationError, match="its result stays"):
        take_back_ballot(actor=cast.pmo, poll=poll, ballot=right.pk)
    assert poll.ballots.count() == 2


def test_who_may_open_and_close(cast: Cast, plan: Planned) -> None:
    poll = open_poll(actor=cast.pmo, increment=plan.increment, lane=plan.falcon)
    for person in (cast.member, cast.coach, cast.stream_pmo):
        with pytest.raises(PermissionDenied):
            open_poll(actor=person, increment=plan.increment, lane=plan.heron)
        with pytest.raises(PermissionDenied):
            close_poll(actor=person, poll=poll)
    type(plan.increment).objects.update(state=IncrementState.CLOSED, closed_at=poll.opened_at)
    plan.increment.refresh_from_db()
    with pytest.raises(ValidationError, match="closed"):
        open_poll(actor=cast.pmo, increment=plan.increment, lane=plan.heron)
    with pytest.raises(ValidationError, match="closed"):
        vote_of(poll, 3, "a")


@pytest.mark.parametrize(
    ("names", "what"), [(["Ada", "ada "], "twice"), (["x" * 121], "longer"), ([f"n{n}" for n in range(401)], "400")]
)
def test_names_are_looked_at(cast: Cast, plan: Planned, names: list[str], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        open_poll(actor=cast.pmo, increment=plan.increment, lane=plan.falcon, names=names)
    assert not Poll.objects.exists()


def test_the_same_number_of_queries_for_one_vote_and_three(
    cast: Cast, plan: Planned, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    for lane in (plan.falcon, plan.heron, plan.kite):
        poll = open_poll(actor=cast.pmo, increment=plan.increment, lane=lane)
        vote_of(poll, 4, "a")
        close_poll(actor=cast.pmo, poll=poll)
        with django_assert_num_queries(2):  # type: ignore[operator]
            votes_of(plan.increment)


def test_the_pages(cast: Cast, plan: Planned) -> None:
    client = Client()
    client.force_login(cast.pmo)
    answer = client.post("/planning/pi-26-1/event/votes/new/", {"lane": plan.falcon.pk, "names": "Ada\nada"})
    assert answer.status_code == 400
    assert "invited twice" in answer.content.decode()
    assert "Ada\nada" in answer.content.decode()
    made = client.post("/planning/pi-26-1/event/votes/new/", {"lane": plan.falcon.pk, "names": ""})
    poll = Poll.objects.get()
    assert made.headers["Location"] == f"/planning/votes/{poll.pk}/"
    page = client.get(made.headers["Location"]).content.decode()
    assert f"/vote/{poll.token}/" in page
    assert client.get(f"/planning/votes/{poll.pk}/code.svg").content.startswith(b"<svg")
    vote_of(poll, 2, "a", comment="More time")
    assert "More time" not in client.get(made.headers["Location"]).content.decode()
    client.post(f"/planning/votes/{poll.pk}/close/", {"version": 1})
    page = client.get(made.headers["Location"]).content.decode()
    assert "Falcon, round 1: rework, average 2.00" in page
    assert "More time" in page
    # Readers see that there is a vote, not the way to it.
    viewer = Client()
    viewer.force_login(cast.viewer)
    again = open_poll(actor=cast.pmo, increment=plan.increment, lane=plan.falcon)
    assert again.token not in viewer.get(f"/planning/votes/{again.pk}/").content.decode()
    assert viewer.get(f"/planning/votes/{again.pk}/code.svg").status_code == 404


def test_an_average_below_three_is_never_shown_as_three(plan: Planned) -> None:
    """38 votes of three fingers and one of two: 116 ÷ 39 = 2.974."""
    at = "2026-01-02T15:00Z"
    poll = Poll.objects.create(increment=plan.increment, token="t", opened_at=at, closed_at=at)
    Ballot.objects.bulk_create(Ballot(poll=poll, device=str(n), fingers=2 if n == 0 else 3) for n in range(39))
    assert RULES["train_vote"](plan.increment).missing == "2.97 of 5 on average: rework"
