"""Trains, increments, their states, checklists and looking back."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
