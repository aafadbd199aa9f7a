"""Votes of confidence: who votes, once each, hidden until revealed."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from core.models import LiveEvent
from okrs import actions
from tests.cast import Cast
from tests.okrs.cast import Goals, make_goals


@pytest.fixture
def goals(cast: Cast) -> Goals:
    return make_goals(cast)


def test_one_vote_each_until_revealed(cast: Cast, goals: Goals) -> None:
    poll = actions.open_poll(actor=cast.member, objective=goals.team)
    with pytest.raises(ValidationError, match="open already"):
        actions.open_poll(actor=cast.coach, objective=goals.team)
    with pytest.raises(ValidationError, match="Nobody has voted"):
        actions.reveal(actor=cast.member, poll=poll)
    actions.vote(actor=cast.member, poll=poll, confidence=4)
    actions.vote(actor=cast.member, poll=poll, confidence=8)
    actions.vote(actor=cast.coach, poll=poll, confidence=5)
    assert sorted(poll.votes.values_list("confidence", flat=True)) == [5, 8]
    # What is told while it is open is how many voted, never what.
    told = [event.data for event in LiveEvent.objects.filter(topic=f"okr:{goals.team.pk}", kind="vote")]
    assert told == [{"poll": poll.pk, "votes": 1}, {"poll": poll.pk, "votes": 1}, {"poll": poll.pk, "votes": 2}]
    actions.reveal(actor=cast.coach, poll=poll)
    with pytest.raises(ValidationError, match="is over"):
        actions.vote(actor=cast.member, poll=poll, confidence=1)


def test_who_votes(cast: Cast, goals: Goals) -> None:
    poll = actions.open_poll(actor=cast.coach, objective=goals.team)
    for person in (cast.viewer, cast.outsider):
        with pytest.raises(PermissionDenied):
            actions.vote(actor=person, poll=poll, confidence=5)
    # Max is in a team of the stream, so he votes on its objective too.
    of_stream = actions.open_poll(actor=cast.coach, objective=goals.stream)
    actions.vote(actor=cast.member, poll=of_stream, confidence=5)


@pytest.mark.parametrize("confidence", [-1, 11])
def test_from_0_to_10(cast: Cast, goals: Goals, confidence: int) -> None:
    poll = actions.open_poll(actor=cast.coach, objective=goals.team)
    with pytest.raises(ValidationError) as error:
        actions.vote(actor=cast.member, poll=poll, confidence=confidence)
    assert "confidence" in error.value.message_dict


def test_a_vote_nobody_gave_can_be_withdrawn(cast: Cast, goals: Goals) -> None:
    poll = actions.open_poll(actor=cast.coach, objective=goals.team)
    actions.drop_poll(actor=cast.coach, poll=poll)
    assert not goals.team.polls.exists()
    again = actions.open_poll(actor=cast.coach, objective=goals.team)
    actions.vote(actor=cast.member, poll=again, confidence=5)
    with pytest.raises(ValidationError, match="reveal it instead"):
        actions.drop_poll(actor=cast.coach, poll=again)
