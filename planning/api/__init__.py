"""Planning for programs: the same verbs, the same rights and the same figures as the pages."""

from planning.api.board import BoardView, CardViewSet, LaneViewSet, LogView, UndoView
from planning.api.dependencies import DependencyViewSet
from planning.api.increments import IncrementViewSet, TrainViewSet
from planning.api.people import AbsenceViewSet, CapacityView, PersonViewSet
from planning.api.promises import ObjectiveViewSet, RiskViewSet

__all__ = [
    "AbsenceViewSet",
    "BoardView",
    "CapacityView",
    "CardViewSet",
    "DependencyViewSet",
    "IncrementViewSet",
    "LaneViewSet",
    "LogView",
    "ObjectiveViewSet",
    "PersonViewSet",
    "RiskViewSet",
    "TrainViewSet",
    "UndoView",
]
