"""Rows into facts: an idempotent merge on (source, external id). See upsert."""

from metrics.load.checks import Reject
from metrics.load.upsert import LoadResult, forget, upsert

__all__ = ["LoadResult", "Reject", "forget", "upsert"]
