"""Pages of what was measured: lists and explanations, key figures. A module per kind of page."""

from metrics.views.lists import PAGE, asked_of, deployments, explain, figure_csv, item, items, pull_requests

__all__ = ["PAGE", "asked_of", "deployments", "explain", "figure_csv", "item", "items", "pull_requests"]
