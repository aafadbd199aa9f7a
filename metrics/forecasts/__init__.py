"""Forecasts: questions, what the database knows, the engine's answers. See docs/users/measures.md."""

from metrics.forecasts.answers import Answer, BurnUp, Chance, Delivery, Fan, HowMany, Outlook, TeamSample
from metrics.forecasts.asking import Both, Known, ask, ask_feature, ask_initiative, ask_items, ask_plan, default_items
from metrics.forecasts.now import chances_now
from metrics.forecasts.questions import NOTHING, SAMPLE_DAYS, BadQuestion, Question, WhatIf
from metrics.forecasts.seen import answer_seen_by, hidden_from, seen_by
from metrics.forecasts.stored import calibration, is_hindsight, is_reproduced, of_stored, stored_for
from metrics.formulas.forecast.calibration import Bin, Calibration
from metrics.formulas.forecast.shown import shown_chance, shown_day

__all__ = [
    "NOTHING",
    "SAMPLE_DAYS",
    "Answer",
    "BadQuestion",
    "Bin",
    "Both",
    "BurnUp",
    "Calibration",
    "Chance",
    "Delivery",
    "Fan",
    "HowMany",
    "Known",
    "Outlook",
    "Question",
    "TeamSample",
    "WhatIf",
    "answer_seen_by",
    "ask",
    "ask_feature",
    "ask_initiative",
    "ask_items",
    "ask_plan",
    "calibration",
    "chances_now",
    "default_items",
    "hidden_from",
    "is_hindsight",
    "is_reproduced",
    "of_stored",
    "seen_by",
    "shown_chance",
    "shown_day",
    "stored_for",
]
