"""Chances explained, and the repair of a plan."""

from django.urls import URLPattern, path

from planning.views import chances

urlpatterns: list[URLPattern] = [
    path("planning/cards/<int:card_id>/chance/", chances.chance, name="plan-chance"),
    path("planning/<slug:slug>/repair/", chances.repair, name="plan-repair"),
]
