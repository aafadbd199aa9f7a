"""Addresses of lists, of an item's page, of explanations and of key figures."""

from django.urls import include, path

from metrics import views
from metrics.views import kpis

_kpi = [
    path("", kpis.kpi, name="kpi"),
    path("change/", kpis.change, name="kpi_change"),
    path("end/", kpis.end, name="kpi_end"),
    path("reopen/", kpis.reopen, name="kpi_reopen"),
    path("values/", kpis.record, name="kpi_record"),
    path("values/remove/", kpis.remove, name="kpi_remove"),
]
urlpatterns = [
    path("items/", views.items, name="items"),
    path("items/<int:item_id>/", views.item, name="item"),
    path("pull-requests/", views.pull_requests, name="pull-requests"),
    path("deployments/", views.deployments, name="deployments"),
    path("figures/<slug:key>/", views.figure_csv, name="figure-csv"),
    path("explain/<slug:key>/", views.explain, name="explain"),
    path("portfolio/kpis/", kpis.overview, name="kpis"),
    path("portfolio/kpis/new/", kpis.new, name="kpi_new"),
    path("portfolio/kpis/<slug:slug>/", include(_kpi)),
]
