"""Forecasts: questions, what the database knows, the engine's answers. See docs/users/measures.md."""

from metrics.forecasts.answers import Answer, BurnUp, Chance, Delivery, Fan, HowMany, Outlook, TeamSample
from metrics.forecasts.questions import NOTHING, SAMPLE_DAYS, BadQuestion, Question, WhatIf
from metrics.formulas.forecast.calibration import Bin, Calibration
from metrics.formulas.forecast.shown import shown_chance

__all__ = [
    "NOTHING",
    "SAMPLE_DAYS",
    "Answer",
    "BadQuestion",
    "Bin",
    "BurnUp",
    "Calibration",
    "Chance",
    "Delivery",
    "Fan",
    "HowMany",
    "Outlook",
    "Question",
    "TeamSample",
    "WhatIf",
    "shown_chance",
]
