"""Impediments for programs: the same verbs, the same rights and the same figures as the pages."""

from impediments.api.comments import CommentsView, CommentView
from impediments.api.figures import AnalysisView, CostsView, CostView, LimitsView
from impediments.api.impediments import ImpedimentViewSet
from impediments.api.proposals import ProposalViewSet

__all__ = [
    "AnalysisView",
    "CommentView",
    "CommentsView",
    "CostView",
    "CostsView",
    "ImpedimentViewSet",
    "LimitsView",
    "ProposalViewSet",
]
