"""Addresses of the overview, Flow and Delivery."""

from django.urls import path

from dashboards.views import delivery, flow, home

urlpatterns = [
    path("", home.home, name="home"),
    path("flow/", flow.flow, name="flow"),
    path("delivery/", delivery.delivery, name="delivery"),
]
