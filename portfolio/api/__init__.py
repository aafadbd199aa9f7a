"""The nouns for programs: the same verbs and the same rights as the pages."""

from portfolio.api.decisions import DecisionViewSet
from portfolio.api.organisation import (
    CalendarViewSet,
    GrantViewSet,
    MembershipViewSet,
    PersonViewSet,
    ServiceViewSet,
    StreamViewSet,
    TeamViewSet,
)
from portfolio.api.work import AllocationView, FeatureViewSet, InitiativeViewSet

__all__ = [
    "AllocationView",
    "CalendarViewSet",
    "DecisionViewSet",
    "FeatureViewSet",
    "GrantViewSet",
    "InitiativeViewSet",
    "MembershipViewSet",
    "PersonViewSet",
    "ServiceViewSet",
    "StreamViewSet",
    "TeamViewSet",
]
