"""What pages, mails and the API show of objectives."""

from okrs.queries.standings import (
    ObjectiveStanding,
    Standing,
    day_of,
    newest,
    objective_standings,
    progress_of,
    scores,
    standings,
)
from okrs.queries.summary import Believed, Confidence, running, summary

__all__ = [
    "Believed",
    "Confidence",
    "ObjectiveStanding",
    "Standing",
    "day_of",
    "newest",
    "objective_standings",
    "progress_of",
    "running",
    "scores",
    "standings",
    "summary",
]
