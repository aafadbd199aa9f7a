"""Verbs on measures and what they are set against, a module per noun."""

from metrics.actions.derive import refresh
from metrics.actions.epics import link_epic, make_features, unlink_epic
from metrics.actions.forecasts import commit_forecast, decide_outcomes, reopen_forecast, withdraw_forecast
from metrics.actions.kpis import (
    change_kpi,
    create_kpi,
    end_kpi,
    record_value,
    record_values,
    remove_value,
    reopen_kpi,
)
from metrics.actions.measured import write_measure
from metrics.actions.standards import (
    change_baseline,
    change_expectation,
    remove_baseline,
    remove_expectation,
    set_baseline,
    set_baselines,
    set_expectation,
)

__all__ = [
    "change_baseline",
    "change_expectation",
    "change_kpi",
    "commit_forecast",
    "create_kpi",
    "decide_outcomes",
    "end_kpi",
    "link_epic",
    "make_features",
    "record_value",
    "record_values",
    "refresh",
    "remove_baseline",
    "remove_expectation",
    "remove_value",
    "reopen_forecast",
    "reopen_kpi",
    "set_baseline",
    "set_baselines",
    "set_expectation",
    "unlink_epic",
    "withdraw_forecast",
    "write_measure",
]
