"""The API of metrics: figures and facts, forecasts."""

from metrics.api.figures import DeploymentList, ItemList, MetricDetail, MetricList, PullRequestList, ReportView

__all__ = ["DeploymentList", "ItemList", "MetricDetail", "MetricList", "PullRequestList", "ReportView"]
