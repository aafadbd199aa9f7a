"""Forecasts that somebody commits to: kept with their inputs, decided by what came, scored."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError

from core.models import AuditEntry
from metrics import actions, forecasts, tasks
from metrics.actions.forecasts import _decide as decide_one
from metrics.formulas.forecast.calibration import calibrate, mean_vote
from metrics.formulas.forecast.engine import ENGINE
from metrics.load import removal, upsert
from metrics.models import Forecast, Outcome, Source
from metrics.rows import TransitionRow
from portfolio.models import Feature, Initiative, Team
from tests.cast import Cast
from tests.metrics.cast import at, team
from tests.metrics.forecast_board import NOON, board, done_on, feature, item, open_items

pytestmark = pytest.mark.django_db

# The end of Friday, 6 June: four working days after today.
DUE = date(2025, 6, 6)
AFTER = datetime(2025, 6, 7, tzinfo=UTC)


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()


@pytest.fixture
def made() -> Source:
    return board(team("falcon"))


def commit(**given: Any) -> Forecast:
    fields = {"actor": None, "as_of": NOON, "due_on": DUE, **given}
    return actions.commit_forecast(**fields)


def decided(forecast: Forecast, now: datetime = AFTER) -> tuple[str, date | None]:
    actions.decide_outcomes(now=now)
    forecast.refresh_from_db()
    return forecast.outcome, forecast.finished_on


def finish(source: Source, *keys: str, day: str) -> None:
    for key in keys:
        upsert(source, [TransitionRow(f"{key}-end", key, at(day) + timedelta(hours=9), "todo", "done")])


# What is kept


def test_a_forecast_is_kept_as_it_was_shown(made: Source) -> None:
    """0 or 1 a day alike (share 50 %): 2 items within four days come in 11/16 of futures."""
    found = commit(team=made.team, items=2, question=forecasts.Question(share=50), votes=[3, 4, 4])
    assert (found.subject, found.items, found.chance, found.engine) == ("2 items", 2, 11 / 16, ENGINE)
    assert found.votes == 0.633333  # (50 + 70 + 70) ÷ 3 %
    assert (found.outcome, found.team, found.stream, found.made_by) == (Outcome.OPEN, made.team, None, None)
    assert forecasts.is_reproduced(found) is True
    shown = forecasts.of_stored(found)
    assert shown.deliveries[0].chance == 11 / 16
    assert shown.asked["share"] == 50
    entry = AuditEntry.objects.get(verb="committed to")
    assert entry.data["chance"] == 11 / 16
    assert "inputs" not in entry.data


def test_later_facts_change_nothing_of_what_was_kept(made: Source) -> None:
    one = feature(made, "E", 1, *open_items("E", 2))
    found = commit(feature=one)
    before = found.inputs, found.result
    upsert(made, [*done_on("more", ["2025-05-05"] * 9), *item("E-9", parent="E")])
    Feature.objects.update(name="other")
    found.refresh_from_db()
    assert (found.inputs, found.result) == before
    assert forecasts.is_reproduced(found) is True
    assert forecasts.of_stored(found).deliveries[0].name == "E"
    Forecast.objects.update(engine="exact-0")
    found.refresh_from_db()
    assert forecasts.is_reproduced(found) is None


def test_a_second_click_commits_to_nothing_more(made: Source) -> None:
    first = commit(team=made.team, items=3)
    assert commit(team=made.team, items=3).pk == first.pk
    assert commit(team=made.team, items=4).pk != first.pk
    assert commit(team=made.team, items=3, confidence=7).pk != first.pk
    assert AuditEntry.objects.filter(verb="committed to").count() == 3


def test_an_initiative_and_a_stream_can_be_promised(made: Source) -> None:
    one = Initiative.objects.create(slug="i", name="Refunds", stream=made.team.stream, due_on=date(2026, 1, 1))
    feature(made, "E", 1, *open_items("E", 3), initiative=one)
    whole = commit(initiative=one, confidence=7)
    assert (whole.stream, whole.team, whole.items, whole.chance, whole.votes) == (one.stream, None, 3, 1, 0.7)
    assert commit(stream=one.stream, items=4).subject == "4 items"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"items": None}, "items"),
        ({"items": 0}, "items"),
        ({"due_on": date(2025, 6, 2)}, "due_on"),
        ({"votes": [0]}, "votes"),
        ({"votes": [3, 6]}, "votes"),
        ({"votes": [3], "confidence": 5}, "votes"),
        ({"confidence": 11}, "confidence"),
        ({"as_of": datetime(2099, 1, 1, tzinfo=UTC), "due_on": date(2099, 2, 1)}, "as_of"),
    ],
)
def test_what_cannot_be_promised_is_refused_at_its_field(made: Source, given: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        commit(**{"team": made.team, "items": 3, **given})
    assert list(refusal.value.message_dict) == [field]
    assert not Forecast.objects.exists()


def test_what_has_no_forecast_cannot_be_promised(made: Source) -> None:
    with pytest.raises(ValidationError, match="Name one of"):
        commit(items=3)
    with pytest.raises(ValidationError, match="Name one of"):
        commit(items=3, team=made.team, stream=made.team.stream)
    with pytest.raises(ValidationError, match="too little data: Heron finished work on 0 of the 5 days"):
        commit(team=team("heron"), items=3)
    done = feature(made, "E", 1, item("x", "2025-05-05 done", parent="E"))
    with pytest.raises(ValidationError, match="Nothing is left to do"):
        commit(feature=done)


def test_who_may_commit(cast: Cast) -> None:
    source = board(cast.falcon)
    for name in ("administrator", "leader", "pmo", "stream_pmo", "coach"):
        assert commit(actor=cast.person(name), team=cast.falcon, items=3).made_by == cast.person(name)
    for name in ("viewer", "outsider"):
        with pytest.raises(PermissionDenied, match="Only members, coaches, leaders and the PMO"):
            commit(actor=cast.person(name), team=cast.falcon, items=3)
    found = commit(team=source.team, items=3)
    with pytest.raises(PermissionDenied):
        actions.withdraw_forecast(actor=cast.viewer, forecast=found)
    assert set(forecasts.stored_for(cast.outsider)) == set()
    assert found in forecasts.stored_for(cast.member)


# What came of them


def test_items_are_kept_when_so_many_were_finished_by_the_end_of_the_day(made: Source) -> None:
    """Three are promised on Monday at noon; finished that morning (too early), on Tue, Wed and Fri: kept on Friday."""
    upsert(made, [row for name in "abcd" for row in item(name)])
    found = commit(team=made.team, items=3)
    assert decided(found, datetime(2025, 6, 6, 23, 59, tzinfo=UTC)) == (Outcome.OPEN, None)
    finish(made, "a", day="2025-06-02")
    finish(made, "b", day="2025-06-03")
    finish(made, "c", day="2025-06-04")
    assert decided(found) == (Outcome.MISSED, None)
    # An import brings what happened on Friday: history decides, whenever it is known.
    finish(made, "d", day="2025-06-06")
    assert decided(found) == (Outcome.KEPT, date(2025, 6, 6))
    upsert(made, [TransitionRow("b-back", "b", at("2025-06-05"), "done", "dev")])
    assert decided(found) == (Outcome.MISSED, None)
    assert AuditEntry.objects.filter(verb="decided").count() == 3


def test_what_was_finished_the_day_after_is_missed(made: Source) -> None:
    one = feature(made, "E", 1, *open_items("E", 1))
    found = commit(feature=one)
    finish(made, "E-0", day="2025-06-07")
    assert decided(found, datetime(2025, 6, 30, tzinfo=UTC)) == (Outcome.MISSED, None)


def test_a_feature_is_kept_when_nothing_was_left_of_it(made: Source) -> None:
    one = feature(made, "E", 1, *open_items("E", 2))
    found = commit(feature=one)
    finish(made, "E-0", day="2025-06-03")
    upsert(made, [TransitionRow("E-1-gone", "E-1", at("2025-06-04"), "todo", "gone")])
    assert decided(found) == (Outcome.KEPT, date(2025, 6, 3))
    # An item added in time was left over; one added later says nothing about then.
    upsert(made, list(item("E-2", created="2025-06-09", parent="E")))
    assert decided(found, datetime(2025, 6, 30, tzinfo=UTC)) == (Outcome.KEPT, date(2025, 6, 3))
    upsert(made, list(item("E-3", created="2025-06-05", parent="E")))
    assert decided(found) == (Outcome.MISSED, None)


def test_a_feature_that_never_had_items_stays_open(made: Source) -> None:
    one = Feature.objects.create(team=made.team, name="E", rank=1, guessed_items=2)
    assert decided(commit(feature=one)) == (Outcome.OPEN, None)


def test_an_initiative_is_kept_when_all_that_was_not_dropped_is_done(made: Source) -> None:
    one = Initiative.objects.create(slug="i", name="I", stream=made.team.stream)
    for number in (1, 2):
        feature(made, f"E{number}", number, *open_items(f"E{number}", 1), initiative=one)
    found = commit(initiative=one)
    finish(made, "E1-0", day="2025-06-04")
    assert decided(found) == (Outcome.MISSED, None)
    Feature.objects.filter(name="E2").update(ended_on=date(2025, 6, 5))
    assert decided(found) == (Outcome.KEPT, date(2025, 6, 4))
    # What is added to it when the day is over was never promised.
    Feature.objects.create(team=made.team, name="E3", rank=3, initiative=one)
    feature(made, "E4", 4, item("later", created="2025-06-20", parent="E4"), initiative=one)
    assert decided(found) == (Outcome.KEPT, date(2025, 6, 4))


def test_an_initiative_is_missed_while_a_feature_of_it_was_never_begun(made: Source) -> None:
    one = Initiative.objects.create(slug="i", name="I", stream=made.team.stream)
    feature(made, "E1", 1, *open_items("E1", 1), initiative=one)
    Feature.objects.create(team=made.team, name="E2", rank=2, initiative=one, guessed_items=1)
    found = commit(initiative=one)
    finish(made, "E1-0", day="2025-06-04")
    assert decided(found) == (Outcome.MISSED, None)


def test_a_share_of_the_finishes_was_promised(made: Source) -> None:
    """1 item of 50 % of the finishes needs two of them."""
    upsert(made, [row for name in "ab" for row in item(name)])
    found = commit(team=made.team, items=1, question=forecasts.Question(share=50))
    finish(made, "a", day="2025-06-03")
    assert decided(found) == (Outcome.MISSED, None)
    finish(made, "b", day="2025-06-05")
    assert decided(found) == (Outcome.KEPT, date(2025, 6, 5))


def test_deciding_twice_changes_nothing(made: Source) -> None:
    commit(team=made.team, items=3)
    commit(team=made.team, items=3, due_on=date(2025, 7, 1))
    assert actions.decide_outcomes(now=AFTER) == 1
    assert actions.decide_outcomes(now=AFTER) == 0
    tasks.decide_forecasts()
    assert Forecast.objects.filter(outcome=Outcome.MISSED).count() == 2


def test_a_withdrawn_forecast_is_never_decided_and_can_be_taken_up_again(made: Source) -> None:
    ahead = datetime.now(tz=UTC).date() + timedelta(days=30)
    Forecast.objects.bulk_create([_stored(0.5, Outcome.OPEN, None, made.team, due_on=ahead)])
    found = Forecast.objects.get()
    assert actions.withdraw_forecast(actor=None, forecast=found, reason="dropped").outcome == Outcome.WITHDRAWN
    assert actions.decide_outcomes(now=AFTER + timedelta(days=9999)) == 0
    assert actions.reopen_forecast(actor=None, forecast=found).outcome == Outcome.OPEN
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True)) == ["withdrew", "reopened"]


def test_once_the_day_is_over_nothing_is_withdrawn(made: Source) -> None:
    found = commit(team=made.team, items=3)
    with pytest.raises(ValidationError, match="what came of it stays"):
        actions.withdraw_forecast(actor=None, forecast=found)


def test_once_the_day_is_over_nothing_is_taken_back_either(made: Source) -> None:
    """Else somebody could withdraw everything, and reopen what came true."""
    found = commit(team=made.team, items=3)
    Forecast.objects.update(outcome=Outcome.WITHDRAWN)
    with pytest.raises(ValidationError, match="it stays withdrawn"):
        actions.reopen_forecast(actor=None, forecast=found)


def test_what_another_worker_decided_is_not_decided_again(made: Source) -> None:
    """Both have read an open forecast; the second comes to its row after the first."""
    commit(team=made.team, items=1)
    [stale] = Forecast.objects.select_related("team", "stream", "feature__team", "initiative")
    assert actions.decide_outcomes(now=AFTER) == 1
    entries = AuditEntry.objects.count()
    assert not decide_one(stale, AFTER)
    assert AuditEntry.objects.count() == entries


def test_what_was_decided_stays_when_its_source_is_deleted(made: Source) -> None:
    """An item and a feature of one item, promised and finished; then nothing is known of them any more."""
    by_items = commit(team=made.team, items=1)
    one = feature(made, "E", 1, *open_items("E", 1))
    by_feature = commit(feature=one)
    finish(made, "E-0", day="2025-06-03")
    before = [decided(by_items), decided(by_feature)]
    assert [outcome for outcome, _ in before] == [Outcome.KEPT, Outcome.KEPT]
    assert removal.counts(made)["epic links"] == 1
    removal.delete_facts(made)
    made.delete()
    assert [decided(by_items), decided(by_feature)] == before


# How right they were


def test_brier_score_and_bins_by_hand() -> None:
    """Ten times 80 %, eight kept: (8 × 0.04 + 2 × 0.64) ÷ 10 = 0.16; votes of 50 % score 0.25."""
    stated, kept = np.full(10, 0.8), np.array([True] * 8 + [False] * 2)
    found = calibrate(stated, kept, np.full(10, 0.5))
    assert (found.n, found.kept, found.brier, found.votes_brier, found.voted_brier) == (10, 8, 0.16, 0.25, 0.16)
    assert (found.reason, found.votes_reason) == ("", "")
    eighth, fifth = found.bins[8], found.bins[5]
    assert (eighth.low, eighth.high, eighth.n, eighth.stated, eighth.kept) == (0.8, 0.9, 10, 0.8, 0.8)
    assert (fifth.n, fifth.stated, fifth.votes_n, fifth.votes_stated, fifth.votes_kept) == (0, None, 10, 0.5, 0.8)


def test_every_chance_has_its_bin() -> None:
    chances = np.array([0.0, 0.0999, 0.1, 0.3, 0.6, 0.7, 0.9, 1.0])
    found = calibrate(chances, np.ones(8, dtype=np.bool_), np.full(8, np.nan))
    assert [one.n for one in found.bins] == [2, 1, 0, 1, 0, 0, 1, 1, 0, 2]


def test_few_forecasts_say_nothing() -> None:
    found = calibrate(np.full(9, 0.8), np.ones(9, dtype=np.bool_), np.full(9, np.nan))
    assert (found.brier, found.votes_brier) == (None, None)
    assert found.reason == "too little data: 9 of 10 forecasts with a known outcome"
    assert found.votes_reason == "too little data: 0 of 10 forecasts with votes"


def test_a_fist_is_a_chance() -> None:
    assert [mean_vote([fist]) for fist in (1, 2, 3, 4, 5)] == [0.1, 0.3, 0.5, 0.7, 0.9]
    assert mean_vote([3.5]) == 0.6
    for bad in ([], [0], [6]):
        with pytest.raises(ValueError, match="vote"):
            mean_vote(bad)


def _stored(chance: float, outcome: str, votes: float | None, owner: Team, due_on: date = DUE) -> Forecast:
    return Forecast(
        team=owner, subject="x", items=1, due_on=due_on, chance=chance, votes=votes, engine=ENGINE, inputs="{}",
        result="{}", as_of=NOON, outcome=outcome,
    )  # fmt: skip


def test_calibration_is_of_a_stream_and_of_what_one_may_see(cast: Cast) -> None:
    """Payments: 12 kept at 90 % and one withdrawn: (0.1)² = 0.01. Platform: 10 missed at 90 %: 0.81. All: 8.22 ÷ 22."""
    rows = [_stored(0.9, Outcome.KEPT, 0.5, cast.falcon) for _ in range(12)]
    rows += [_stored(0.9, Outcome.MISSED, None, cast.kite) for _ in range(10)]
    rows += [_stored(0.9, Outcome.WITHDRAWN, None, cast.falcon), _stored(0.9, Outcome.OPEN, None, cast.falcon)]
    Forecast.objects.bulk_create(rows)
    assert forecasts.calibration(cast.payments).brier == 0.01
    assert forecasts.calibration(cast.platform).brier == 0.81
    assert forecasts.calibration(None).brier == round((12 * 0.01 + 10 * 0.81) / 22, 6)
    assert forecasts.calibration(None).votes_n == 12
    assert forecasts.calibration(None, cast.stream_pmo).n == 12
    assert forecasts.calibration(cast.platform, cast.stream_pmo).n == 0


def test_what_was_committed_to_with_hindsight_is_not_scored(cast: Cast) -> None:
    """Leo commits today to what was due in 2025: that it was kept was known."""
    rows = [_stored(0.9, Outcome.KEPT, None, cast.falcon) for _ in range(12)]
    for row in rows:
        row.made_by = cast.leader
    Forecast.objects.bulk_create(rows)
    assert forecasts.calibration(None).n == 0
    Forecast.objects.update(made_at=NOON)
    assert forecasts.calibration(None).n == 12
