"""What holds for every figure there is: Plotly accepts it, its colours are tokens, it has a table, and it is quick."""

import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from django.template import Context, Template

from charts import figures
from charts.figures import Dot, Spec
from charts.figures.points import COLUMNS, ROWS, grid_cells
from charts.templatetags.charts import TABLE_ROWS, table_of
from tests.charts.examples import EXAMPLES, MONDAY, builders, cloud

TRANSPARENT = "rgba(0,0,0,0)"


def test_every_builder_has_an_example() -> None:
    assert sorted(builders()) == sorted(EXAMPLES), "tests/charts/examples.py shows how each builder is called"


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("n", [4, 30])
def test_plotly_accepts_it(name: str, n: int) -> None:
    spec = EXAMPLES[name][0](n)
    assert go.Figure(spec).layout.height in figures.HEIGHTS.values()
    assert not any("gl" in trace["type"] for trace in spec["data"]), "no WebGL"


def colours(value: Any, key: str = "") -> list[Any]:
    """Whatever stands where a colour belongs."""
    if isinstance(value, dict):
        return [one for name, entry in value.items() for one in colours(entry, name)]
    if isinstance(value, list) and "color" in key:
        return value
    if isinstance(value, list):
        return [one for entry in value for one in colours(entry, "")]
    return [value] if "color" in key and key != "coloraxis" else []


@pytest.mark.parametrize("name", EXAMPLES)
def test_its_colours_are_tokens(name: str) -> None:
    found = colours(EXAMPLES[name][0](30))
    assert found
    assert [one for one in found if one != TRANSPARENT and not str(one).startswith("var(--")] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_has_a_table_with_numbers(name: str) -> None:
    table = table_of(EXAMPLES[name][0](30))
    assert table.rows
    assert all(len(row) == len(table.head) for row in table.rows)
    assert any(char.isdigit() for row in table.rows for cell in row for char in cell)
    assert all(table.head)


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_is_plain_data(name: str) -> None:
    """No NumPy number, no NaN: browsers read JSON."""
    spec = EXAMPLES[name][0](30)
    assert json.loads(json.dumps(spec, allow_nan=False)) == json.loads(json.dumps(spec))


def test_a_band_chart_s_table_has_a_column_per_band_of_the_numbers_given() -> None:
    table = table_of(figures.stacked_area([MONDAY], {"Done": [5], "Test": [2]}, unit="items"))
    assert table.head == ["When", "Done (items)", "Test (items)"]
    assert table.rows == [["6 Jan 2025", "5", "2"]]


def test_bands_behind_points_have_a_table_of_their_own() -> None:
    spec = figures.ageing([Dot("Test", 3, "A-1", 7)], ["Build", "Test"], {"Test": {50: 4, 85: 9}}, link="/items/{}/")
    assert table_of(spec).rows == [["Test", "A-1", "3"]]
    also = spec["layout"]["meta"]["also"]
    assert also == {"head": ["Where", "50\u00a0% left by (days)", "85\u00a0% left by (days)"], "rows": [["Test", 4, 9]]}
    html = Template('{% load charts %}{% figure spec "Answer" %}').render(Context({"spec": spec}))
    assert html.count("<table>") == 2
    assert '<a href="/items/7/">A-1</a>' in html


def test_the_rows_of_points_lead_to_their_items() -> None:
    spec = figures.scatter([Dot(MONDAY, 3, "A-1", 7), Dot(MONDAY, 9, "A-2", 8)], name="x", unit="d", link="/items/{}/")
    table = table_of(spec)
    assert [[cell.url for cell in line] for line in table.lines] == [["", "/items/8/", ""], ["", "/items/7/", ""]]
    grouped = figures.strip([Dot("Test", 3, "A-1", 7)], ["Test"], name="x", unit="d", link="/items/{}/")
    assert [cell.url for cell in table_of(grouped).lines[0]] == ["", "/items/7/", ""]


FIFTY = cloud(50_000)


def test_of_fifty_thousand_points_every_outlier_is_drawn_and_the_cloud_keeps_its_shape() -> None:
    x, y = FIFTY.x, FIFTY.y
    kept = figures.thin(x, y)
    # Nearest rank: the 47,500th of the 50,000 values in order.
    edge = sorted(y.tolist())[47_500 - 1]
    assert set(np.flatnonzero(y > edge).tolist()) <= set(kept.tolist())
    cells = grid_cells(x, y, edge)
    assert set(cells.tolist()) == set(cells[kept].tolist()), "no cell that holds a point is empty"
    assert len(kept) <= COLUMNS * ROWS + int((y > edge).sum())
    assert len(kept) < 10_000


def test_thinning_is_the_same_each_time() -> None:
    assert figures.thin(FIFTY.x, FIFTY.y).tolist() == figures.thin(FIFTY.x.copy(), FIFTY.y.copy()).tolist()


@pytest.mark.parametrize("y", [np.zeros(6000), np.full(6000, 7.0), np.arange(6000.0)])
def test_thinning_flat_and_steep_clouds(y: Any) -> None:
    kept = figures.thin(np.zeros(6000), y)
    assert len(kept) >= 1
    assert set(np.flatnonzero(y > np.sort(y)[5699])) <= set(kept.tolist())


def thinned() -> Spec:
    return figures.scatter(FIFTY, name="Items", unit="days", link="/items/{}/")


def test_a_thinned_figure_says_so_to_the_reader() -> None:
    spec = thinned()
    drawn = len(spec["data"][0]["x"])
    assert spec["layout"]["meta"]["note"] == f"{drawn:,} of 50,000 points drawn; all above the 95th percentile."
    html = Template('{% load charts %}{% figure spec "Answer" "/csv" %}').render(Context({"spec": spec}))
    assert spec["layout"]["meta"]["note"] in html
    assert f"{50_000 - TABLE_ROWS:,} more rows" in html


def test_a_thinned_figure_s_points_are_those_given() -> None:
    points = thinned()["data"][0]
    given = set(zip(FIFTY.key, FIFTY.y.tolist(), FIFTY.text, strict=True))
    drawn = set(zip(points["customdata"], points["y"], points["text"], strict=True))
    assert drawn <= given
    assert max(points["y"]) == FIFTY.y.max()


def test_points_as_columns_and_as_objects_make_the_same_figure() -> None:
    few = cloud(50)
    objects = [
        Dot(MONDAY.fromordinal(719163 + int(x)), y, text, key)
        for x, y, text, key in zip(few.x, few.y.tolist(), few.text, few.key, strict=True)
    ]
    assert figures.scatter(few, name="x", unit="d") == figures.scatter(objects, name="x", unit="d")
