"""Planning for programs: the same verbs, the same rights and the same figures as the pages."""

from planning.api.dependencies import DependencyViewSet
from planning.api.increments import IncrementViewSet, TrainViewSet
from planning.api.people import AbsenceViewSet, CapacityView, PersonViewSet
from planning.api.promises import ObjectiveViewSet, RiskViewSet

__all__ = [
    "AbsenceViewSet",
    "CapacityView",
    "DependencyViewSet",
    "IncrementViewSet",
    "ObjectiveViewSet",
    "PersonViewSet",
    "RiskViewSet",
    "TrainViewSet",
]
