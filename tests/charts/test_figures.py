"""Every figure is a spec that Plotly accepts, shows the numbers it was given and is small enough to draw."""

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charts import figures
from charts.figures import Dot, Level, Mark
from charts.figures.behaviour import Cut, Piece, behaviour
from charts.templatetags.charts import table_of

DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(10)]
LEVELS = [Level(6, "50 %: 6 days", "dash"), Level(6.2, "85 %: 6.2 days")]
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def every_figure() -> dict[str, figures.Spec]:
    ups = list(range(10))
    return {
        "scatter": figures.scatter([Dot(day, 3, "A-1", 7) for day in DAYS], LEVELS, name="Items", unit="days"),
        "scatter of nothing": figures.scatter([], [], name="Items", unit="days"),
        "strip": figures.strip([Dot("Test", 3, "A-1", 7)] * 3, ["Build", "Test"], LEVELS, name="Items", unit="days"),
        "line": figures.line(DAYS, {"in": ups, "out": [None, *ups[1:]]}, LEVELS, unit="items"),
        "bar": figures.bar(DAYS, {"a": ups, "b": ups}, unit="items", stacked=True, faint=[True] + [False] * 9),
        "bar of names": figures.bar(["x", "y"], {"a": [1, 2]}, unit="items"),
        "ranking": figures.ranking({"Test": 9.5, "Build": 2}, unit="days", strong="Test"),
        "stacked area": figures.stacked_area(DAYS, {"done": ups, "test": ups}, unit="items"),
        "histogram": figures.histogram([1, 1, 3], LEVELS, unit="days"),
        "run chart": figures.run_chart(DAYS, ups, LEVELS, name="Finished", unit="items", signals=[3]),
        "timeline": figures.timeline(
            [Mark("api", NOON, "v1", "deployed"), Mark("api", NOON, "down", "incident", NOON + timedelta(hours=2))],
            {"deployed": ("series-1", "circle"), "incident": ("bad", "x")},
        ),
        "timeline of nothing": figures.timeline([], {"deployed": ("series-1", "circle")}),
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


def test_a_scatter_shows_and_links_the_points_it_was_given() -> None:
    spec = figures.scatter(
        [Dot(DAYS[0], 3, "A-1", 7), Dot(DAYS[2], 12, "A-2", 8)], LEVELS, name="Items", unit="days", link="/items/{}/"
    )
    points = spec["data"][0]
    assert points["x"] == ["2026-01-01", "2026-01-03"]
    assert points["y"] == [3, 12]
    assert points["customdata"] == [7, 8]
    assert spec["layout"]["meta"]["link"] == "/items/{}/"
    assert table_of(spec).rows == [["3 Jan 2026", "A-2", "12"], ["1 Jan 2026", "A-1", "3"]]


def test_a_table_of_columns_has_a_row_per_x() -> None:
    spec = figures.bar(DAYS[:2], {"in": [1, 2], "out": [3, 4.5]}, LEVELS, unit="items")
    table = table_of(spec)
    assert table.head == ["When", "in (items)", "out (items)"]
    assert table.rows == [["1 Jan 2026", "1", "3"], ["2 Jan 2026", "2", "4.5"]]


def test_a_ranking_reads_from_the_top() -> None:
    table = table_of(figures.ranking({"Test": 9.5, "Build": 2}, unit="days"))
    assert table.rows == [["Test", "9.5"], ["Build", "2"]]


def test_a_histogram_counts_each_value() -> None:
    bars = figures.histogram([1, 1, 3, 1], unit="days")["data"][0]
    assert dict(zip(bars["x"], bars["y"], strict=True)) == {1: 3, 3: 1}


def test_a_histogram_of_a_wide_range_has_few_bins_that_count_everything() -> None:
    spec = figures.histogram([1, 3, 7, 8, 200], unit="days")
    table = table_of(spec)
    assert table.rows == [["1 to 5", "2"], ["6 to 10", "2"], ["196 to 200", "1"]]


def test_names_in_the_margin_do_not_lie_on_one_another() -> None:
    spec = figures.run_chart(DAYS, [100] * 10, [Level(y, f"L{y}") for y in (5, 5.1, 5.2, 99)], name="n", unit="items")
    layout = spec["layout"]
    notes = [note for note in layout["annotations"] if note["yref"] == "y"]
    plot = layout["height"] - layout["margin"]["t"] - layout["margin"]["b"]
    pixels = sorted(note["y"] / layout["yaxis"]["range"][1] * plot for note in notes)
    assert all(b - a >= 14.9 for a, b in itertools.pairwise(pixels))
    assert all(note["x"] == 1 and note["xanchor"] == "left" for note in notes)


@given(st.lists(st.floats(0, 100), max_size=12))
def test_spread_keeps_order_and_distance(positions: list[float]) -> None:
    placed = figures.spread(positions, 5, 0, 100)
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    steps = [placed[b] - placed[a] for a, b in itertools.pairwise(order)]
    assert all(step >= 5 - 1e-9 for step in steps)
    assert all(place <= 100 + 1e-9 for place in placed)


def test_many_points_are_thinned_and_no_outlier_is_lost() -> None:
    generator = np.random.default_rng(4)
    x = generator.integers(0, 500, 60_000).astype(float)
    y = np.ceil(generator.lognormal(1.5, 0.8, 60_000))
    kept = set(figures.thin(x, y).tolist())
    edge = sorted(y)[int(0.95 * len(y)) - 1]
    assert {i for i in range(len(y)) if y[i] > edge} <= kept
    assert len(kept) < 0.2 * len(y)
    assert {int(v) for v in x} == {int(x[i]) for i in kept}, "no day loses all its points"


def test_few_points_are_all_drawn() -> None:
    values = np.arange(figures.MAX_POINTS, dtype=float)
    assert len(figures.thin(values, values)) == figures.MAX_POINTS


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for entry in value.values() for text in strings(entry)]
    if isinstance(value, list | tuple):
        return [text for entry in value for text in strings(entry)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(("name", "spec"), every_figure().items())
def test_figures_name_tokens_and_never_colours(name: str, spec: figures.Spec) -> None:
    assert [text for text in strings(spec) if text.startswith(("#", "rgb(", "hsl"))] == []


def test_a_value_between_gaps_gets_a_marker() -> None:
    days = [date(2026, 1, day) for day in (5, 12, 19)]
    assert figures.line(days, {"Median": [None, 3, None]}, unit="h")["data"][0]["mode"] == "lines+markers"
    assert figures.line(days, {"Median": [2, 3, None]}, unit="h")["data"][0]["mode"] == "lines"


def test_small_counts_have_no_halves_on_the_axis() -> None:
    days = [date(2026, 1, day) for day in (5, 12)]
    assert figures.bar(days, {"Deployments": [1, 2]}, unit="deployments")["layout"]["yaxis"]["dtick"] == 1
    assert "dtick" not in figures.bar(days, {"Deployments": [1, 20]}, unit="deployments")["layout"]["yaxis"]
    assert "dtick" not in figures.bar(days, {"Share": [0.5, 1]}, unit="share")["layout"]["yaxis"]


def test_long_names_are_cut_in_the_margin_and_whole_in_the_table() -> None:
    long = "Request addition of article DOI"
    spec = figures.stacked_area(DAYS[:2], {"Done": [1, 2], long: [3, 4]}, unit="items")
    names = [note["text"] for note in spec["layout"]["annotations"] if note["yref"] == "y"]
    assert names == ["Done", "Request addition of art…"]
    # 24 signs of at most 6.4 px each, behind 14 px.
    assert spec["layout"]["margin"]["r"] == 168
    assert table_of(spec).head[-1] == f"{long} (items)"


def test_labels_of_many_groups_are_slanted_and_cut() -> None:
    groups = [f"A state with a long name {n}" for n in range(19)]
    axis = figures.strip([Dot(groups[0], 3, "A-1", 7)], groups, name="Items", unit="days")["layout"]["xaxis"]
    assert axis["tickangle"] == -45
    assert all(len(text) <= 18 for text in axis["ticktext"])


@pytest.mark.parametrize(
    ("values", "limits", "axis"),
    [
        # The lowest, 60, is less than 65 % of the top: 130 and 8 % air.
        ([90, 110], (60, 130), [0, pytest.approx(140.4)]),
        # From 832 to 898 there are 66; 12 % of that, 7.92, is the air on both sides.
        ([850, 880], (832, 898), [pytest.approx(824.08), pytest.approx(905.92)]),
    ],
)
def test_limits_far_from_zero_can_be_told_apart(values: list[int], limits: tuple[int, int], axis: list[Any]) -> None:
    piece = Piece(DAYS[0], DAYS[1], sum(limits) / 2, *limits)
    spec = behaviour(DAYS[:2], values, [piece], [Cut(DAYS[1], 1, "new")], name="In progress", unit="items")
    assert spec["layout"]["yaxis"]["range"] == axis
    assert spec["data"][-1]["y"] == axis


def test_bars_keep_their_colours_whichever_there_are() -> None:
    spec = figures.bar(DAYS[:1], {"b": [2]}, unit="items", colours={"a": "series-1", "b": "series-2"})
    assert spec["data"][0]["marker"]["color"] == "var(--series-2)"
