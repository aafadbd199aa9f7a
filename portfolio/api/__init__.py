"""The nouns for programs: the same verbs and the same rights as the pages."""

from portfolio.api.decisions import DecisionViewSet
from portfolio.api.improvements import ActionViewSet
from portfolio.api.initiatives import InitiativeViewSet
from portfolio.api.organisation import (
    CalendarViewSet,
    GrantViewSet,
    MembershipViewSet,
    PersonViewSet,
    ServiceViewSet,
    StreamViewSet,
    TeamViewSet,
)
from portfolio.api.steering import ApprovalViewSet, LimitView, ReviewView, ThemeViewSet, ThresholdView
from portfolio.api.work import AllocationView, FeatureViewSet
from portfolio.api.wsjf import ScoringViewSet, WsjfView

__all__ = [
    "ActionViewSet",
    "AllocationView",
    "ApprovalViewSet",
    "CalendarViewSet",
    "DecisionViewSet",
    "FeatureViewSet",
    "GrantViewSet",
    "InitiativeViewSet",
    "LimitView",
    "MembershipViewSet",
    "PersonViewSet",
    "ReviewView",
    "ScoringViewSet",
    "ServiceViewSet",
    "StreamViewSet",
    "TeamViewSet",
    "ThemeViewSet",
    "ThresholdView",
    "WsjfView",
]
