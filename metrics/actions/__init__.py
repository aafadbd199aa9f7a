"""Verbs on measures and what they are set against, a module per noun."""

from metrics.actions.derive import refresh
from metrics.actions.epics import link_epic, make_features, unlink_epic
from metrics.actions.forecasts import commit_forecast, decide_outcomes, reopen_forecast, withdraw_forecast
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
    "commit_forecast",
    "decide_outcomes",
    "link_epic",
    "make_features",
    "refresh",
    "remove_baseline",
    "remove_expectation",
    "reopen_forecast",
    "set_baseline",
    "set_baselines",
    "set_expectation",
    "unlink_epic",
    "withdraw_forecast",
]
