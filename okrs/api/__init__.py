"""Objectives for programs, a module per kind of noun."""

from okrs.api.checkins import CheckInViewSet

__all__ = ["CheckInViewSet"]
