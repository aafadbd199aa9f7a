"""Decisions that the rules of this app propose: when, with which words and costs, once per cause, again with news."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from portfolio import actions, evidence, proposals
from portfolio.evidence import Sign
from portfolio.models import Decision, DecisionState, Initiative, Review, Stage, StageEntry
from tests.cast import Cast

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
Told = dict[str, dict[int, Sign]]


@pytest.fixture
def signs(monkeypatch: pytest.MonkeyPatch) -> Told:
    """What the apps above would say, by name and initiative; their own rules have tests of their own."""
    told: Told = {"confidence": {}, "landing": {}, "value": {}}

    def of(name: str) -> Any:
        return lambda ids, at: {pk: sign for pk, sign in told[name].items() if pk in ids}

    monkeypatch.setattr(evidence, "_signs", {name: of(name) for name in told})
    monkeypatch.setattr(proposals, "_rules", [])
    return told


@pytest.fixture
def refunds(cast: Cast) -> Initiative:
    return make(cast, "Refunds")


def make(cast: Cast, name: str, **fields: Any) -> Initiative:
    made = actions.create_initiative(
        actor=None, stream=cast.payments, name=name, stage=Stage.IMPLEMENTING, owner=cast.leader, **fields
    )
    StageEntry.objects.filter(initiative=made).update(at=NOW - 30 * DAY)
    return made


def capacity(amount: int) -> Any:
    def of(ids: Collection[int], at: datetime) -> dict[int, Decimal]:
        return dict.fromkeys(ids, Decimal(amount))

    return of


@pytest.mark.parametrize(
    ("confidence", "landing", "value", "count"),
    [
        (True, True, True, 1),
        (True, True, False, 1),
        (True, False, True, 1),
        (False, True, True, 1),
        (True, True, None, 1),
        (True, False, None, 0),
        (True, None, None, 0),
        (False, False, False, 0),
        (None, None, None, 0),
    ],
)
def test_two_of_three_signs(
    refunds: Initiative, signs: Told, confidence: bool | None, landing: bool | None, value: bool | None, count: int
) -> None:
    for name, holds in (("confidence", confidence), ("landing", landing), ("value", value)):
        signs[name][refunds.pk] = Sign(holds, name, name)
    assert len(proposals.propose(NOW)) == count


def test_what_it_says_and_costs(refunds: Initiative, signs: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    signs["confidence"][refunds.pk] = Sign(True, "confidence in “Speed” fell (8, 7, 5, 4)", "1:2026-03-09")
    signs["value"][refunds.pk] = Sign(True, "it is dear", "worst", is_money=True)
    monkeypatch.setattr(proposals, "_capacity", [capacity(4_500)])
    [row] = proposals.propose(NOW)
    assert (row.kind, row.question) == ("pivot", "Refunds: pivot or persevere?")
    # Money is told only as evidence, which knows who may see it.
    assert row.why == "Confidence in “Speed” fell (8, 7, 5, 4); a sign about its money holds too."
    money = {fact["key"]: fact["is_money"] for fact in row.evidence if fact["key"].startswith("sign.")}
    assert money == {"sign.confidence": False, "sign.value": True}
    assert (row.cost_kind, row.cost_per_week, row.owner) == ("capacity", Decimal(4_500), refunds.owner)


def test_a_cost_of_delay_goes_before_capacity(cast: Cast, signs: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    dear = make(cast, "Dear", cost_of_delay=Decimal(18_000))
    for name in ("confidence", "landing"):
        signs[name][dear.pk] = Sign(True, name, name)
    monkeypatch.setattr(proposals, "_capacity", [capacity(4_500)])
    [row] = proposals.propose(NOW)
    assert (row.cost_kind, row.cost_per_week) == ("delay", Decimal(18_000))


def test_once_per_cause_and_again_only_with_news(refunds: Initiative, signs: Told) -> None:
    for name in ("confidence", "landing"):
        signs[name][refunds.pk] = Sign(True, name, "old")
    [row] = proposals.propose(NOW)
    assert proposals.propose(NOW + DAY) == []
    signs["confidence"][refunds.pk] = Sign(True, "confidence", "new")
    # Still open: there is one per cause.
    assert proposals.propose(NOW + DAY) == []
    actions.dismiss_decision(actor=None, decision=row)
    [news] = proposals.propose(NOW + DAY)
    actions.dismiss_decision(actor=None, decision=news)
    assert proposals.propose(NOW + 2 * DAY) == []
    # One that was dismissed before is not forgotten either.
    signs["confidence"][refunds.pk] = Sign(True, "confidence", "old")
    assert proposals.propose(NOW + 2 * DAY) == []


def test_persevere_holds_until_its_review_and_then_comes_back(cast: Cast, refunds: Initiative, signs: Told) -> None:
    for name in ("confidence", "landing"):
        signs[name][refunds.pk] = Sign(True, name, "old")
    [row] = proposals.propose(NOW)
    review_on = date(2026, 4, 1)
    actions.decide(actor=cast.leader, decision=row, choice="persevere", reason="Wait.", review_on=review_on, at=NOW)
    signs["confidence"][refunds.pk] = Sign(True, "confidence", "new")
    assert proposals.propose(NOW + 20 * DAY) == []
    signs["confidence"] = {}
    [again] = proposals.propose(datetime(2026, 4, 1, 1, tzinfo=UTC))
    assert (again.question, again.initiative) == ("Review: Refunds: pivot or persevere?", refunds)
    assert again.why == (
        "“Persevere: go on as planned” was decided on 10 Mar 2026 by Leo Brandt, to be looked at again on 1 Apr 2026. "
        "The reason then: Wait."
    )
    assert again.options == row.options
    assert proposals.propose(NOW + 40 * DAY) == []


def test_a_review_by_the_owner_after_90_days(refunds: Initiative, signs: Told) -> None:
    Review.objects.create(initiative=refunds, on=date(2025, 12, 10))
    # 10 December to 10 March are 21 + 31 + 28 + 10 = 90 days: not yet.
    assert proposals.propose(NOW) == []
    [row] = proposals.propose(NOW + DAY)
    assert (row.kind, row.question) == ("review", "Refunds: is it still right?")
    assert row.why == (
        "No review by its business owner for 91 days (last reviewed on 10 Dec 2025); every 90 days is agreed."
    )
    assert (row.cost_kind, row.cost_per_week) == ("", None)


def test_one_that_was_never_reviewed_counts_from_when_it_was_taken_up(refunds: Initiative, signs: Told) -> None:
    # Implementing since 30 days before.
    assert proposals.propose(NOW + 60 * DAY) == []
    [row] = proposals.propose(NOW + 61 * DAY)
    assert row.why.startswith("No review by its business owner yet for 91 days (in work since 8 Feb 2026)")


def test_what_was_answered_elsewhere_is_closed(refunds: Initiative, signs: Told) -> None:
    Review.objects.create(initiative=refunds, on=date(2025, 11, 1))
    for name in ("confidence", "landing"):
        signs[name][refunds.pk] = Sign(True, name, "old")
    pivot, review = sorted(proposals.propose(NOW), key=lambda row: row.kind)
    Review.objects.create(initiative=refunds, on=date(2026, 3, 10))
    proposals.propose(NOW)
    review.refresh_from_db()
    assert (review.state, review.reason) == (DecisionState.DISMISSED, "It was reviewed.")
    actions.move_initiative(actor=None, initiative=refunds, stage=Stage.DONE)
    proposals.propose(NOW)
    pivot.refresh_from_db()
    assert (pivot.state, pivot.reason) == (DecisionState.DISMISSED, "The initiative is done.")


def test_what_is_done_needs_no_decision(refunds: Initiative, signs: Told) -> None:
    for name in ("confidence", "landing"):
        signs[name][refunds.pk] = Sign(True, name, "old")
    actions.move_initiative(actor=None, initiative=refunds, stage=Stage.DONE)
    assert proposals.propose(NOW + 200 * DAY) == []
    assert not Decision.objects.exists()
