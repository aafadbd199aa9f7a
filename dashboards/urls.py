"""Addresses of the overview, Flow and Delivery."""

from django.urls import path

from dashboards import views

urlpatterns = [
    path("", views.home, name="home"),
    path("flow/", views.flow, name="flow"),
    path("delivery/", views.delivery, name="delivery"),
]
