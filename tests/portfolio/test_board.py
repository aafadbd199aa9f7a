"""The portfolio board: what it shows to whom, moving by form, conflicts, limits, undo, the past; and by the API."""

from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portfolio import actions, queries
from portfolio.models import WSJF_PARTS, Initiative
from tests.cast import Cast
from tests.portfolio.test_api import Api

BOARD = "/portfolio/"
MOVE = "/portfolio/initiatives/refunds/move/"


@pytest.fixture
def leader(client: Client, cast: Cast) -> Client:
    client.force_login(cast.leader)
    return client


@pytest.fixture
def refunds(cast: Cast) -> Initiative:
    return actions.create_initiative(actor=None, stream=cast.payments, name="Refunds")


def undo_of(answer: Any) -> str:
    return str(answer.context["messages"]._loaded_data[-1].extra_tags)


def test_an_empty_board_says_what_would_be_there(leader: Client) -> None:
    seen = leader.get(BOARD).content.decode()
    assert "Nothing is on the board yet" in seen
    assert "Add an initiative" in seen


def test_cards_stand_in_their_columns_best_first(leader: Client, cast: Cast) -> None:
    """(8 + 3 + 1) ÷ 2 = 6 before (13 + 5 + 2) ÷ 5 = 4; what is not scored comes last."""

    def make(name: str, *parts: int) -> None:
        fields: dict[str, Any] = dict(zip(WSJF_PARTS, parts, strict=False))
        actions.create_initiative(actor=None, stream=cast.payments, name=name, **fields)

    make("Unscored")
    make("Four", 13, 5, 2, 5)
    make("Six", 8, 3, 1, 2)
    found = queries.portfolio_board(cast.leader, timezone.now())
    funnel = found.columns[0]
    assert [(card.initiative.name, card.value) for card in funnel.cards] == [
        ("Six", 6),
        ("Four", 4),
        ("Unscored", None),
    ]
    seen = leader.get(BOARD).content.decode()
    assert "3 initiatives are on their way, none in implementation" in seen
    assert seen.index(">Six<") < seen.index(">Four<") < seen.index(">Unscored<")
    assert "WSJF <strong>6.0</strong>" in seen


def test_each_sees_their_own(client: Client, cast: Cast, refunds: Initiative) -> None:
    actions.create_initiative(actor=None, stream=cast.platform, name="Hidden", estimated_cost=777_000)
    client.force_login(cast.stream_pmo)
    seen = client.get(BOARD).content.decode()
    assert "Refunds" in seen
    assert "Hidden" not in seen
    client.force_login(cast.outsider)
    assert "Refunds" not in client.get(BOARD).content.decode()
    client.force_login(cast.leader)
    assert "777,000" in client.get(BOARD).content.decode()


def test_filters_are_in_the_address(leader: Client, cast: Cast, refunds: Initiative) -> None:
    theme = actions.create_theme(actor=None, name="Money in seconds")
    other = actions.create_initiative(actor=None, stream=cast.platform, name="Logs", theme=theme)
    assert other.theme == theme
    by_stream = leader.get(f"{BOARD}?stream=payments").content.decode()
    by_theme = leader.get(f"{BOARD}?theme=money-in-seconds").content.decode()
    assert ("Refunds" in by_stream, ">Logs<" in by_stream) == (True, False)
    assert (">Refunds<" in by_theme, ">Logs<" in by_theme) == (False, True)
    assert "There is no value stream “nowhere” for you." in leader.get(f"{BOARD}?stream=nowhere").content.decode()


def test_move_and_undo_by_form(leader: Client, refunds: Initiative) -> None:
    answer = leader.post(MOVE, {"stage": "analysing", "version": 1, "next": "/portfolio/?stream=payments"}, follow=True)
    assert answer.redirect_chain == [("/portfolio/?stream=payments", 302)]
    assert "Refunds moved to Analysing." in answer.content.decode()
    refunds.refresh_from_db()
    assert refunds.stage == "analysing"
    leader.post(undo_of(answer))
    refunds.refresh_from_db()
    assert (refunds.stage, refunds.version) == ("funnel", 3)


def test_the_way_back_leads_nowhere_else(leader: Client, refunds: Initiative) -> None:
    answer = leader.post(MOVE, {"stage": "analysing", "next": "//evil.example/"})
    assert urlsplit(answer.headers["Location"]).path == "/portfolio/initiatives/refunds/"


def test_an_undo_does_not_undo_what_others_did_since(leader: Client, cast: Cast, refunds: Initiative) -> None:
    answer = leader.post(MOVE, {"stage": "analysing", "version": 1}, follow=True)
    actions.move_initiative(actor=cast.pmo, initiative=refunds, stage="backlog")
    again = leader.post(undo_of(answer))
    assert again.status_code == 409
    assert "Pia Ito moved it" in again.content.decode()
    refunds.refresh_from_db()
    assert refunds.stage == "backlog"


def test_a_conflict_says_who_when_where_and_applies_again_with_one_click(
    leader: Client, cast: Cast, refunds: Initiative
) -> None:
    actions.move_initiative(actor=cast.pmo, initiative=refunds, stage="reviewing")
    answer = leader.post(MOVE, {"stage": "analysing", "version": 1, "part": "board"})
    seen = answer.content.decode()
    assert answer.status_code == 409
    assert "Pia Ito moved it" in seen
    assert "<strong>Reviewing</strong>" in seen
    assert "Move it to Analysing all the same" in seen
    # The form of that button: the same stage, the present version.
    assert 'name="stage" value="analysing"' in seen
    assert 'name="version" value="2"' in seen
    done = leader.post(MOVE, {"stage": "analysing", "version": 2, "part": "board"})
    assert done.status_code == 200
    assert "Refunds moved to Analysing." in done.content.decode()
    status, said = Api(cast.leader)("post", "initiatives/refunds/move/", {"stage": "backlog", "version": 2})
    assert status == 409
    assert isinstance(said, dict)
    assert (said["who"], said["what"], said["version"]) == ("Leo Brandt", "moved", 3)


def test_a_full_stage_asks_for_the_reason(leader: Client, cast: Cast, refunds: Initiative) -> None:
    actions.set_stage_limit(actor=None, stage="analysing", most=1, stream=cast.payments)
    actions.create_initiative(actor=None, stream=cast.payments, name="First", stage="analysing")
    assert "1 of at most 1 in Payments" in leader.get(BOARD).content.decode()
    answer = leader.post(MOVE, {"stage": "analysing", "version": 1, "part": "board"})
    assert answer.status_code == 400
    seen = answer.content.decode()
    assert "Analysing of Payments holds 1 and its limit is 1" in seen
    assert 'name="override"' in seen
    sent = {"stage": "analysing", "version": 1, "override": "A law from May on"}
    assert leader.post(MOVE, sent | {"part": "board"}).status_code == 200
    assert "Analysing is over the limit" in leader.get(BOARD).content.decode()
    assert "limit passed: A law from May on" in leader.get("/portfolio/initiatives/refunds/").content.decode()
    status, said = Api(cast.leader)(
        "post", "initiatives/", {"name": "Third", "stream": "payments", "stage": "analysing"}
    )
    assert (status, list(said)) == (400, ["override"])  # type: ignore[call-overload]


def test_done_asks_what_was_decided(leader: Client, refunds: Initiative) -> None:
    answer = leader.post(MOVE, {"stage": "done", "part": "board"})
    assert answer.status_code == 400
    assert "Say what was decided about its hypothesis." in answer.content.decode()
    refunds.refresh_from_db()
    assert refunds.stage == "funnel"


def test_no_approval_no_move(leader: Client, cast: Cast, refunds: Initiative) -> None:
    actions.set_threshold(actor=None, amount=1000)  # type: ignore[arg-type]
    actions.change_initiative(actor=None, initiative=refunds, estimated_cost=1001)
    assert "needs approval" in leader.get(BOARD).content.decode()
    answer = leader.post(MOVE, {"stage": "implementing", "part": "board"})
    assert answer.status_code == 400
    assert "no approval covers it" in answer.content.decode()


def test_who_may_not_move_is_offered_nothing(client: Client, cast: Cast, refunds: Initiative) -> None:
    client.force_login(cast.coach)
    assert "data-move" not in client.get(BOARD).content.decode()
    assert client.post(MOVE, {"stage": "analysing"}).status_code == 403
    client.force_login(cast.outsider)
    assert client.post(MOVE, {"stage": "analysing"}).status_code == 404


def test_a_past_day_shows_its_stages_and_moves_nothing(leader: Client, cast: Cast, refunds: Initiative) -> None:
    """On 9 March Old was in the funnel; Refunds was not there yet."""
    made = actions.create_initiative(actor=None, stream=cast.payments, name="Old", on=date(2025, 3, 3))
    actions.move_initiative(actor=None, initiative=made, stage="analysing", on=date(2025, 3, 10))
    answer = leader.get(f"{BOARD}?as_of=2025-03-09")
    columns = answer.context["board"].columns
    assert {
        column.stage.value: [card.initiative.name for card in column.cards] for column in columns if column.cards
    } == {"funnel": ["Old"]}
    seen = answer.content.decode()
    assert "data-move" not in seen
    assert "as of 9 Mar 2025" in seen
    assert "has not come yet" in leader.get(f"{BOARD}?as_of=2099-01-01").content.decode()


def test_what_was_done_long_ago_is_counted_not_shown(leader: Client, cast: Cast) -> None:
    made = actions.create_initiative(actor=None, stream=cast.payments, name="Ancient", on=date(2020, 3, 3))
    actions.close_initiative(actor=None, initiative=made, on=date(2020, 6, 1))
    seen = leader.get(BOARD).content.decode()
    assert "Ancient" not in seen
    assert "1 done over 90 days earlier" in seen


def test_as_many_queries_for_one_as_for_four(leader: Client, cast: Cast, refunds: Initiative) -> None:
    actions.set_stage_limit(actor=None, stage="funnel", most=1)

    def count() -> int:
        with CaptureQueriesContext(connection) as found:
            assert leader.get(BOARD).status_code == 200
        return len(found)

    count()
    one = count()
    for name in ("A", "B", "C"):
        actions.create_initiative(actor=None, stream=cast.platform, name=name, stage="analysing", estimated_cost=5)
    assert count() == one


def test_a_tab_is_offered_to_those_who_may_open_it(leader: Client, cast: Cast) -> None:
    member = Client()
    member.force_login(cast.member)
    for page, approvals in ((leader, True), (member, False)):
        seen = page.get("/portfolio/themes/").content.decode()
        assert all((f'href="/portfolio/{one}/"' in seen) == approvals for one in ("approvals", "funding", "scenarios"))
        assert 'href="/portfolio/decisions/"' in seen
