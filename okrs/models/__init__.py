"""Objectives and key results: cycles, goals and their alignment, check-ins, votes, reminders."""

from okrs.models.checkins import CheckIn, Poll, PollVote, Reminder, ReminderStep
from okrs.models.forecasts import ChanceForecast
from okrs.models.goals import (
    Ambition,
    Contribution,
    Cycle,
    CycleKind,
    KeyResult,
    KeyResultKind,
    Level,
    Objective,
    Support,
)
from okrs.models.removed import Removed

__all__ = [
    "Ambition",
    "ChanceForecast",
    "CheckIn",
    "Contribution",
    "Cycle",
    "CycleKind",
    "KeyResult",
    "KeyResultKind",
    "Level",
    "Objective",
    "Poll",
    "PollVote",
    "Reminder",
    "ReminderStep",
    "Removed",
    "Support",
]
