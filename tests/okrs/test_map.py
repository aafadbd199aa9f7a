"""The alignment: who stands where, what is named as unaligned, lines drawn and taken away on the page, as-of."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from okrs.formulas.tree import rows, wrapped
from okrs.map import GAP_X, GAP_Y, HEIGHT, TOP, WIDTH, draw
from okrs.models import Cycle, KeyResult, Objective, Support
from okrs.queries.alignment import alignment
from tests.cast import Cast
from tests.okrs.goals import cycle, key_result, objective, running_cycle, said

pytestmark = pytest.mark.django_db
PAGE = "/objectives/map/"


@dataclass
class Goals:
    """Trust (company) ← Instant (Payments; its key result) ← Fear (Falcon), Calm (Heron); Base (Platform) alone."""

    now: Cycle
    trust: Objective
    instant: Objective
    base: Objective
    fear: Objective
    calm: Objective
    score: KeyResult
    hours: KeyResult


@pytest.fixture
def goals(cast: Cast) -> Goals:
    now = running_cycle(27, 56)
    trust = objective(now, None, "Trust")
    instant, base = objective(now, cast.payments, "Instant"), objective(now, cast.platform, "Base")
    fear, calm = objective(now, cast.falcon, "Fear"), objective(now, cast.heron, "Calm")
    score, hours = key_result(trust, cast.leader, "Score"), key_result(instant, cast.stream_pmo, "Hours")
    Support.objects.create(objective=instant, key_result=score)
    Support.objects.create(objective=fear, above=instant)
    Support.objects.create(objective=calm, key_result=hours)
    return Goals(now, trust, instant, base, fear, calm, score, hours)


def as_(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def names(nodes: Any) -> list[str]:
    return [node.objective.name for node in nodes]


# Geometry


def test_rows_are_midway_of_their_children() -> None:
    """1 has 2 (with 4, 5) and 3 (a leaf): 4, 5, 3 are rows 0, 1, 2; 2 is at 0.5, 1 midway of 0.5 and 2; then 6."""
    assert rows({1: [2, 3], 2: [4, 5]}, [1, 6]) == {4: 0, 5: 1, 2: 0.5, 3: 2, 1: 1.25, 6: 3}
    assert rows({}, []) == {}


def test_a_very_deep_tree_is_no_trouble() -> None:
    assert rows({number: [number + 1] for number in range(5000)}, [0])[0] == 0


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Short", ["Short"]),
        ("Payments arrive at once", ["Payments", "arrive at"]),
        ("Unbelievably long", ["Unbeliev…", "long"]),
        ("", [""]),
    ],
)
def test_names_are_broken_between_words(text: str, lines: list[str]) -> None:
    found = wrapped(text, 9, 2)
    assert all(len(line) <= 9 for line in found)
    assert len(found) <= 2
    if text != "Payments arrive at once":
        assert found == lines
    else:
        # Three lines do not fit: the second one says that there is more.
        assert found == ["Payments", "arrive a…"]


def test_the_drawing_by_hand(cast: Cast, goals: Goals) -> None:
    drawn = draw(alignment(cast.pmo, Objective.objects.all(), timezone.localdate()))
    at = {box.node.objective.name: (box.x, box.y) for box in drawn.boxes}
    step, second, third = HEIGHT + GAP_Y, WIDTH + GAP_X, 2 * (WIDTH + GAP_X)
    # Fear and Calm are rows 0 and 1, what is above them midway; Base stands below, alone.
    assert at == {
        "Trust": (0, TOP + 0.5 * step),
        "Instant": (second, TOP + 0.5 * step),
        "Fear": (third, TOP),
        "Calm": (third, TOP + step),
        "Base": (second, TOP + 2 * step),
    }
    assert [head.text for head in drawn.heads] == ["Company", "Value streams", "Teams"]
    assert len(drawn.curves) == 3
    assert (drawn.width, drawn.height) == (third + WIDTH + 2, TOP + 2 * step + HEIGHT + 2)


# What the map says


def test_who_supports_what_and_who_supports_nothing(cast: Cast, goals: Goals) -> None:
    found = alignment(cast.pmo, Objective.objects.all(), timezone.localdate())
    assert names(found.unaligned) == ["Base"]
    assert (found.aligned, found.should) == (3, 4)
    assert {(line.child.objective.name, line.goal) for line in found.lines} == {
        ("Instant", "“Score” of “Trust”"),
        ("Fear", "“Instant”"),
        ("Calm", "“Hours” of “Instant”"),
    }
    assert names(found.tops) == ["Trust"]


def test_score_and_state_on_each_node_as_of_a_day(cast: Cast, goals: Goals) -> None:
    """Hours goes from 40 to 20: 36 is 0.2, 30 is 0.5. The cycle has 84 days; after 14, a sixth is over."""
    first = goals.now.starts_on
    said(goals.hours, first + timedelta(days=7), 36)
    said(goals.hours, first + timedelta(days=21), 30)
    then = alignment(cast.pmo, Objective.objects.all(), first + timedelta(days=13)).nodes[goals.instant.pk]
    # 0.2 − 14 ÷ 84 = 0.033: 3 points ahead.
    assert then.score_text == "0.20 red, 3 points ahead"
    assert then.tags == []
    # 28 of 84 days are over today: 0.5 − 0.333 = 0.167.
    now = alignment(cast.pmo, Objective.objects.all(), timezone.localdate()).nodes
    assert now[goals.instant.pk].score_text == "0.50 yellow, 17 points ahead"
    assert now[goals.trust.pk].tags == [("1 pending", "")]
    assert now[goals.base.pk].tags == [("no key results", "warn")]
    assert now[goals.base.pk].score_text == "no score"
    later = alignment(cast.pmo, Objective.objects.all(), first + timedelta(days=32)).nodes[goals.instant.pk]
    # Due 7 days after day 21, on day 28; day 32 is beyond 3 days of grace.
    assert later.tags == [("1 outdated", "warn")]


def test_the_page_says_it_and_draws_it(cast: Cast, goals: Goals) -> None:
    text = as_(cast.pmo).get(PAGE).content.decode()
    assert "1 objective supports nothing above it" in text
    assert "3 of 4 objectives of value streams and teams support" in text
    assert "<title>Calm supports “Hours” of “Instant”</title>" in text
    assert 'aria-label="Platform: Base, no score, no key results, supports nothing yet"' in text
    assert "style=" not in text


def test_only_what_the_reader_may_see(cast: Cast, goals: Goals) -> None:
    found = as_(cast.member).get(PAGE).context["map"]
    assert sorted(names(found.nodes.values())) == ["Fear", "Trust"]
    # What Fear supports is not his to see: still it is not said to support nothing.
    assert found.unaligned == []
    assert names(found.tops) == ["Trust", "Fear"]
    assert as_(cast.outsider).get(PAGE).context["map"].nodes == {}
    assert as_(cast.member).get(f"{PAGE}?stream=platform").status_code == 404
    assert as_(cast.member).get(f"{PAGE}?cycle=nonsense").status_code == 404


def test_a_stream_a_cycle_and_a_day(cast: Cast, goals: Goals) -> None:
    client = as_(cast.pmo)
    assert sorted(names(client.get(f"{PAGE}?stream=platform").context["map"].nodes.values())) == ["Base", "Trust"]
    old = cycle(date(2025, 1, 6), date(2025, 3, 30), "Old")
    objective(old, None, "Long ago")
    assert names(client.get(f"{PAGE}?cycle=old").context["map"].nodes.values()) == ["Long ago"]
    past = client.get(f"{PAGE}?as_of=2025-02-01")
    assert names(past.context["map"].nodes.values()) == ["Long ago"]
    assert past.context["may"] is False
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert "has not come yet" in client.get(f"{PAGE}?as_of={tomorrow}").content.decode()
    assert "is not a date" in client.get(f"{PAGE}?as_of=soon").content.decode()


def test_a_page_with_three_times_as_many_costs_as_many_queries(cast: Cast, goals: Goals) -> None:
    client = as_(cast.pmo)

    def queries() -> int:
        client.get(PAGE)
        with CaptureQueriesContext(connection) as seen:
            client.get(PAGE)
        return len(seen)

    before = queries()
    for number in range(8):
        one = objective(goals.now, cast.heron, f"More {number}")
        key_result(one, cast.coach, "Hours")
        Support.objects.create(objective=one, above=goals.instant)
    assert queries() == before


# Drawing lines


def typed(child: Objective, goal: str) -> dict[str, str]:
    return {"objective": str(child.pk), "goal": goal}


def undo(answer: Any) -> str:
    return str(next(message.extra_tags for message in answer.context["messages"] if message.extra_tags))


def test_aligning_taking_away_and_back(cast: Cast, goals: Goals) -> None:
    client = as_(cast.pmo)
    answer = client.post(PAGE, typed(goals.base, f"k{goals.score.pk}"), follow=True)
    line = Support.objects.get(objective=goals.base)
    assert line.key_result == goals.score
    assert names(answer.context["map"].unaligned) == []
    answer = client.post(undo(answer), follow=True)
    assert names(answer.context["map"].unaligned) == ["Base"]
    answer = client.post(undo(answer), follow=True)
    assert names(answer.context["map"].unaligned) == []
    assert Support.objects.get(objective=goals.base).key_result == goals.score


def test_a_circle_is_refused_at_the_field_and_what_was_chosen_stays(cast: Cast, goals: Goals) -> None:
    other = objective(goals.now, cast.payments, "Other")
    Support.objects.create(objective=other, above=goals.instant)
    client = as_(cast.pmo)
    answer = client.post(PAGE, typed(goals.instant, f"o{other.pk}"))
    form = answer.context["form"]
    assert list(form.errors) == ["goal"]
    assert "circle" in form.errors["goal"][0]
    assert form["objective"].value() == str(goals.instant.pk)
    below = client.post(PAGE, typed(goals.instant, f"o{goals.fear.pk}")).context["form"]
    assert "is below this objective" in below.errors["goal"][0]
    itself = client.post(PAGE, typed(goals.base, f"o{goals.base.pk}")).context["form"]
    assert itself.errors == {"goal": ["An objective does not support itself."]}
    nothing = client.post(PAGE, {"objective": "", "goal": "k0"}).context["form"]
    assert sorted(nothing.errors) == ["goal", "objective"]
    assert Support.objects.count() == 4


def test_who_may_not_draw(cast: Cast, goals: Goals) -> None:
    line = Support.objects.get(objective=goals.fear)
    viewer = as_(cast.viewer)
    assert viewer.get(PAGE).context["may"] is False
    assert viewer.post(reverse("okr-map-remove", args=[line.pk])).status_code == 403
    assert as_(cast.outsider).post(reverse("okr-map-remove", args=[line.pk])).status_code == 404
    # Paul changes what is of Payments; Base is of Platform, which he does not see.
    paul = as_(cast.stream_pmo)
    assert paul.post(PAGE, typed(goals.base, f"o{goals.trust.pk}")).context["form"].errors["objective"]
    assert (
        paul.post(f"{reverse('okr-map-restore')}?objective={goals.base.pk}&above={goals.trust.pk}").status_code == 404
    )
    assert Support.objects.count() == 3


def test_nothing_is_drawn_on_past_days_or_of_what_is_closed(cast: Cast, goals: Goals) -> None:
    client, yesterday = as_(cast.pmo), timezone.localdate() - timedelta(days=1)
    client.post(f"{PAGE}?as_of={yesterday}", typed(goals.base, f"o{goals.trust.pk}"))
    assert not Support.objects.filter(objective=goals.base).exists()
    goals.fear.closed_at = datetime(2030, 1, 1, tzinfo=UTC)
    goals.fear.save()
    line = Support.objects.get(objective=goals.fear)
    answer = client.post(reverse("okr-map-remove", args=[line.pk]), follow=True)
    assert "The objective is closed" in answer.content.decode()
    assert Support.objects.count() == 3
