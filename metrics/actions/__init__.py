"""Verbs on measures and what they are set against, a module per noun."""

from metrics.actions.derive import refresh

__all__ = ["refresh"]
