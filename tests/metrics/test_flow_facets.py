"""Flow of some items only: by kind, class of service and label. Values computed by hand."""

from datetime import date

import pytest

from metrics import queries
from metrics.columns import load
from metrics.load import upsert
from metrics.measurement import Facets, Measurement, Point
from metrics.models import Source
from metrics.registry import FLOW
from portfolio.queries import find_scope
from tests.metrics.test_flow import LATER, MARCH, days, figure, history
from tests.metrics.test_flow import board as board

pytestmark = pytest.mark.django_db


@pytest.fixture
def mixed(board: Source) -> Source:
    """A bug in two days, an expedited story in five, a labelled story still in progress, a bug back in the backlog."""
    upsert(board, history("A", "2025-03-01", "2025-03-03 dev", "2025-03-04 done", tool_type="Bug", labels=("api",)))
    rush = {"tool_type": "Story", "class_of_service": "expedite"}
    upsert(board, history("B", "2025-03-01", "2025-03-03 dev", "2025-03-07 done", **rush))
    upsert(board, history("C", "2025-03-01", "2025-03-10 dev", tool_type="Story", labels=("api", "web")))
    upsert(board, history("D", "2025-03-01", "2025-03-11 dev", "2025-03-20 todo", tool_type="Bug"))
    return board


def of(key: str, facets: Facets, scope: str = "team:falcon") -> Measurement:
    return queries.measure(key, find_scope(scope, None), MARCH, LATER, facets)


@pytest.mark.parametrize(
    ("facets", "cycle", "finished", "wip", "arrived"),
    [
        (Facets(), 2, 2, 1, 4),
        (Facets(kinds=("defect",)), 2, 1, 0, 2),
        (Facets(kinds=("defect", "feature")), 2, 2, 1, 4),
        (Facets(classes=("expedite",)), 5, 1, 0, 1),
        (Facets(labels=("api",)), 2, 1, 1, 2),
        (Facets(labels=("web", "none")), None, 0, 1, 1),
        # All of what is said must hold.
        (Facets(kinds=("feature",), labels=("api",)), None, 0, 1, 1),
        (Facets(kinds=("debt",)), None, 0, 0, 0),
    ],
)
def test_a_figure_of_some_items(
    mixed: Source, facets: Facets, cycle: int | None, finished: int, wip: int, arrived: int
) -> None:
    values = [of(key, facets).value for key in ("cycle_time", "throughput", "wip", "arrivals")]
    assert values == [cycle, finished, wip, arrived]


@pytest.mark.parametrize("facets", [Facets(kinds=("defect",)), Facets(classes=("expedite",)), Facets(labels=("api",))])
def test_arrivals_less_departures_is_the_change_of_wip_of_some_items_too(mixed: Source, facets: Facets) -> None:
    held = 0
    came, left, wip = (of(key, facets).series for key in ("arrivals", "departures", "wip"))
    for entered, gone, stood in zip(came, left, wip, strict=True):
        held += int(entered.value or 0) - int(gone.value or 0)
        assert held == stood.value, stood.at


def test_kinds_add_up_to_all(mixed: Source) -> None:
    kinds = [Facets(kinds=(kind,)) for kind in ("feature", "enabler", "defect", "debt", "risk", "other")]
    for key in (key for key, metric in FLOW.items() if metric.additive):
        assert sum(of(key, facets).value or 0 for facets in kinds) == of(key, Facets()).value, key


def test_flow_load_is_wip_per_kind(mixed: Source) -> None:
    found = figure("flow_load", as_of=LATER)
    assert (found.value, {kind: n for kind, n in found.parts.items() if n}) == (1, {"feature": 1})
    # 15 March: C, and D before it went back.
    point: Point = found.series[14]
    assert (point.at, {kind: n for kind, n in (point.parts or {}).items() if n}) == (
        date(2025, 3, 15), {"feature": 1, "defect": 1},
    )  # fmt: skip
    assert days(figure("wip"))[15] == 2


def test_the_stays_of_an_item_sum_to_its_life_the_open_one_included(mixed: Source) -> None:
    columns = load(find_scope("team:falcon", None), LATER)
    lived = dict.fromkeys(range(len(columns.ids)), 0)
    for item, begin, end in zip(columns.item.tolist(), columns.at.tolist(), columns.until.tolist(), strict=True):
        lived[item] += min(end, columns.as_of) - begin
    assert lived == {item: columns.as_of - begin for item, begin in enumerate(columns.created.tolist())}


def test_percentiles_over_time_are_of_each_rank_asked_for(mixed: Source) -> None:
    found = queries.measure("cycle_time", find_scope("team:falcon", None), MARCH, LATER, percentiles=[33, 85])
    # Both finished in the week of 3 March: 2 and 5 days.
    assert [(point.at, point.value, point.parts) for point in found.series] == [
        (date(2025, 3, 3), 2, {"p33": 2, "p50": 2, "p85": 5})
    ]
