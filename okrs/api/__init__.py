"""Objectives for programs, a module per kind of noun."""

from okrs.api.checkins import CheckInViewSet
from okrs.api.cycles import CycleViewSet
from okrs.api.lines import ContributionViewSet, PollViewSet, SupportViewSet
from okrs.api.objectives import KeyResultViewSet, ObjectiveViewSet

__all__ = [
    "CheckInViewSet",
    "ContributionViewSet",
    "CycleViewSet",
    "KeyResultViewSet",
    "ObjectiveViewSet",
    "PollViewSet",
    "SupportViewSet",
]
