"""Figures of flow: specs that Plotly accepts, with the numbers they were given, labels that do not touch."""

from datetime import date, timedelta

import plotly.graph_objects as go
import pytest

from charts import figures
from charts.figures import Dot, Level
from charts.templatetags.charts import table_of

MONDAYS = [date(2026, 1, 5) + timedelta(weeks=n) for n in range(4)]
PACE = {"Build": {50: 2, 85: 5}, "Test": {50: 4, 85: 9}}


def every_figure() -> dict[str, figures.Spec]:
    return {
        "standing": figures.standing(
            MONDAYS, {"Test": [3, 4, 5, 6], "Build": [2, 2, None, 1]}, strong="Test", unit="items", since=MONDAYS[1],
            since_text="since 12 Jan",
        ),
        "standing of nothing": figures.standing([], {}, strong="", unit="items"),
        "ageing": figures.ageing([Dot("Test", 3, "A-1", 7), Dot("Build", 9, "A-2", 8)], ["Build", "Test"], PACE),
        "ageing without pace": figures.ageing([Dot("Test", 3, "A-1", 7)], ["Test"], {}, [Level(6, "85 %: 6 d")]),
        "percentiles": figures.percentiles_over_time(
            MONDAYS, {50: [1, 2, None, 3], 85: [4, 5, None, 9]}, unit="days", faint=[False, False, False, True]
        ),
        "shares": figures.shares({"Feature": 60, "Defect": 40}, {"Feature": 50, "Debt": 10}, 10),
        "shares without a policy": figures.shares({"Feature": 100}, {}),
    }  # fmt: skip


@pytest.mark.parametrize(("name", "spec"), every_figure().items())
def test_plotly_accepts_every_figure(name: str, spec: figures.Spec) -> None:
    assert go.Figure(spec).layout.height in figures.HEIGHTS.values()


@pytest.mark.parametrize(("name", "spec"), every_figure().items())
def test_every_figure_has_a_table_as_wide_as_its_head(name: str, spec: figures.Spec) -> None:
    table = table_of(spec)
    assert all(len(row) == len(table.head) for row in table.rows)


def test_the_strong_line_is_strong_and_its_begin_is_marked() -> None:
    spec = every_figure()["standing"]
    widths = {trace["name"]: trace["line"]["width"] for trace in spec["data"]}
    assert widths["Test"] > widths["Build"]
    assert spec["layout"]["shapes"][0]["x0"] == "2026-01-12"
    assert "since 12 Jan" in [note["text"] for note in spec["layout"]["annotations"]]
    assert table_of(spec).rows[1] == ["12 Jan 2026", "4", "2"]


def test_bands_of_pace_stand_on_one_another() -> None:
    points, low, high = every_figure()["ageing"]["data"]
    assert points["y"] == [3, 9]
    # In Test half had left at 4 days, 85 % at 9: a band to 4, and one of 5 on it.
    assert (low["y"], high["y"]) == ([2, 4], [3, 5])
    assert "Test: 85 % had left at an age of 9 days" in high["text"]


def test_bands_are_no_rows_of_the_table() -> None:
    table = table_of(every_figure()["ageing"])
    assert table.head == ["Where", "What", "Value (days)"]
    assert table.rows == [["Build", "A-2", "9"], ["Test", "A-1", "3"]]


def test_what_is_late_differs_by_more_than_colour() -> None:
    dots = [Dot("Test", 3, "A-1", 7), Dot("Test", 9, "A-2", 8)]
    marker = figures.ageing(dots, ["Test"], {}, late=[False, True])["data"][0]["marker"]
    assert marker["symbol"] == ["circle", "diamond"]
    assert len(set(marker["color"])) == 2


def test_labels_of_many_states_are_slanted_and_short() -> None:
    names = [f"Waiting for approval {n}" for n in range(19)]
    dots = [Dot(name, 1, "A", 1) for name in names]
    wide = figures.ageing(dots, names, {}, width=560)["layout"]
    assert wide["xaxis"]["tickangle"] == -45
    assert wide["margin"]["b"] > 80
    assert wide["meta"]["narrow"]["xaxis"]["tickangle"] == -90
    few = figures.ageing([Dot("Dev", 1, "A", 1)], ["Dev", "Test"], {}, width=560)["layout"]
    assert few["xaxis"]["tickangle"] == 0


def test_a_step_that_is_cut_has_an_open_mark() -> None:
    traces = every_figure()["percentiles"]["data"]
    assert traces[0]["marker"]["symbol"] == ["circle", "circle", "circle", "circle-open"]
    assert [trace["name"] for trace in traces] == ["50\u00a0%", "85\u00a0%"]


def test_a_policy_stands_beside_its_share() -> None:
    bars, marks = every_figure()["shares"]["data"]
    assert (bars["y"], bars["x"]) == (["Defect", "Feature"], [40, 60])
    # Debt has a policy and no share here: it has no mark of its own.
    assert (marks["y"], marks["x"], marks["error_x"]["value"]) == (["Feature"], [50], 10)
    table = table_of(every_figure()["shares"])
    assert table.head == ["What", "Finished (%)", "Policy (%)"]
    assert table.rows == [["Feature", "60", "50"], ["Defect", "40", ""]]
