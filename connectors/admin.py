"""Runs of syncs in Django's admin: to look at."""

from django.contrib import admin

from connectors.models import Rejection, SyncRun
from core.admin import ReadOnlyAdmin


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    list_display = ["id", "source", "state", "read", "written", "unchanged", "rejected", "created_at", "finished_at"]
    list_select_related = ["source"]
    list_filter = ["state"]


@admin.register(Rejection)
class RejectionAdmin(ReadOnlyAdmin):
    list_display = ["source", "run", "place", "reason"]
    list_select_related = ["source", "run__source"]
