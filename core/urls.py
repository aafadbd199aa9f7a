from django.urls import path

from core import views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("live/poll/", views.poll, name="live-poll"),
]
