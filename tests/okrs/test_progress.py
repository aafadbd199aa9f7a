"""Progress, score, grade, pace and due days, against numbers computed by hand."""

from datetime import date

import pytest

from okrs.formulas import progress as formulas


@pytest.mark.parametrize(
    ("kind", "value", "baseline", "target", "wanted"),
    [
        ("increase", 30.0, 20.0, 60.0, 0.25),  # (30 − 20) ÷ (60 − 20) = 10 ÷ 40
        ("increase", 10.0, 20.0, 60.0, 0.0),  # −10 ÷ 40, clamped
        ("increase", 70.0, 20.0, 60.0, 1.0),  # 50 ÷ 40, clamped
        ("increase", 2.0, -2.0, 6.0, 0.5),  # 4 ÷ 8
        ("reduce", 8.0, 11.0, 5.0, 0.5),  # (8 − 11) ÷ (5 − 11) = −3 ÷ −6
        ("reduce", 12.0, 11.0, 5.0, 0.0),  # 1 ÷ −6, clamped
        ("reduce", 4.0, 11.0, 5.0, 1.0),  # −7 ÷ −6, clamped
        ("metric", 8.0, 11.0, 5.0, 0.5),
        ("metric", 35.0, 20.0, 60.0, 0.375),  # 15 ÷ 40
        ("increase", None, 20.0, 60.0, 0.0),  # pending
    ],
)
def test_the_way_from_baseline_to_target(
    kind: str, value: float | None, baseline: float, target: float, wanted: float
) -> None:
    assert formulas.progress(kind, value, baseline, target) == pytest.approx(wanted)


@pytest.mark.parametrize(("value", "wanted"), [(80.0, 1), (90.0, 1), (85.5, 1), (79.9, 0), (90.1, 0), (None, 0)])
def test_a_band_is_in_or_out(value: float | None, wanted: float) -> None:
    assert formulas.progress("band", value, low=80, high=90) == wanted


@pytest.mark.parametrize(("value", "wanted"), [(1.0, 1), (0.0, 0), (None, 0)])
def test_a_milestone_is_yes_or_no(value: float | None, wanted: float) -> None:
    assert formulas.progress("milestone", value) == wanted


def test_no_way_to_go_is_refused() -> None:
    with pytest.raises(ValueError, match="target is the baseline"):
        formulas.progress("increase", 5, 5, 5)
    with pytest.raises(ValueError, match="two edges"):
        formulas.progress("band", 5, low=1)


def test_the_score_is_the_mean_by_weight() -> None:
    # (1 × 0.25 + 3 × 0.75) ÷ 4 = 2.5 ÷ 4
    assert formulas.score([(1, 0.25), (3, 0.75)]) == pytest.approx(0.625)
    # A pending one scores 0: (0.5 + 0) ÷ 2
    assert formulas.score([(1, 0.5), (1, 0.0)]) == pytest.approx(0.25)
    assert formulas.score([(0, 1.0), (2, 0.5)]) == pytest.approx(0.5)


def test_weights_of_nothing_are_not_a_score() -> None:
    assert formulas.score([(0, 1.0), (0, 0.5)]) is None
    assert formulas.score([]) is None


@pytest.mark.parametrize(
    ("of", "wanted"),
    [(0.0, "red"), (0.3999, "red"), (0.4, "yellow"), (0.6999, "yellow"), (0.7, "green"), (1.0, "green")],
)
def test_grades(of: float, wanted: str) -> None:
    assert formulas.grade(of) == wanted


def test_a_grade_is_not_lost_to_binary_fractions() -> None:
    # Seven times 0.1 of weight 1 among ten is 0.7, which floats sum to 0.7 or a little less.
    assert formulas.grade(sum([0.1] * 7)) == "green"
    assert formulas.grade(0.1 + 0.3) == "yellow"


def test_pace_is_score_minus_elapsed() -> None:
    # Q4 has 92 days; at the end of 15 November 31 + 15 = 46 are over: a half.
    share = formulas.elapsed(date(2026, 10, 1), date(2026, 12, 31), date(2026, 11, 15))
    assert share == 0.5
    assert formulas.pace(0.35, share) == pytest.approx(-0.15)
    assert formulas.pace(None, share) is None
    assert formulas.is_on_pace(formulas.pace(0.5, share))
    assert not formulas.is_on_pace(formulas.pace(0.49, share))
    assert not formulas.is_on_pace(None)


def test_elapsed_stays_within_the_cycle() -> None:
    first, last = date(2026, 10, 1), date(2026, 12, 31)
    assert formulas.elapsed(first, last, date(2026, 9, 30)) == 0
    assert formulas.elapsed(first, last, date(2026, 10, 1)) == pytest.approx(1 / 92)
    assert formulas.elapsed(first, last, date(2026, 12, 31)) == 1
    assert formulas.elapsed(first, last, date(2027, 3, 1)) == 1


def test_due_then_three_days_of_grace_then_outdated() -> None:
    last = date(2026, 11, 2)
    due = formulas.due_on(last, 7, date(2026, 10, 1))
    assert due == date(2026, 11, 9)
    days = [formulas.state(last, due, date(2026, 11, day)) for day in (8, 9, 12, 13)]
    assert days == ["fresh", "due", "due", "outdated"]


def test_never_checked_in_is_pending() -> None:
    # The first week of the cycle ends on 7 October.
    due = formulas.due_on(None, 7, date(2026, 10, 1))
    assert due == date(2026, 10, 7)
    assert formulas.state(None, due, date(2026, 12, 1)) == "pending"


def test_a_set_is_asked_whether_it_was_ambitious() -> None:
    assert not formulas.is_too_easy([1.0, 0.7])  # 0.85 is not above 0.85
    assert formulas.is_too_easy([1.0, 0.71, None])
    assert not formulas.is_too_easy([None])
