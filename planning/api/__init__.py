"""Planning for programs: the same verbs, the same rights and the same figures as the pages."""

from planning.api.dependencies import DependencyViewSet

__all__ = ["DependencyViewSet"]
