"""Addresses of the sources pages, below /sources/."""

from django.urls import path

from connectors import views

urlpatterns = [
    path("", views.source_list, name="sources"),
    path("add/", views.choose_tool, name="source-choose"),
    path("add/<slug:tool>/", views.add, name="source-add"),
    path("<slug:slug>/", views.source_page, name="source"),
    path("<slug:slug>/settings/", views.settings_page, name="source-settings"),
    path("<slug:slug>/mapping/", views.mapping_page, name="source-mapping"),
    path("<slug:slug>/quality/", views.quality_page, name="source-quality"),
    path("<slug:slug>/sync/", views.sync, name="source-sync"),
    path("<slug:slug>/pause/", views.pause, name="source-pause"),
    path("<slug:slug>/resume/", views.resume, name="source-resume"),
    path("<slug:slug>/delete/", views.delete, name="source-delete"),
    path("<slug:slug>/runs/<int:run_id>/", views.run_page, name="source-run"),
    path("<slug:slug>/runs/<int:run_id>/progress/", views.run_progress, name="source-run-progress"),
    path("<slug:slug>/runs/<int:run_id>/cancel/", views.cancel, name="source-run-cancel"),
]
