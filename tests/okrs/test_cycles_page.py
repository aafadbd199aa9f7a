"""Cycles, closing with grade and lessons, carrying over: on pages."""

from datetime import date

import pytest
from django.test import Client

from okrs import actions
from okrs.models import Cycle, Objective
from tests.cast import Cast
from tests.okrs.cast import Goals, check_in, key_result, make_goals

pytestmark = pytest.mark.django_db


@pytest.fixture
def goals(cast: Cast) -> Goals:
    """A quarter that is over, and one that follows."""
    made = make_goals(cast)
    Cycle.objects.filter(pk=made.cycle.pk).update(
        slug="2025-q4", name="Q4 2025", starts_on=date(2025, 10, 1), ends_on=date(2025, 12, 31)
    )
    made.cycle.refresh_from_db()
    Cycle.objects.create(slug="next", name="Next", kind="own", starts_on="2026-01-01", ends_on="2026-03-31")
    check_in(made.more, date(2025, 12, 20), 50)  # 0.75, weight 1
    check_in(made.less, date(2025, 12, 20), 8)  # 0.5, weight 3: (0.75 + 1.5) ÷ 4 = 0.5625
    return made


def test_the_next_quarter_is_offered(client: Client, cast: Cast, goals: Goals) -> None:
    client.force_login(cast.pmo)
    shown = client.get("/objectives/cycles/new/").content.decode()
    assert 'value="Q1 2026"' in shown
    assert 'value="2026-03-31"' in shown
    sent = {"name": "Q1 2026", "kind": "quarter", "starts_on": "2026-01-01", "ends_on": "2026-03-30"}
    answer = client.post("/objectives/cycles/new/", sent)
    assert "Q1 2026 is 1 Jan to 31 Mar 2026" in answer.content.decode()
    assert client.post("/objectives/cycles/new/", sent | {"ends_on": "2026-03-31"}).status_code == 302
    assert "already exists" in client.post("/objectives/cycles/new/", sent | {"ends_on": "2026-03-31"}).content.decode()


def test_cycles_and_their_scores(client: Client, cast: Cast, goals: Goals) -> None:
    client.force_login(cast.leader)
    shown = client.get("/objectives/cycles/").content.decode()
    assert "over, to be closed" in shown
    assert "0.56" in shown


def test_closing_with_grade_lessons_and_what_goes_on(client: Client, cast: Cast, goals: Goals) -> None:
    client.force_login(cast.coach)
    url = f"/objectives/{goals.team.pk}/close/"
    shown = client.get(url).content.decode()
    assert "at 0.56" in shown
    assert "That is yellow" in shown
    into = Cycle.objects.get(slug="next")
    sent = {"grade": "0.6", "lessons": "Begin with the bank.", "carry": "1", "cycle": into.pk}
    sent |= {f"take{goals.more.pk}": "on", f"baseline{goals.more.pk}": "50"}
    assert client.post(url, sent).status_code == 302
    goals.team.refresh_from_db()
    assert goals.team.closed_score == pytest.approx(0.5625)
    assert goals.team.grade == 0.6
    (carried,) = into.objectives.all()
    assert [one.baseline for one in carried.key_results.all()] == [50]
    assert "Begin with the bank." in client.get(f"/objectives/{goals.team.pk}/").content.decode()


def test_a_refused_carry_over_closes_nothing(client: Client, cast: Cast, goals: Goals) -> None:
    client.force_login(cast.coach)
    into = Cycle.objects.get(slug="next")
    sent = {"carry": "1", "cycle": into.pk, f"take{goals.more.pk}": "on", f"baseline{goals.more.pk}": "60"}
    answer = client.post(f"/objectives/{goals.team.pk}/close/", sent)
    assert "would start at its target" in answer.content.decode()
    goals.team.refresh_from_db()
    assert goals.team.closed_at is None
    assert not into.objectives.exists()


def test_a_grade_outside_the_scale_is_said_at_the_field(client: Client, cast: Cast, goals: Goals) -> None:
    client.force_login(cast.coach)
    answer = client.post(f"/objectives/{goals.team.pk}/close/", {"grade": "1.5", "lessons": "All of it."})
    assert "A grade is from 0 to 1." in answer.content.decode()
    assert "All of it." in answer.content.decode()


def test_a_set_that_is_all_reached_is_asked(client: Client, cast: Cast, goals: Goals) -> None:
    one = Objective.objects.create(cycle=goals.cycle, level="team", team=cast.kite, name="Easy")
    check_in(key_result(one, "K", 0, 10), date(2025, 12, 1), 8.6)
    client.force_login(cast.leader)
    shown = client.get("/objectives/cycles/2025-q4/closing/").content.decode()
    # Only the set of Kite averages 0.86; the others are below.
    assert shown.count("Was it ambitious?") == 1


def test_a_cycle_is_closed_when_all_are(client: Client, cast: Cast, goals: Goals) -> None:
    client.force_login(cast.pmo)
    answer = client.post("/objectives/cycles/2025-q4/close/", follow=True)
    assert "3 objectives of it are open" in answer.content.decode()
    for one in Objective.objects.all():
        actions.close_objective(actor=cast.pmo, objective=one)
    client.post("/objectives/cycles/2025-q4/close/")
    assert Cycle.objects.get(slug="2025-q4").closed_at
    assert "Q4 2025 is closed" in client.get("/objectives/cycles/2025-q4/closing/").content.decode()
    client.post("/objectives/cycles/2025-q4/reopen/")
    assert Cycle.objects.get(slug="2025-q4").closed_at is None
