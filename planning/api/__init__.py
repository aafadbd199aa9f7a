"""Planning for programs: the same verbs, the same rights and the same figures as the pages."""

from planning.api.board import BoardView, CardViewSet, LaneViewSet, LogView, UndoView
from planning.api.chances import ChancesView, RepairView
from planning.api.dependencies import DependencyViewSet
from planning.api.event import AgendaView, ClosePollView, PollsView, RevokeWallView, TimerView, WallsView
from planning.api.increments import IncrementViewSet, TrainViewSet
from planning.api.people import AbsenceViewSet, CapacityView, PersonViewSet
from planning.api.promises import ObjectiveViewSet, RiskViewSet

__all__ = [
    "AbsenceViewSet",
    "AgendaView",
    "BoardView",
    "CapacityView",
    "CardViewSet",
    "ChancesView",
    "ClosePollView",
    "DependencyViewSet",
    "IncrementViewSet",
    "LaneViewSet",
    "LogView",
    "ObjectiveViewSet",
    "PersonViewSet",
    "PollsView",
    "RepairView",
    "RevokeWallView",
    "RiskViewSet",
    "TimerView",
    "TrainViewSet",
    "UndoView",
    "WallsView",
]
