"""Objectives for programs, a module per kind of noun."""

from okrs.api.chances import ChanceView, FlagsView
from okrs.api.checkins import CheckInViewSet
from okrs.api.cycles import CycleViewSet
from okrs.api.lines import ContributionViewSet, PollViewSet, SupportViewSet
from okrs.api.objectives import KeyResultViewSet, ObjectiveViewSet

__all__ = [
    "ChanceView",
    "CheckInViewSet",
    "ContributionViewSet",
    "CycleViewSet",
    "FlagsView",
    "KeyResultViewSet",
    "ObjectiveViewSet",
    "PollViewSet",
    "SupportViewSet",
]
