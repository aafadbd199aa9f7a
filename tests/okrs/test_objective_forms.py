"""Setting, changing and deleting objectives on pages; what two people changed at once is merged or asked."""

from typing import Any

import pytest
from django.test import Client

from okrs import actions
from okrs.models import Cycle, KeyResult, Objective
from portfolio.models import Initiative
from tests.cast import Cast
from tests.okrs.cast import Goals, key_result, make_goals

pytestmark = pytest.mark.django_db


@pytest.fixture
def goals(cast: Cast) -> Goals:
    return make_goals(cast)


def a_new_one(goals: Goals, **also: Any) -> dict[str, Any]:
    return {
        "rows": "3",
        "name": "Faster",
        "cycle": goals.cycle.pk,
        "place": "team:falcon",
        "ambition": "committed",
        "kr0-name": "Days",
        "kr0-kind": "reduce",
        "kr0-baseline": "11",
        "kr0-target": "5",
        "kr1-kind": "increase",
        "kr2-kind": "increase",
        **also,
    }


def test_an_objective_with_key_results_in_one_go(client: Client, cast: Cast, goals: Goals) -> None:
    client.force_login(cast.coach)
    assert client.get("/objectives/new/").status_code == 200
    answer = client.post("/objectives/new/", a_new_one(goals))
    made = Objective.objects.get(name="Faster")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/objectives/{made.pk}/"
    assert [(one.name, one.baseline, one.weight, one.every_days) for one in made.key_results.all()] == [
        ("Days", 11, 1, 7)
    ]


@pytest.mark.parametrize(
    ("also", "said"),
    [
        ({"kr0-target": "11"}, "The target is the baseline"),
        ({"kr0-weight": "0"}, "The weights sum to 0"),
        ({"kr0-target": ""}, "Give the target."),
        ({"kr0-name": ""}, "Give it a name."),
        ({"kr0-target": "nan"}, "Enter a number."),
        ({"name": ""}, "This field is required."),
        (
            {"kr1-name": "In between", "kr1-kind": "band", "kr1-band_low": "5", "kr1-band_high": "5"},
            "not above the lower",
        ),
        ({"place": "stream:platform"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(
    client: Client, cast: Cast, goals: Goals, also: dict[str, str], said: str
) -> None:
    client.force_login(cast.coach)
    before = Objective.objects.count()
    answer = client.post("/objectives/new/", a_new_one(goals, **also))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    # What was typed stays.
    assert 'value="11"' in answer.content.decode()
    assert Objective.objects.count() == before


def test_one_more_key_result_keeps_what_was_typed(client: Client, cast: Cast, goals: Goals) -> None:
    client.force_login(cast.coach)
    shown = client.post("/objectives/new/", a_new_one(goals, more="1")).content.decode()
    assert 'name="kr3-name"' in shown
    assert 'value="Days"' in shown
    assert "Nothing was saved" not in shown


def opened(client: Client, url: str) -> dict[str, str]:
    """The hidden fields of a form that was just opened."""
    form = client.get(url).context
    return {"version": str(form["version"]), "base": form["base"]}


def sent(goals: Goals, **also: Any) -> dict[str, Any]:
    fields = {"name": "Refunds in two days", "description": "", "ambition": "committed", "owner": goals.team.owner_id}
    return {**fields, "theme": "", **also}


@pytest.fixture
def two(cast: Cast, goals: Goals) -> tuple[Client, Client, dict[str, str], str]:
    """Two browsers that opened the same form, what it held, and its address."""
    url, mine, theirs = f"/objectives/{goals.team.pk}/edit/", Client(), Client()
    mine.force_login(cast.coach)
    theirs.force_login(cast.pmo)
    return mine, theirs, opened(mine, url), url


Two = tuple[Client, Client, dict[str, str], str]


def test_different_fields_are_merged(two: Two, goals: Goals) -> None:
    mine, theirs, was, url = two
    assert theirs.post(url, sent(goals, name="Refunds in a day", **was)).status_code == 302
    answer = mine.post(url, sent(goals, description="Customers wait.", **was), follow=True)
    goals.team.refresh_from_db()
    assert (goals.team.name, goals.team.description) == ("Refunds in a day", "Customers wait.")
    assert "What was changed meanwhile was kept: objective" in answer.content.decode()


def test_the_same_field_is_asked_and_nothing_is_lost(two: Two, goals: Goals) -> None:
    mine, theirs, was, url = two
    theirs.post(url, sent(goals, description="Customers wait.", ambition="aspirational", **was))
    answer = mine.post(url, sent(goals, description="Banks wait.", name="Refunds at once", **was))
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert "Pia Ito changed the same while you wrote" in shown
    assert "<ins>Customers wait.</ins>" in shown
    assert "<ins>Banks wait.</ins>" in shown
    goals.team.refresh_from_db()
    assert goals.team.description == "Customers wait."
    asked = answer.context["asked"]
    again = {**dict(asked.hidden), "version": asked.version, "base": asked.base, "clashing": asked.clashing}
    assert mine.post(url, {**again, "choose-description": "both"}).status_code == 302
    goals.team.refresh_from_db()
    assert goals.team.description == "Customers wait.\n\nBanks wait."
    assert (goals.team.name, goals.team.ambition) == ("Refunds at once", "aspirational")


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [("theirs", "Customers wait."), ("mine", "Banks wait."), ("", "Customers wait.\n\nBanks wait.")],
)
def test_choosing(two: Two, goals: Goals, choice: str, wanted: str) -> None:
    mine, theirs, was, url = two
    theirs.post(url, sent(goals, description="Customers wait.", **was))
    asked = mine.post(url, sent(goals, description="Banks wait.", **was)).context["asked"]
    again = {**dict(asked.hidden), "version": asked.version, "base": asked.base, "clashing": asked.clashing}
    mine.post(url, {**again, "choose-description": choice})
    goals.team.refresh_from_db()
    assert goals.team.description == wanted


def test_a_third_change_while_choosing_is_asked_again(two: Two, goals: Goals) -> None:
    mine, theirs, was, url = two
    theirs.post(url, sent(goals, description="Customers wait.", **was))
    asked = mine.post(url, sent(goals, description="Banks wait.", **was)).context["asked"]
    again = {**dict(asked.hidden), "version": asked.version, "base": asked.base, "clashing": asked.clashing}
    theirs.post(url, sent(goals, description="Everybody waits.", **opened(theirs, url)))
    answer = mine.post(url, {**again, "choose-description": "mine"})
    assert answer.status_code == 409
    (clash,) = answer.context["asked"].clashes
    assert (clash.theirs, clash.mine) == ("Everybody waits.", "Banks wait.")


def test_a_form_without_what_it_saw_asks_for_everything(two: Two, goals: Goals) -> None:
    mine, theirs, was, url = two
    theirs.post(url, sent(goals, description="Customers wait.", **was))
    for base in ("", "[]", "{", '{"name": 3}'):
        answer = mine.post(url, sent(goals, description="Banks wait.", version="1", base=base))
        assert [clash.name for clash in answer.context["asked"].clashes] == ["description"]


def test_key_results_are_merged_too(cast: Cast, goals: Goals) -> None:
    client, url = Client(), f"/objectives/key-results/{goals.less.pk}/"
    client.force_login(cast.coach)
    was = opened(client, url)
    fields = {"name": "Days to a refund", "kind": "reduce", "unit": "days", "baseline": "11", "target": "5"}
    fields |= {"weight": "3", "every_days": "7", "owner": "", "kpi": ""}
    actions.change_key_result(actor=cast.pmo, key_result=goals.less, unit="working days", target=4.0)
    assert client.post(url, {**fields, "name": "Days until a refund", **was}).status_code == 302
    goals.less.refresh_from_db()
    assert (goals.less.name, goals.less.unit, goals.less.target) == ("Days until a refund", "working days", 4)
    answer = client.post(url, {**fields, "target": "11", **opened(client, url)})
    assert "The target is the baseline" in answer.content.decode()


def test_deleting_can_be_undone(client: Client, cast: Cast, goals: Goals) -> None:
    client.force_login(cast.member)
    answer = client.post(f"/objectives/{goals.team.pk}/delete/", follow=True)
    assert "was deleted" in answer.content.decode()
    assert not Objective.objects.filter(pk=goals.team.pk).exists()
    (undo,) = [message.extra_tags for message in answer.context["messages"]]
    assert client.post(undo).headers["Location"] == f"/objectives/{goals.team.pk}/"
    assert KeyResult.objects.filter(objective=goals.team).count() == 2


def test_a_circle_is_refused_at_the_field(client: Client, cast: Cast, goals: Goals) -> None:
    client.force_login(cast.coach)
    other = Objective.objects.create(cycle=goals.cycle, level="team", team=cast.heron, name="Other")
    url = f"/objectives/{goals.team.pk}/supports/"
    assert client.post(url, {"above": f"o{other.pk}"}).status_code == 302
    answer = client.post(f"/objectives/{other.pk}/supports/", {"above": f"k{goals.more.pk}"})
    assert answer.status_code == 400
    assert "that would be a circle" in answer.content.decode()
    assert goals.team.supports.count() == 1


def test_an_alignment_taken_away_comes_back(client: Client, cast: Cast, goals: Goals) -> None:
    client.force_login(cast.coach)
    line = actions.link_support(actor=None, objective=goals.team, above=goals.stream)
    answer = client.post(f"/objectives/supports/{line.pk}/remove/", follow=True)
    assert goals.team.supports.count() == 0
    (undo,) = [message.extra_tags for message in answer.context["messages"]]
    client.post(undo)
    assert goals.team.supports.get().above == goals.stream


def test_work_is_linked_with_its_lift(client: Client, cast: Cast, goals: Goals) -> None:
    client.force_login(cast.coach)
    work = Initiative.objects.create(slug="pay", name="Pay by link", stream=cast.payments)
    url, name = f"/objectives/key-results/{goals.more.pk}/work/", f"work{goals.more.pk}"
    refused = client.post(url, {f"{name}-work": f"i{work.pk}", f"{name}-lift": "0"})
    assert "A lift of 0 moves nothing" in refused.content.decode()
    assert client.post(url, {f"{name}-work": f"i{work.pk}", f"{name}-lift": "5.5"}).status_code == 302
    made = goals.more.contributions.get()
    assert made.lift == 5.5
    answer = client.post(f"/objectives/work/{made.pk}/remove/", follow=True)
    undo = [message.extra_tags for message in answer.context["messages"]][-1]
    client.post(undo)
    assert goals.more.contributions.get().lift == 5.5


def test_who_may_not_change_is_not_asked(client: Client, cast: Cast, goals: Goals) -> None:
    client.force_login(cast.viewer)
    shown = client.get(f"/objectives/{goals.team.pk}/").content.decode()
    assert "Change" not in shown
    assert client.get(f"/objectives/{goals.team.pk}/edit/").status_code == 403
    assert client.get("/objectives/new/").status_code == 403


def test_a_closed_cycle_takes_no_objectives(client: Client, cast: Cast, goals: Goals) -> None:
    client.force_login(cast.pmo)
    Cycle.objects.update(closed_at="2027-01-10T00:00:00Z")
    answer = client.post("/objectives/new/", a_new_one(goals))
    assert "Select a valid choice" in answer.content.decode()
    assert key_result(goals.stream, "K", 0, 1).pk  # the row itself stays
