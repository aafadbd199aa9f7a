"""Addresses of the services every app uses."""

from django.urls import path

from core import views
from core.imports import views as imports

urlpatterns = [
    path("search/", views.search, name="search"),
    path("healthz", views.healthz, name="healthz"),
    path("notices/", views.notices, name="notices"),
    path("notices/read/", views.read_notices, name="notices-read"),
    path("notices/<int:notice_id>/", views.notice, name="notice"),
    path("live/poll/", views.poll, name="live-poll"),
    path("live/poll/key/", views.poll_by_key, name="live-poll-key"),
    path("imports/<slug:kind>/", imports.upload, name="imports"),
    path("imports/<slug:kind>/template/", imports.template, name="import-template"),
    path("imports/<slug:kind>/<int:run_id>/", imports.run, name="import-run"),
    path("imports/<slug:kind>/<int:run_id>/apply/", imports.apply, name="import-apply"),
    path("imports/<slug:kind>/<int:run_id>/roll-back/", imports.roll_back, name="import-roll-back"),
]
