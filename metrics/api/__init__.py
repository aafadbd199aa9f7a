"""The API of metrics: figures and facts, forecasts."""

from metrics.api.figures import DeploymentList, ItemList, MetricDetail, MetricList, PullRequestList, ReportView
from metrics.api.forecasts import CalibrationView, ForecastView, ForecastViewSet

__all__ = [
    "CalibrationView",
    "DeploymentList",
    "ForecastView",
    "ForecastViewSet",
    "ItemList",
    "MetricDetail",
    "MetricList",
    "PullRequestList",
    "ReportView",
]
