"""The API of metrics: figures and facts, forecasts, what figures are set against."""

from metrics.api.calibration import CalibrationView
from metrics.api.epics import EpicLinkViewSet
from metrics.api.figures import DeploymentList, ItemList, MetricDetail, MetricList, PullRequestList, ReportView
from metrics.api.forecasts import ForecastView, ForecastViewSet
from metrics.api.kpis import IngestMeasurements, KpiViewSet
from metrics.api.standards import BaselineViewSet, BehaviourView, ExpectationViewSet

__all__ = [
    "BaselineViewSet",
    "BehaviourView",
    "CalibrationView",
    "DeploymentList",
    "EpicLinkViewSet",
    "ExpectationViewSet",
    "ForecastView",
    "ForecastViewSet",
    "IngestMeasurements",
    "ItemList",
    "KpiViewSet",
    "MetricDetail",
    "MetricList",
    "PullRequestList",
    "ReportView",
]
