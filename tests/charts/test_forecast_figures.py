"""Figures of forecasts: Plotly accepts them, they show the numbers they were given, and say the same as a table."""

from datetime import date, timedelta
from typing import Any

import plotly.graph_objects as go
import pytest

from charts import figures
from charts.figures import forecast, reliability
from charts.figures.forecast import Lane
from charts.figures.reliability import Bin
from charts.templatetags.charts import table_of

DAYS = [date(2026, 1, 5) + timedelta(days=n) for n in range(6)]
PAST = [0, 2, 3, None, None, None]
SCOPE = [8] * 6
RISING, SAID = [0, 0.1, 0.4, 0.7, 0.9, 1], ["< 5 %", "10 %", "40 %", "70 %", "90 %", "> 95 %"]
BANDS = {50: [None, None, 3, 5, 7, 8], 85: [None, None, 3, 4, 5, 6], 95: [None, None, 3, 3, 4, 4]}
LANES = [
    Lane("Refunds in the app", {50: DAYS[1], 85: DAYS[3], 95: DAYS[4]}, DAYS[2]),
    Lane("A feature with a name so long that it would leave no room for its own lane", {50: DAYS[3], 85: DAYS[5]}),
]
BINS = {
    "Forecasts": [Bin("80 to 90 %", 24, 0.84, 19 / 24), Bin("90 to 100 %", 0, 0, 0)],
    "Votes": [Bin("50 to 60 %", 4, 0.5, 0.25)],
}


def every_figure() -> dict[str, figures.Spec]:
    return {
        "burn-up": forecast.burn_up(DAYS, PAST, SCOPE, BANDS, due=DAYS[4]),
        "burn-up of nothing": forecast.burn_up([], [], [], {}),
        "burn-up without a scope": forecast.burn_up(DAYS, PAST, [None] * 6, BANDS),
        "by date": forecast.chance_by_date(DAYS, RISING, SAID, {50: DAYS[3], 85: DAYS[4]}, due=DAYS[5]),
        "by date of nothing": forecast.chance_by_date([], [], [], {}),
        "by count": forecast.chance_by_count([0, 1, 2], [1, 0.9, 0.4], ["> 95 %", "90 %", "40 %"], {50: 1, 85: 1}),
        "by count of nothing": forecast.chance_by_count([], [], [], {}),
        "lanes": forecast.lanes(LANES, DAYS[0]),
        "no lanes": forecast.lanes([], DAYS[0]),
        "reliability": reliability.reliability(BINS),
        "reliability of nothing": reliability.reliability({}),
    }


@pytest.mark.parametrize(("name", "spec"), every_figure().items())
def test_plotly_accepts_every_figure(name: str, spec: figures.Spec) -> None:
    figure = go.Figure(spec)
    assert figure.layout.height in figures.HEIGHTS.values()
    assert not any("gl" in trace["type"] for trace in spec["data"]), "no WebGL"


@pytest.mark.parametrize(("name", "spec"), every_figure().items())
def test_every_figure_has_a_table_as_wide_as_its_head(name: str, spec: figures.Spec) -> None:
    table = table_of(spec)
    assert all(len(row) == len(table.head) for row in table.rows)


def colours(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [text for key in ("color", "fillcolor") for text in _texts(value.get(key))]
        return own + [text for entry in value.values() for text in colours(entry)]
    return [text for entry in value for text in colours(entry)] if isinstance(value, list | tuple) else []


def _texts(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(one) for one in value] if isinstance(value, list) else []


@pytest.mark.parametrize(("name", "spec"), every_figure().items())
def test_every_colour_is_a_token(name: str, spec: figures.Spec) -> None:
    assert {text for text in colours(spec) if not text.startswith("var(--")} == set()


def test_a_burn_up_says_day_by_day_what_is_done_and_what_will_be() -> None:
    table = table_of(forecast.burn_up(DAYS, PAST, SCOPE, BANDS, due=DAYS[4]))
    least = [f"{rank}\u00a0% at least (items)" for rank in (50, 85, 95)]
    assert table.head == ["When", "Done (items)", "Scope (items)", *least]
    assert table.rows[1] == ["6 Jan 2026", "2", "8", "", "", ""]
    assert table.rows[5] == ["10 Jan 2026", "", "8", "8", "6", "4"]


def test_the_fan_is_filled_between_neighbouring_ranks() -> None:
    spec = forecast.burn_up(DAYS, PAST, SCOPE, BANDS)
    areas = [trace for trace in spec["data"] if trace.get("fill") == "toself"]
    # From the third day on: above the line of 85 %, below that of 95 %; then between 50 and 85 %.
    assert areas[0]["y"] == [3, 4, 5, 6, 4, 4, 3, 3]
    assert areas[1]["y"] == [3, 5, 7, 8, 6, 5, 4, 3]


def test_a_due_day_is_an_upright_line_with_its_name() -> None:
    spec = forecast.burn_up(DAYS, PAST, SCOPE, BANDS, due=DAYS[4])
    (line,) = [trace for trace in spec["data"] if trace["name"] == "by 9 Jan"]
    assert line["x"] == ["2026-01-09", "2026-01-09"]
    assert "by 9 Jan" in [note["text"] for note in spec["layout"]["annotations"]]


def test_chances_by_date_are_per_cent_and_their_ranks_are_named() -> None:
    spec = forecast.chance_by_date(DAYS, RISING, SAID, {50: DAYS[3], 85: DAYS[4]})
    assert table_of(spec).rows[3] == ["8 Jan 2026", "70 %"]
    assert {"50\u00a0%: 8 Jan", "85\u00a0%: 9 Jan"} <= {note["text"] for note in spec["layout"]["annotations"]}


def test_no_chance_is_drawn_beyond_what_anybody_can_know() -> None:
    spec = forecast.chance_by_date(DAYS, RISING, SAID, {})
    (curve,) = [trace for trace in spec["data"] if trace["name"] == "Done by then"]
    assert curve["y"] == [5, 10, 40, 70, 90, 95]


def test_chances_by_count_name_the_count_of_each_rank() -> None:
    spec = forecast.chance_by_count([0, 1, 2], [1, 0.9, 0.4], ["> 95 %", "90 %", "40 %"], {50: 1, 85: 1})
    assert table_of(spec).head == ["At least (items)", "Chance"]
    assert table_of(spec).rows == [["0", "> 95 %"], ["1", "90 %"], ["2", "40 %"]]
    # What is at least 85 % sure is in the strong colour.
    assert spec["data"][0]["marker"]["color"] == ["var(--series-1)", "var(--series-1)", "var(--seq-2)"]


def test_lanes_have_the_first_feature_on_top_and_all_of_them_in_the_table() -> None:
    many = [Lane(f"Feature {n}", {50: DAYS[0], 85: DAYS[1], 95: DAYS[2]}) for n in range(30)]
    spec = forecast.lanes(many, DAYS[0])
    axis = spec["layout"]["yaxis"]
    assert axis["ticktext"][0] == "Feature 0"
    assert axis["tickvals"][0] == forecast.MOST_LANES - 1 == max(axis["tickvals"])
    table = table_of(spec)
    assert table.head == ["Feature", "50\u00a0%", "85\u00a0%", "95\u00a0%", "Due"]
    assert len(table.rows) == 30
    assert table.rows[0] == ["Feature 0", "5 Jan 2026", "6 Jan 2026", "7 Jan 2026", ""]


def test_a_long_name_of_a_lane_keeps_to_two_lines() -> None:
    text = forecast.lanes(LANES, DAYS[0])["layout"]["yaxis"]["ticktext"][1]
    assert text.count("<br>") == 1
    assert max(map(len, text.split("<br>"))) <= 26


def test_reliability_shows_bins_that_hold_something_and_how_much() -> None:
    spec = reliability.reliability(BINS)
    own = next(trace for trace in spec["data"] if trace["name"] == "Forecasts")
    # 19 of 24 are 79.2 %.
    assert (own["x"], own["y"]) == ([84.0], [79.2])
    assert [note["text"] for note in spec["layout"]["annotations"] if note["yref"] == "y"] == ["24", "4"]
    assert table_of(spec).rows == [
        ["80 to 90 %", "Forecasts", "24", "84", "79"],
        ["50 to 60 %", "Votes", "4", "50", "25"],
    ]
