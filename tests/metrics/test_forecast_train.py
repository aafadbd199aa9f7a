"""The chances of a train's plan: by hand where it is small, against a day-by-day simulation, and its own promises."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.formulas.forecast import draws
from metrics.formulas.forecast import train as formula
from metrics.formulas.forecast.shapes import TeamInput
from metrics.formulas.forecast.train import Card, Goal, Iteration, Need, Train, by_id
from tests.metrics.forecast_cast import TODAY, crew

MONDAY = TODAY + timedelta(days=3)
# Half of the days bring one item.
COIN = {0: 1, 1: 1}


def iterations(*days: int) -> tuple[Iteration, ...]:
    """Iterations that end so many calendar days after the Monday on which the work begins."""
    return tuple(Iteration(f"Iteration {n}", MONDAY + timedelta(days=after)) for n, after in enumerate(days, 1))


def plan(cards: Sequence[Card], teams: Sequence[TeamInput], **fields: Any) -> Train:
    given: dict[str, Any] = {"seed": 7, "first_on": MONDAY, "iterations": iterations(1, 8)} | fields
    return Train(cards=tuple(cards), teams=tuple(teams), **given)


def card(id: str, items: int | None, team: int | None = 0, iteration: int | None = 0, **fields: Any) -> Card:
    return Card(id, id.title(), f"Row {team}", team, iteration, items, **fields)


def chances(train: Train) -> Mapping[str, float | None]:
    found = formula.answer(train)
    return {one.id: one.chance for one in (*found.cards, *found.goals)}


def about(chance: float) -> Any:
    """Within two points: 10,000 trials are within one and a half but once in a thousand."""
    return pytest.approx(chance, abs=0.02)


def test_two_days_by_hand() -> None:
    """Monday and Tuesday, a coin each: ¾ for one item, ¼ for two. The second card needs the second finish."""
    found = chances(plan([card("a", 1), card("b", 1)], [crew(COIN)], goals=[Goal("both", "Both", ("a", "b"))]))
    assert (found["a"], found["b"]) == (about(0.75), about(0.25))
    # Who has the second has the first: the joint chance is that of the second, not the product 3/16.
    assert found["both"] == found["b"]


def test_teams_are_independent_and_a_chain_is_joint() -> None:
    """Kite's card waits for Falcon's: ¾ × ¾."""
    cards = [card("a", 1), card("b", 1, team=1)]
    teams = [crew(COIN), crew(COIN, "kite")]
    found = chances(plan(cards, teams, needs=[Need("b", "Falcon", "a")]))
    assert (found["a"], found["b"]) == (about(0.75), about(0.5625))


def test_a_card_waits_for_what_those_wait_for_whom_it_waits_for() -> None:
    """a → b → c, each of its own team: (¾)³ = 0.42."""
    cards = [card(name, 1, team=place) for place, name in enumerate("abc")]
    teams = [crew(COIN, slug) for slug in ("falcon", "heron", "kite")]
    needs = [Need("b", "Falcon", "a"), Need("c", "Heron", "b")]
    assert chances(plan(cards, teams, needs=needs))["c"] == about(0.421875)


def test_a_provider_in_a_later_iteration_must_come_by_the_end_of_its_consumers() -> None:
    """b waits for a, which is planned for Iteration 2, but has to come by the end of 1: ¾ × ¾ still; a itself has
    four days by then five working days (Monday to Friday, and Monday and Tuesday: 7): 1 − 2⁻⁷."""
    cards = [card("a", 1, iteration=1), card("b", 1, team=1)]
    teams = [crew(COIN), crew(COIN, "kite")]
    found = chances(plan(cards, teams, needs=[Need("b", "Falcon", "a")]))
    assert (found["a"], found["b"]) == (about(1 - 2**-7), about(0.5625))


def test_days_off_are_not_worked() -> None:
    """The Tuesday is a holiday: one coin."""
    assert chances(plan([card("a", 1)], [crew(COIN, holidays=(MONDAY + timedelta(days=1),))]))["a"] == about(0.5)


def test_work_begins_tomorrow_where_the_plan_has_begun() -> None:
    """It began a month ago; from Monday on there are two days, and what was due on Friday is late."""
    begun = MONDAY - timedelta(days=28)
    cards = [card("late", 1, iteration=0), card("a", 1, iteration=1)]
    found = chances(plan(cards, [crew(COIN)], first_on=begun, iterations=iterations(-3, 1)))
    assert found == {"late": 0.0, "a": about(0.25)}


def test_several_at_a_time() -> None:
    """Two at a time: the first finish is a's, the second b's, the third a's: a of two items needs three of two days."""
    cards = [card("a", 2), card("b", 1)]
    assert chances(plan(cards, [crew(COIN)], limit=2)) == {"a": 0.0, "b": about(0.25)}
    assert chances(plan(cards, [crew(COIN)])) == {"a": about(0.25), "b": 0.0}


def test_no_feature_is_worked_on_in_an_iteration_for_innovation_and_planning() -> None:
    """The second iteration has five working days, all for other things: by its end ¾ still, by the third's end (two
    more days) 15/16. What was finished in it all the same is finished.
    """
    columns = [*iterations(1, 8, 10)]
    columns[1] = replace(columns[1], is_ip=True)
    cards = [card("a", 1, iteration=1), card("b", 0, iteration=1, done_on=MONDAY + timedelta(days=5))]
    found = by_id(formula.answer(plan(cards, [crew(COIN)], iterations=tuple(columns))).cards)
    assert (found["a"].chance, found["b"].chance) == (about(0.75), 1.0)
    assert found["a"].note == "no features are worked on in Iteration 2"
    later = replace(cards[0], iteration=2)
    assert chances(plan([later], [crew(COIN)], iterations=tuple(columns)))["a"] == about(1 - 2**-4)


def test_what_is_over_is_known() -> None:
    cards = [
        card("in time", None, done_on=MONDAY + timedelta(days=1)),
        card("late", None, done_on=MONDAY + timedelta(days=2)),
        card("dropped", None, is_dropped=True),
        card("after", 1),
    ]
    found = chances(plan(cards, [crew(COIN)]))
    assert found == {"in time": 1.0, "late": 0.0, "dropped": 0.0, "after": about(0.75)}


def test_what_is_over_needs_no_iteration_to_be_waited_for() -> None:
    """Finished before it was planned: ¾ for the one item of who waited for it."""
    cards = [card("done", None, iteration=None, done_on=TODAY), card("a", 1)]
    found = chances(plan(cards, [crew(COIN)], needs=[Need("a", "Row 0", "done")]))
    assert found == {"done": None, "a": about(0.75)}


def test_outside_is_taken_to_be_in_time_or_late_as_often_as_before() -> None:
    """Alone ¾; of three the bank was late once, (1 + 1) ÷ (3 + 2) = 0.4: ¾ × 0.6 = 0.45."""
    cards = [card("a", 1), card("bank", None, team=None)]
    sure, risky = Need("a", "Bank", "bank"), Need("a", "Bank", "bank", risk=0.4)
    found = formula.answer(plan(cards, [crew(COIN)], needs=[sure])).cards[0]
    assert (found.chance, found.alone, found.note) == (
        about(0.75),
        about(0.75),
        "Bank is taken to deliver in time: no history",
    )
    assert chances(plan(cards, [crew(COIN)], needs=[risky]))["a"] == about(0.45)
    later = [cards[0], replace(cards[1], iteration=1)]
    assert chances(plan(later, [crew(COIN)], needs=[sure]))["a"] == 0.0


def test_what_was_delivered_is_not_waited_for() -> None:
    cards = [card("a", 1), card("b", 50, team=1, iteration=None)]
    needs = [Need("a", "Kite", "b", delivered_on=MONDAY - timedelta(days=9))]
    assert chances(plan(cards, [crew(COIN), crew(COIN, "kite")], needs=needs))["a"] == about(0.75)


@pytest.mark.parametrize(
    ("cards", "needs", "reason"),
    [
        ([card("a", 1, iteration=None)], [], "it stands in no iteration"),
        ([card("a", None, sized_by="not broken down")], [], "not broken down"),
        ([card("x", None), card("a", 1)], [], "its team works on something of unknown size before it"),
        ([card("a", 1, team=1)], [], "too little data: Kite"),
        ([card("b", 1, team=1), card("a", 1)], [Need("a", "Kite", "b")], "waits for B of Row 1: too little data: Kite"),
        ([card("a", 1)], [Need("a", "Kite")], "Kite has planned no card for what it waits for"),
        ([card("a", None, team=None)], [], "Row None is outside the train"),
        ([card("a", None, team=None, is_milestone=True)], [], "nothing here says when it comes about"),
    ],
)
def test_what_cannot_be_told_says_why(cards: list[Card], needs: list[Need], reason: str) -> None:
    teams = [crew(COIN), crew({}, "kite", reason="too little data: Kite")]
    found = by_id(formula.answer(plan(cards, teams, needs=needs, goals=[Goal("g", "G", ("a",))])).cards)
    assert (found["a"].chance, found["a"].reason) == (None, reason)


def test_a_ring_is_named() -> None:
    needs = [Need("a", "Row 0", "b"), Need("b", "Row 0", "a")]
    found = formula.answer(plan([card("a", 1), card("b", 1)], [crew(COIN)], needs=needs)).cards
    assert all(one.chance is None and "waits for itself" in one.reason for one in found)


# Against an independent simulation: day by day, with other random numbers

TEAMS = [crew({0: 5, 1: 3, 2: 2}), crew({0: 2, 1: 2}, "heron"), crew({0: 6, 2: 3, 5: 1}, "kite")]


def simulated(train: Train, trials: int, seed: int) -> dict[str, float]:
    """Every team's days one by one, drawn from its history; a card is done on the day that brings its last item."""
    chance = np.random.default_rng(seed)
    days = np.arange((train.iterations[-1].last_on - train.first_on).days + 1)
    idle = [day for one in _spans(train) if one[2] for day in range(one[0], one[1] + 1)]
    works = (days % 7 < 5) & ~np.isin(days, idle)
    done = {one.id: np.full(trials, _known(train, one)) for one in train.cards}
    for place, team in enumerate(train.teams):
        history = [count for count, often in (team.counts or {}).items() for _ in range(often)]
        finished = (chance.choice(history, (trials, len(days))) * works).cumsum(axis=1)
        queue = [one for one in train.cards if one.team == place and not one.done_on and not one.is_dropped]
        for one, last in zip(queue, _turns([one.items or 0 for one in queue], train.limit), strict=True):
            reached = finished >= last
            done[one.id] = np.where(reached.any(axis=1), reached.argmax(axis=1), NEVER)
    luck = {one.id: chance.random(trials) for one in train.cards}
    landed = {one.id: _landed(train, one, NEVER - 1, done, luck) for one in train.cards}
    goals = {one.id: np.logical_and.reduce([landed[id] for id in one.cards]) for one in train.goals}
    return {id: float(flags.mean()) for id, flags in (landed | goals).items()}


NEVER = 999


def _spans(train: Train) -> list[tuple[int, int, bool]]:
    """Of each iteration its first and last day, counted from the plan's first, and whether it is for other things."""
    ends = [(one.last_on - train.first_on).days for one in train.iterations]
    return list(zip([0, *(end + 1 for end in ends)], ends, [one.is_ip for one in train.iterations], strict=False))


def _known(train: Train, card: Card) -> int:
    """The day on which what no team of the train works on is done."""
    if card.done_on:
        return (card.done_on - train.first_on).days
    return NEVER if card.is_dropped else _spans(train)[card.iteration or 0][1]


def _turns(sizes: Sequence[int], limit: int) -> list[int]:
    """With which finish of the team each card is done: one item for each of the first cards that are open, in turn."""
    left, finished, last = list(sizes), 0, [0] * len(sizes)
    while any(left):
        for place in [place for place, items in enumerate(left) if items][:limit]:
            left[place] -= 1
            finished += 1
            last[place] = finished
    return last


def _landed(train: Train, card: Card, by: int, done: Mapping[str, Any], luck: Mapping[str, Any]) -> Any:
    by = min(by, _spans(train)[card.iteration or 0][1])
    landed = done[card.id] <= by
    if card.done_on or card.is_dropped:
        return landed
    for need in train.needs:
        for one in train.cards:
            if need.consumer == card.id and need.provider == one.id:
                landed = landed & _landed(train, one, by, done, luck) & (luck[one.id] >= (need.risk or 0))
    return landed


def big_plan() -> Train:
    cards = [
        card(f"{team}{n}", 2 + (n * 2 + team) % 3, team=team, iteration=n // 2) for team in range(3) for n in range(6)
    ]
    pairs = [("00", "11"), ("11", "22"), ("03", "12"), ("22", "14"), ("04", "25"), ("13", "03")]
    needs = [Need(consumer, "Row", provider) for provider, consumer in pairs]
    return plan(cards, TEAMS, iterations=iterations(11, 25, 39), needs=needs)


def mixed_plan() -> Train:
    """Two features at a time; finished and dropped ones among them; somebody outside who comes late in four of ten, and
    somebody who waits for the train; an iteration for innovation and planning before the last.
    """
    columns = [*iterations(11, 25, 32, 46)]
    columns[2] = replace(columns[2], is_ip=True)
    cards = [replace(one, iteration=(0, 1, 3)[one.iteration or 0]) for one in big_plan().cards if one.id != "15"]
    cards += [
        card("15", 3, team=1, iteration=2),
        card("bank", None, team=None),
        card("fair", None, team=None, iteration=3),
    ]
    over = {"01": MONDAY - timedelta(days=9), "10": MONDAY + timedelta(days=30)}
    cards = [replace(one, done_on=over.get(one.id), is_dropped=one.id == "23") for one in cards]
    needs = [
        *(Need(consumer, "Row", provider) for provider, consumer in [("00", "11"), ("11", "22"), ("01", "12")]),
        *(Need(consumer, "Row", provider) for provider, consumer in [("10", "13"), ("23", "24"), ("22", "fair")]),
        *(Need(consumer, "Bank", "bank", risk=0.4) for consumer in ("02", "20")),
        Need("14", "Row", "02"),
    ]
    goals = (Goal("both", "Both", ("02", "20")), Goal("chain", "Chain", ("00", "22", "14")))
    return plan(cards, TEAMS, iterations=tuple(columns), needs=needs, goals=goals, limit=2)


@pytest.mark.parametrize("train", [big_plan(), mixed_plan()], ids=["one at a time", "all that there is"])
def test_within_two_points_of_an_independent_simulation(train: Train) -> None:
    expected, found = simulated(train, 20_000, seed=1), chances(train)
    assert any(0.2 < chance < 0.8 for chance in expected.values())
    assert [id for id, chance in found.items() if chance is None] == [id for id in expected if id == "bank"]
    far = {id: (chance, found[id]) for id, chance in expected.items() if abs((found[id] or 0) - chance) > 0.02}
    assert far.keys() <= {"bank"}, far


# What it promises


def moved(train: Train, id: str, iteration: int) -> Train:
    """With a card at the end of another iteration of its team."""
    [card] = [one for one in train.cards if one.id == id]
    rest = [one for one in train.cards if one.id != id]
    cards = sorted([*rest, replace(card, iteration=iteration)], key=lambda one: (one.team or 0, one.iteration or 0))
    return replace(train, cards=tuple(cards))


def test_delaying_a_provider_lowers_its_consumer() -> None:
    train = big_plan()
    for provider, consumer in [("00", "11"), ("03", "12")]:
        before, after = chances(train), chances(moved(train, provider, 2))
        assert (after[consumer] or 0) < (before[consumer] or 0)


def test_a_move_changes_nothing_for_who_has_no_part_in_it() -> None:
    train = big_plan()
    before, after = chances(train), chances(moved(train, "20", 2))
    assert {id for id in before if id[0] != "2" and before[id] != after[id]} <= {"14"}
    assert any(before[id] != after[id] for id in before if id[0] == "2")


def test_the_same_inputs_make_the_same_bytes_and_come_back_from_their_text() -> None:
    train = replace(big_plan(), goals=(Goal("g", "G", ("00", "11")),))
    text = formula.dump(train)
    assert formula.load(text) == formula.load(formula.dump(formula.load(text)))
    first = formula.run(text)
    for kept in (draws.progress, draws.draws, draws.uniform):
        kept.cache_clear()
    assert formula.run(text) == first


def test_the_numbers_drawn_never_change() -> None:
    """Stored chances can be made again on another machine: PCG64 of SHA-256, kept here as it came out first."""
    drawn = draws.uniform(7, "team falcon", 0, 3)
    assert drawn.tolist() == draws.uniform(7, "team falcon", 0, 10_000)[:3].tolist()
    assert [round(one, 12) for one in drawn.tolist()] == KNOWN


KNOWN = [0.977914510577, 0.191823133034, 0.119622580178]

sizes = st.lists(st.integers(1, 8), min_size=2, max_size=5)


@settings(max_examples=25)
@given(sizes, st.integers(0, 4), st.integers(1, 3))
def test_more_work_never_raises_a_chance_and_a_goal_never_exceeds_its_weakest(
    queue: list[int], more: int, limit: int
) -> None:
    ids = [f"c{place}" for place in range(len(queue))]

    def of(sizes: Sequence[int]) -> Mapping[str, float | None]:
        cards = [
            card(id, n, iteration=min(place // 2, 1)) for place, (id, n) in enumerate(zip(ids, sizes, strict=True))
        ]
        goal = Goal("all", "All", tuple(ids))
        return chances(plan(cards, TEAMS[:1], limit=limit, goals=[goal], iterations=iterations(11, 25)))

    before = of(queue)
    after = of([*queue[:1], queue[1] + more, *queue[2:]])
    assert all((after[id] or 0) <= (before[id] or 0) for id in before)
    assert (before["all"] or 0) <= min(before[id] or 0 for id in ids)
