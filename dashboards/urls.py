"""Addresses of the overview, Flow and Delivery."""

from django.urls import path

from dashboards.views import delivery, flow, home, limits

urlpatterns = [
    path("", home.home, name="home"),
    path("flow/", flow.flow, name="flow"),
    path("flow/times/", flow.times, name="flow-times"),
    path("flow/ageing/", flow.ageing, name="flow-ageing"),
    path("flow/blocked/", flow.blocked, name="flow-blocked"),
    path("flow/mix/", flow.mix, name="flow-mix"),
    path("flow/compare/", flow.compare, name="flow-compare"),
    path("flow/limits/", limits.limits, name="flow-limits"),
    path("flow/limits/baselines/<int:baseline_id>/", limits.change_baseline, name="baseline"),
    path("flow/limits/baselines/<int:baseline_id>/remove/", limits.remove_baseline, name="baseline-remove"),
    path("flow/limits/baselines/restore/", limits.restore_baseline, name="baseline-restore"),
    path("delivery/", delivery.delivery, name="delivery"),
]
