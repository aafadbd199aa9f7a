"""The board and its cards."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
