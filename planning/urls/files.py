"""Imports and exports of a plan."""

from django.urls import URLPattern, path

from planning.views import files

urlpatterns: list[URLPattern] = [
    path("planning/<slug:slug>/files/", files.files, name="plan-files"),
    path("planning/<slug:slug>/files/check/", files.check, name="plan-files-check"),
    path("planning/<slug:slug>/files/prints/", files.draw, name="plan-print"),
    path("planning/<slug:slug>/files/prints/<int:print_id>/", files.drawn, name="plan-print-file"),
    path("planning/<slug:slug>/files/plan.<str:fmt>", files.export, name="plan-export"),
]
