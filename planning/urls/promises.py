"""Capacity, objectives and risks."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
