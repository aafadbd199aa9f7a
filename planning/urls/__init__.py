"""The addresses of planning."""

from django.urls import URLPattern, URLResolver

from planning.urls import board, chances, dependencies, events, files, increments, promises

urlpatterns: list[URLPattern | URLResolver] = [
    # Before those of increments: their short names are anything but "inbox" and "dependencies".
    *dependencies.urlpatterns,
    *increments.urlpatterns,
    *board.urlpatterns,
    *chances.urlpatterns,
    *promises.urlpatterns,
    *events.urlpatterns,
    *files.urlpatterns,
]
