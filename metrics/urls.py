"""Addresses of lists, of an item's page and of explanations."""

from django.urls import path

from metrics import views

urlpatterns = [
    path("items/", views.items, name="items"),
    path("items/<int:item_id>/", views.item, name="item"),
    path("pull-requests/", views.pull_requests, name="pull-requests"),
    path("deployments/", views.deployments, name="deployments"),
    path("figures/<slug:key>/", views.figure_csv, name="figure-csv"),
    path("explain/<slug:key>/", views.explain, name="explain"),
]
