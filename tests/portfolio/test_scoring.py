"""Scoring sessions: who scores, what is hidden until when, what is agreed on, what closing writes."""

import re
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import live
from core.models import AuditEntry, LiveEvent
from portfolio import actions
from portfolio.models import Estimate, Grant, Initiative, Role, ScoringSession
from portfolio.queries.scoring import round_of, spread_of
from tests.cast import Cast

URL = "/portfolio/wsjf/sessions/"


@pytest.fixture
def initiatives(cast: Cast) -> list[Initiative]:
    return [actions.create_initiative(actor=None, stream=cast.payments, name=name) for name in ("Cards", "Refunds")]


@pytest.fixture
def session(cast: Cast, initiatives: list[Initiative]) -> ScoringSession:
    Grant.objects.create(user=cast.member, role=Role.MEMBER, stream=cast.payments)
    return actions.open_session(actor=cast.pmo, name="Q1", stream=cast.payments, initiatives=initiatives)


def score(session: ScoringSession, who: Any, initiative: Initiative, value: int, part: str = "business_value") -> None:
    actions.estimate(actor=who, session=session, initiative=initiative, part=part, score=value)


def agree(
    session: ScoringSession, who: Any, initiative: Initiative, value: int, part: str = "business_value", **more: Any
) -> Estimate:
    return actions.agree(actor=who, session=session, initiative=initiative, part=part, score=value, **more)


def page(who: Any, session: ScoringSession) -> str:
    client = Client()
    client.force_login(who)
    return client.get(f"{URL}{session.pk}/").content.decode().split('id="round"')[1]


def test_nobody_sees_the_scores_of_others_before_they_are_revealed(
    cast: Cast, session: ScoringSession, initiatives: list[Initiative]
) -> None:
    score(session, cast.member, initiatives[0], 13)
    for reader in (cast.coach, cast.pmo, cast.administrator):
        line = round_of(session, reader).lines[0]
        assert (line.own, line.count, line.spread) == (None, 1, None)
        assert 'aria-pressed="true"' not in page(reader, session)
    assert round_of(session, cast.member).lines[0].own == 13
    assert len(re.findall('value="13" aria-pressed="true"', page(cast.member, session))) == 1
    # Nor is it in what listeners hear, nor in the audit trail.
    assert not any("13" in str(event.data) for event in LiveEvent.objects.all())
    assert not AuditEntry.objects.filter(target_type="portfolio.estimate").exists()


def test_the_spread_is_shown_when_revealed(cast: Cast, session: ScoringSession, initiatives: list[Initiative]) -> None:
    for who, value in ((cast.member, 3), (cast.coach, 5), (cast.leader, 5), (cast.pmo, 20)):
        score(session, who, initiatives[0], value)
    session = actions.reveal(actor=cast.pmo, session=session)
    spread = round_of(session, cast.member).lines[0].spread
    # 3, 5, 5, 20: the 50th percentile by nearest rank is the second; from 3 over 5, 8 and 13 to 20 are four steps.
    assert spread == ([(3, 1), (5, 2), (20, 1)], 3, 20, 5, 4)
    seen = page(cast.coach, session)
    assert "4 steps apart, middle 5" in seen
    # Scores stand there without names.
    assert "Max" not in seen


@pytest.mark.parametrize(
    ("scores", "middle", "steps"), [([5], 5, 0), ([1, 20], 1, 6), ([2, 3, 8], 3, 3), ([8, 8, 8], 8, 0)]
)
def test_spread_by_hand(scores: list[int], middle: int, steps: int) -> None:
    spread = spread_of(scores)
    assert (spread.middle, spread.steps) == (middle, steps)


def test_one_part_at_a_time(cast: Cast, session: ScoringSession, initiatives: list[Initiative]) -> None:
    with pytest.raises(ValidationError, match="Job size is not being scored any more: it is Business value now"):
        score(session, cast.member, initiatives[0], 3, part="job_size")
    score(session, cast.member, initiatives[0], 3)
    actions.reveal(actor=cast.pmo, session=session)
    with pytest.raises(ValidationError, match="This part is revealed"):
        score(session, cast.member, initiatives[0], 5)
    actions.reveal(actor=cast.pmo, session=session, is_revealed=False)
    score(session, cast.member, initiatives[0], 5)
    assert Estimate.objects.get().score == 5
    moved = actions.score_part(actor=cast.pmo, session=session, part="job_size")
    assert (moved.part, moved.is_revealed) == ("job_size", False)
    score(session, cast.member, initiatives[0], 2, part="job_size")
    assert Estimate.objects.count() == 2


def test_going_back_to_a_part_that_was_settled_shows_it(
    cast: Cast, session: ScoringSession, initiatives: list[Initiative]
) -> None:
    score(session, cast.member, initiatives[0], 3)
    actions.reveal(actor=cast.pmo, session=session)
    agree(session, cast.pmo, initiatives[0], 3)
    assert not actions.score_part(actor=cast.pmo, session=session, part="time_criticality").is_revealed
    assert actions.score_part(actor=cast.pmo, session=session, part="business_value").is_revealed


@pytest.mark.parametrize("value", [0, 4, -1, 21])
def test_scores_are_on_the_scale(
    cast: Cast, session: ScoringSession, initiatives: list[Initiative], value: int
) -> None:
    with pytest.raises(ValidationError, match="is not a score: use 1, 2, 3, 5, 8, 13, 20"):
        score(session, cast.member, initiatives[0], value)


def test_who_may_do_what(cast: Cast, session: ScoringSession, initiatives: list[Initiative]) -> None:
    for who in (cast.viewer, cast.outsider, None):
        with pytest.raises(PermissionDenied):
            score(session, who, initiatives[0], 3)
    score(session, cast.coach, initiatives[0], 3)
    for who in (cast.coach, cast.member):
        with pytest.raises(PermissionDenied):
            actions.reveal(actor=who, session=session)
        with pytest.raises(PermissionDenied):
            agree(session, who, initiatives[0], 3)
        with pytest.raises(PermissionDenied):
            actions.score_part(actor=who, session=session, part="job_size")
        with pytest.raises(PermissionDenied):
            actions.close_session(actor=who, session=session)
    with pytest.raises(PermissionDenied):
        actions.open_session(actor=cast.stream_pmo, name="All", initiatives=initiatives)


def test_nothing_is_agreed_on_before_it_is_revealed(
    cast: Cast, session: ScoringSession, initiatives: list[Initiative]
) -> None:
    with pytest.raises(ValidationError, match="nobody has scored this part"):
        actions.reveal(actor=cast.pmo, session=session)
    with pytest.raises(ValidationError, match="Reveal the estimates first"):
        agree(session, cast.pmo, initiatives[0], 3)


@pytest.fixture
def revealed(cast: Cast, session: ScoringSession, initiatives: list[Initiative]) -> ScoringSession:
    for one in initiatives:
        score(session, cast.member, one, 5)
    return actions.reveal(actor=cast.pmo, session=session)


def test_two_who_agree_on_the_same_cell(cast: Cast, revealed: ScoringSession, initiatives: list[Initiative]) -> None:
    """Leo and Pia both saw nothing settled; Leo is first with 5."""
    assert agree(revealed, cast.leader, initiatives[0], 5, version=0).version == 1
    with pytest.raises(actions.Conflict) as error:
        agree(revealed, cast.pmo, initiatives[0], 8, version=0)
    assert (error.value.who, error.value.verb, getattr(error.value.current, "score", 0)) == (
        "Leo Brandt", "agreed on", 5,
    )  # fmt: skip
    # Wanting the same is no conflict, and with what is there now it is applied.
    assert agree(revealed, cast.pmo, initiatives[0], 5, version=0).version == 1
    assert agree(revealed, cast.pmo, initiatives[0], 8, version=1).score == 8
    assert Estimate.objects.filter(by=None).count() == 1


def test_the_conflict_on_the_page(cast: Cast, revealed: ScoringSession, initiatives: list[Initiative]) -> None:
    client = Client()
    client.force_login(cast.pmo)
    agree(revealed, cast.leader, initiatives[0], 5)
    sent = {"initiative": initiatives[0].pk, "part": "business_value", "score": 8, "version": 0}
    seen = client.post(f"{URL}{revealed.pk}/agree/", sent).content.decode()
    assert re.search(r"Leo Brandt settled on 5 for Cards at \d\d:\d\d; you chose 8\.", seen)
    assert Estimate.objects.get(by=None).score == 5
    again = re.search(r'name="version" value="(\d+)"><button class="button small" name="score" value="8"', seen)
    assert again
    client.post(f"{URL}{revealed.pk}/agree/", sent | {"version": again[1]})
    assert Estimate.objects.get(by=None).score == 8


def test_closing_writes_what_was_agreed_on(cast: Cast, session: ScoringSession, initiatives: list[Initiative]) -> None:
    cards, refunds = initiatives
    given = {"business_value": 5, "time_criticality": 8, "risk_reduction": 2, "job_size": 3}
    for part, value in given.items():
        actions.score_part(actor=cast.pmo, session=session, part=part)
        score(session, cast.member, cards, 1, part=part)
        session = actions.reveal(actor=cast.pmo, session=session)
        agree(session, cast.pmo, cards, value, part=part)
    agree(session, cast.pmo, refunds, 1, part="job_size")
    assert [line.wsjf for line in round_of(session, cast.member).lines] == ["5.0", "n/a"]  # (5 + 8 + 2) ÷ 3
    assert round_of(session, cast.pmo).to_write == (5, 2)
    assert "Close and write 5 scores to 2 initiatives" in page(cast.pmo, session)
    changed = actions.close_session(actor=cast.pmo, session=session)
    assert {one.slug for one in changed} == {"cards", "refunds"}
    cards.refresh_from_db()
    refunds.refresh_from_db()
    assert (cards.business_value, cards.time_criticality, cards.risk_reduction, cards.job_size) == (5, 8, 2, 3)
    assert (refunds.business_value, refunds.job_size) == (None, 1)
    entry = AuditEntry.objects.get(target_type="portfolio.initiative", target_name="Refunds", verb="changed")
    assert entry.data == {"job_size": [None, 1]}
    for deed in (
        lambda: score(session, cast.member, cards, 3, part="job_size"),
        lambda: actions.close_session(actor=cast.pmo, session=session),
        lambda: actions.reveal(actor=cast.pmo, session=session),
    ):
        with pytest.raises(ValidationError, match="This session is closed"):
            deed()


def test_closing_without_writing_changes_no_initiative(
    cast: Cast, revealed: ScoringSession, initiatives: list[Initiative]
) -> None:
    agree(revealed, cast.pmo, initiatives[0], 5)
    assert actions.close_session(actor=cast.pmo, session=revealed, write=False) == []
    assert Initiative.objects.get(slug="cards").business_value is None


def test_what_is_done_by_then_is_left_alone(
    cast: Cast, revealed: ScoringSession, initiatives: list[Initiative]
) -> None:
    for one in initiatives:
        agree(revealed, cast.pmo, one, 5)
    actions.move_initiative(actor=None, initiative=initiatives[0], stage="done", verdict="stop")
    assert [one.slug for one in actions.close_session(actor=cast.pmo, session=revealed)] == ["refunds"]
    assert Initiative.objects.get(slug="cards").business_value is None


def test_warnings_come_when_a_part_is_settled(
    cast: Cast, revealed: ScoringSession, initiatives: list[Initiative]
) -> None:
    agree(revealed, cast.pmo, initiatives[0], 5)
    assert round_of(revealed, cast.pmo).warnings == []
    agree(revealed, cast.pmo, initiatives[1], 5)
    assert [one.text.split(":")[1][:10] for one in round_of(revealed, cast.pmo).warnings] == [
        " no 1. The",
        " all score",
    ]


def test_opening(cast: Cast, initiatives: list[Initiative]) -> None:
    client = Client()
    client.force_login(cast.stream_pmo)
    form = client.get(f"{URL}new/?stream=payments").content.decode()
    assert "Cards" in form
    sent: dict[str, Any] = {"name": "Q1", "stream": "payments", "initiatives": [one.pk for one in initiatives]}
    answer = client.post(f"{URL}new/?stream=payments", sent)
    made = ScoringSession.objects.get()
    assert answer.headers["Location"] == f"{URL}{made.pk}/"
    assert (made.stream, made.opened_by, made.initiatives.count()) == (cast.payments, cast.stream_pmo, 2)
    seen = client.post(f"{URL}new/?stream=payments", sent | {"initiatives": [], "name": "Kept"}).content.decode()
    assert 'id="id_initiatives_error"' in seen
    assert 'value="Kept"' in seen
    assert "Value stream" in client.post(f"{URL}new/", sent | {"stream": ""}).content.decode()
    assert ScoringSession.objects.count() == 1


def test_what_cannot_be_scored_together(cast: Cast, initiatives: list[Initiative]) -> None:
    cloud = actions.create_initiative(actor=None, stream=cast.platform, name="Cloud")
    for stream, chosen, said in [
        (cast.payments, [], "Choose the initiatives to score."),
        (cast.payments, [*initiatives, cloud], "Cloud is not of Payments."),
    ]:
        with pytest.raises(ValidationError) as error:
            actions.open_session(actor=cast.pmo, name="x", stream=stream, initiatives=chosen)
        assert error.value.message_dict == {"initiatives": [said]}
    actions.move_initiative(actor=None, initiative=cloud, stage="done")
    cloud.refresh_from_db()
    with pytest.raises(ValidationError, match="Cloud is done"):
        actions.open_session(actor=cast.pmo, name="x", initiatives=[cloud])


def test_who_sees_and_hears_it(cast: Cast, session: ScoringSession, initiatives: list[Initiative]) -> None:
    topic = f"wsjf:{session.pk}"
    for who, sees in [(cast.coach, True), (cast.member, True), (cast.outsider, False), (cast.viewer, False)]:
        assert live.may_listen(who, topic) is sees
        client = Client()
        client.force_login(who)
        assert client.get(f"{URL}{session.pk}/").status_code == (200 if sees else 404)
        assert (f"{URL}{session.pk}/" in client.get("/portfolio/wsjf/").content.decode()) is sees
    whole = actions.open_session(actor=cast.pmo, name="All", initiatives=initiatives)
    assert live.may_listen(cast.leader, f"wsjf:{whole.pk}")
    assert not live.may_listen(cast.coach, f"wsjf:{whole.pk}")
    assert not live.may_listen(cast.leader, "wsjf:x")


def test_nonsense_is_not_found(cast: Cast, session: ScoringSession, initiatives: list[Initiative]) -> None:
    client = Client()
    client.force_login(cast.pmo)
    good = {"initiative": initiatives[0].pk, "part": "business_value", "score": 3}
    for bad in ({"score": 4}, {"score": "x"}, {"initiative": 999_999}, {"part": "mood"}):
        assert client.post(f"{URL}{session.pk}/estimate/", good | bad).status_code == 404
    assert client.post(f"{URL}{session.pk}/estimate/", good).status_code == 302
    seen = client.post(f"{URL}{session.pk}/part/", {"part": "mood"}).content.decode()
    assert "There is no part “mood”" in seen


def test_as_many_queries_for_one_initiative_as_for_five(cast: Cast) -> None:
    def queries(count: int) -> int:
        made = [actions.create_initiative(actor=None, stream=cast.payments, name=f"{count}-{n}") for n in range(count)]
        session = actions.open_session(actor=cast.pmo, name="Q", stream=cast.payments, initiatives=made)
        for one in made:
            score(session, cast.coach, one, 3)
        client = Client()
        client.force_login(cast.pmo)
        with CaptureQueriesContext(connection) as captured:
            client.get(f"{URL}{session.pk}/")
        return len(captured)

    assert queries(1) == queries(5)
