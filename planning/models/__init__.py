"""What a planning event is made of: trains, increments with their board, dependencies, capacity, promises, votes."""

from planning.models.board import BoardView, Card, CardKind, Event, Lane, LaneKind, Unit
from planning.models.dependencies import Agreement, Dependency
from planning.models.events import AgendaItem, Ballot, Invitation, JoinLink, LinkKind, Poll, Timer
from planning.models.increments import Baseline, Increment, IncrementState, Iteration
from planning.models.people import Absence, Capacity, Seat
from planning.models.prints import Print, PrintKind
from planning.models.promises import Check, CheckList, Objective, Risk, Roam
from planning.models.reckonings import CardChance, ObjectiveChance, Reckoning
from planning.models.trains import Train, TrainTeam

__all__ = [
    "Absence",
    "AgendaItem",
    "Agreement",
    "Ballot",
    "Baseline",
    "BoardView",
    "Capacity",
    "Card",
    "CardChance",
    "CardKind",
    "Check",
    "CheckList",
    "Dependency",
    "Event",
    "Increment",
    "IncrementState",
    "Invitation",
    "Iteration",
    "JoinLink",
    "Lane",
    "LaneKind",
    "LinkKind",
    "Objective",
    "ObjectiveChance",
    "Poll",
    "Print",
    "PrintKind",
    "Reckoning",
    "Risk",
    "Roam",
    "Seat",
    "Timer",
    "Train",
    "TrainTeam",
    "Unit",
]
