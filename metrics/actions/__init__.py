"""Verbs on measures and what they are set against, a module per noun."""

from metrics.actions.derive import refresh
from metrics.actions.epics import link_epic, make_features, unlink_epic
from metrics.actions.standards import (
    change_baseline,
    change_expectation,
    remove_baseline,
    remove_expectation,
    set_baseline,
    set_expectation,
)

__all__ = [
    "change_baseline",
    "change_expectation",
    "link_epic",
    "make_features",
    "refresh",
    "remove_baseline",
    "remove_expectation",
    "set_baseline",
    "set_expectation",
    "unlink_epic",
]
