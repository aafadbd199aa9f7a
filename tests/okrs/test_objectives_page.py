"""The list of objectives and the page of one: figures, filters, as-of, who sees what, constant queries."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from okrs import actions
from okrs.models import Cycle, Objective
from tests.cast import Cast
from tests.okrs.cast import Goals, check_in, key_result, make_goals

pytestmark = pytest.mark.django_db


@pytest.fixture
def goals(cast: Cast) -> Goals:
    """A quarter that is over: 2025-10-01 to 2025-12-31, half of it over on 15 November."""
    made = make_goals(cast)
    Cycle.objects.filter(pk=made.cycle.pk).update(
        name="Q4 2025", slug="2025-q4", starts_on=date(2025, 10, 1), ends_on=date(2025, 12, 31)
    )
    check_in(made.more, date(2025, 11, 12), 40, 8, note="Half of them")  # 0.5, weight 1
    check_in(made.less, date(2025, 11, 12), 9.5, 4)  # 0.25, weight 3
    return made


def as_(client: Client, person: object) -> Client:
    client.force_login(person)  # type: ignore[arg-type]
    return client


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


def test_the_list_says_how_many_are_on_pace(client: Client, cast: Cast, goals: Goals) -> None:
    check_in(key_result(goals.company, "Customers", 0, 10), date(2025, 11, 1), 6, 9)
    shown = text(as_(client, cast.leader), "/objectives/?cycle=2025-q4&as_of=2025-11-15")
    # 0.6 of the company's is more than the half that is over; the team's 0.3125 is less; one has no key results.
    assert "1 of 3 objectives is on pace in Q4 2025" in shown
    # (0.6 + 0.3125) ÷ 2 = 0.45625
    assert "Average score 0.46 with 50 % of Q4 2025 over" in shown
    assert "+10 pts" in shown
    assert "−19 pts" in shown
    assert "Objective</a>" not in shown  # a past page offers no writing


def test_filters(client: Client, cast: Cast, goals: Goals) -> None:
    as_(client, cast.leader)
    at = "/objectives/?cycle=2025-q4"
    assert "Refund at once" not in text(client, f"{at}&level=team")
    assert "Refunds in two days" in text(client, f"{at}&level=team")
    assert "Grow</a>" not in text(client, f"{at}&stream=payments")
    assert "Refunds in two days" in text(client, f"{at}&stream=payments")
    assert "Nothing matches these filters" in text(client, f"{at}&stream=platform")
    assert "Refunds in two days" not in text(client, f"{at}&owner=me")
    assert "Refunds in two days" in text(client, f"{at}&owner={cast.member.pk}")
    assert "Days to a refund" not in text(client, f"{at}&brief=1")
    assert "is not a date" in text(client, f"{at}&as_of=yesterday")


def test_strangers_see_nothing(client: Client, cast: Cast, goals: Goals) -> None:
    as_(client, cast.outsider)
    assert "Refunds" not in text(client, "/objectives/?cycle=2025-q4")
    assert client.get(f"/objectives/{goals.team.pk}/").status_code == 404
    # Vera sees Falcon and the company, not the value stream.
    shown = text(as_(client, cast.viewer), "/objectives/?cycle=2025-q4")
    assert "Refunds in two days" in shown
    assert "Refund at once" not in shown
    assert client.get(f"/objectives/{goals.stream.pk}/").status_code == 404


def test_without_cycles_the_page_teaches(client: Client, cast: Cast) -> None:
    assert "Make a cycle" in text(as_(client, cast.pmo), "/objectives/")
    assert "The PMO makes the first cycle" in text(as_(client, cast.viewer), "/objectives/")


def test_the_same_queries_for_one_and_for_many(client: Client, cast: Cast, goals: Goals) -> None:
    as_(client, cast.leader)
    counts = []
    for number in range(2):
        with CaptureQueriesContext(connection) as seen:
            client.get("/objectives/?cycle=2025-q4")
        counts.append(len(seen))
        for n in range(3):
            other = Objective.objects.create(cycle=goals.cycle, level="team", team=cast.kite, name=f"{number}{n}")
            check_in(key_result(other, "K", 0, 1), date(2025, 11, 1), 1)
    assert counts[0] == counts[1]


def test_the_page_of_an_objective(client: Client, cast: Cast, goals: Goals) -> None:
    shown = text(as_(client, cast.member), f"/objectives/{goals.team.pk}/?as_of=2025-11-15")
    assert "Refunds in two days: at 0.31, 19 points behind the calendar" in shown
    assert "from 20 to 60 %" in shown
    # (40 − 20) ÷ 40: the way; half of the quarter is over.
    assert "50 % of the way, level with the calendar" in shown
    assert "25 % of the way, 25 points behind the calendar" in shown
    assert "Confidence 8 of 10" in shown
    assert "Half of them" in shown
    before = text(client, f"/objectives/{goals.team.pk}/?as_of=2025-11-11")
    assert "No check-in yet" in before
    assert "at 0.00, 46 points behind" in before  # 42 of 92 days are over: 0.4565


def test_the_page_takes_the_same_queries_for_more_key_results(client: Client, cast: Cast, goals: Goals) -> None:
    as_(client, cast.member)
    counts = []
    for number in range(3):
        with CaptureQueriesContext(connection) as seen:
            client.get(f"/objectives/{goals.team.pk}/")
        counts.append(len(seen))
        one = key_result(goals.team, f"More {number}", 0, 10)
        check_in(one, date(2025, 11, 1), 1)
    assert counts[0] == counts[1] == counts[2]


def test_votes_are_hidden_on_the_page_until_revealed(client: Client, cast: Cast, goals: Goals) -> None:
    poll = actions.open_poll(actor=cast.coach, objective=goals.team)
    actions.vote(actor=cast.coach, poll=poll, confidence=3)
    as_(client, cast.member)
    url = f"/objectives/{goals.team.pk}/"
    assert "1 has voted" in text(client, url)
    assert "on average" not in text(client, url)
    assert client.post(f"/objectives/votes/{poll.pk}/", {"confidence": "8"}).status_code == 302
    assert client.post(f"/objectives/votes/{poll.pk}/reveal/").status_code == 302
    shown = text(client, url)
    assert "<strong>5.5</strong>" in shown  # (3 + 8) ÷ 2
    assert "3 to 8" in shown


def test_a_vote_outside_the_scale_is_said_at_the_field(client: Client, cast: Cast, goals: Goals) -> None:
    poll = actions.open_poll(actor=cast.coach, objective=goals.team)
    answer = as_(client, cast.member).post(f"/objectives/votes/{poll.pk}/", {"confidence": "11"})
    assert answer.status_code == 400
    assert not poll.votes.exists()
