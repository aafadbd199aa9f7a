"""Sources and facts in Django's admin: to look at, not to change (the sources' own pages change what may be)."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from metrics import models


@admin.register(models.Source)
class SourceAdmin(ReadOnlyAdmin):
    list_display = ["name", "tool", "team", "state", "synced_at", "data_version"]
    list_select_related = ["team"]
    search_fields = ["name", "slug"]
    exclude = ["secrets"]


@admin.register(models.Status)
class StatusAdmin(ReadOnlyAdmin):
    list_display = ["name", "source", "state", "is_chosen", "position"]
    list_select_related = ["source"]
    list_filter = ["source"]


@admin.register(models.WorkItem)
class WorkItemAdmin(ReadOnlyAdmin):
    list_display = ["key", "title", "kind", "status", "team", "deleted_at"]
    list_select_related = ["status", "team"]
    search_fields = ["=key", "=external_id"]


@admin.register(models.EpicLink)
class EpicLinkAdmin(ReadOnlyAdmin):
    list_display = ["parent", "source", "feature"]
    list_select_related = ["source", "feature"]
    search_fields = ["parent"]


@admin.register(models.PullRequest)
class PullRequestAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "source"]
    list_select_related = ["source"]


@admin.register(models.Deployment, models.Incident)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "source", "service"]
    list_select_related = ["source", "service"]


@admin.register(
    models.Transition,
    models.TeamMove,
    models.BlockedStay,
    models.ItemLink,
    models.Commit,
    models.ItemFlow,
    models.Change,
    models.Rollback,
)
class FactAdmin(ReadOnlyAdmin):
    """Facts and what is derived from them, by id."""

    list_display = ["pk", "__str__"]
