"""Sources, the facts pulled from them, what is derived from the facts, and what people set figures against.

Facts hold what the tools said, merged on (source, external_id) by metrics/load. Derived tables (ItemFlow, Change,
Rollback, FlowDay) can be thrown away and computed again from facts and mappings at any time.
"""

from metrics.models.derived import Change, FlowDay, FlowRollup, ItemFlow, Rollback
from metrics.models.facts import (
    BlockedStay,
    Commit,
    Deployment,
    Incident,
    ItemKind,
    ItemLink,
    PullRequest,
    TeamMove,
    Transition,
    WorkItem,
)
from metrics.models.forecasts import EpicLink, Forecast, Outcome
from metrics.models.kpis import Better, Kpi, KpiOrigin, KpiValue
from metrics.models.sources import FlowState, Source, SourceState, Status
from metrics.models.standards import CHARTED, Baseline, Expectation

__all__ = [
    "CHARTED",
    "Baseline",
    "Better",
    "BlockedStay",
    "Change",
    "Commit",
    "Deployment",
    "EpicLink",
    "Expectation",
    "FlowDay",
    "FlowRollup",
    "FlowState",
    "Forecast",
    "Incident",
    "ItemFlow",
    "ItemKind",
    "ItemLink",
    "Kpi",
    "KpiOrigin",
    "KpiValue",
    "Outcome",
    "PullRequest",
    "Rollback",
    "Source",
    "SourceState",
    "Status",
    "TeamMove",
    "Transition",
    "WorkItem",
]
