"""Addresses of the services every app uses."""

from django.urls import path

from core import views

urlpatterns = [
    path("search/", views.search, name="search"),
    path("healthz", views.healthz, name="healthz"),
    path("live/poll/", views.poll, name="live-poll"),
]
