"""Addresses of the overview, Flow and Delivery."""

from django.urls import path

from dashboards.views import delivery, epics, expectations, flow, forecast, home, idea, limits

urlpatterns = [
    path("", home.home, name="home"),
    path("overview.pdf", home.home_pdf, name="home-pdf"),
    path("overview/<slug:key>/", home.home_part, name="home-part"),
    path("overview/<slug:key>.csv", home.home_csv, name="home-csv"),
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
    path("flow/expectations/", expectations.expectations, name="expectations"),
    path("flow/expectations/<int:expectation_id>/", expectations.change_expectation, name="expectation"),
    path("flow/expectations/<int:expectation_id>/remove/", expectations.remove_expectation, name="expectation-remove"),
    path("flow/expectations/restore/", expectations.restore_expectation, name="expectation-restore"),
    path("flow/forecast/", forecast.forecast, name="forecast"),
    path("flow/forecast/commit/", forecast.forecast_commit, name="forecast-commit"),
    path("flow/forecasts/<int:forecast_id>/", forecast.forecast_stored, name="forecast-stored"),
    path("flow/forecasts/<int:forecast_id>/withdraw/", forecast.forecast_withdraw, name="forecast-withdraw"),
    path("flow/forecasts/<int:forecast_id>/reopen/", forecast.forecast_reopen, name="forecast-reopen"),
    path("flow/calibration/", forecast.calibration, name="calibration"),
    path("delivery/", delivery.delivery, name="delivery"),
    path("portfolio/idea-to-customer/", idea.page, name="idea-to-customer"),
    path("portfolio/idea-to-customer.csv", idea.as_csv, name="idea-to-customer-csv"),
    path("organisation/teams/<slug:slug>/epics/", epics.epics, name="epics"),
    path("organisation/teams/<slug:slug>/features/<int:feature_id>/epics/", epics.link, name="epic_link"),
    path(
        "organisation/teams/<slug:slug>/features/<int:feature_id>/epics/<int:link_id>/unlink/",
        epics.unlink,
        name="epic_unlink",
    ),
]
