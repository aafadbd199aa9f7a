"""The addresses of planning."""

from django.urls import URLPattern

from planning.urls import board, dependencies, events, files, increments, promises

urlpatterns: list[URLPattern] = [
    *increments.urlpatterns,
    *board.urlpatterns,
    *dependencies.urlpatterns,
    *promises.urlpatterns,
    *events.urlpatterns,
    *files.urlpatterns,
]
