"""The days of planning: agenda, timer, votes, links without login."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
