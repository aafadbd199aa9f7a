"""What every app's admin pages build on: changes go to the audit trail, facts are only read."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from core import audit
from core.models import AuditEntry


class AuditedAdmin(admin.ModelAdmin):
    """What administrators do here is in the audit trail, as are the portal's own verbs."""

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        audit.record(actor=request.user, verb="created in the administration", target=obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        fields = [
            name for part in message if isinstance(part, dict) for name in part.get("changed", {}).get("fields", [])
        ]
        data = {"fields": ", ".join(map(str, fields))}
        audit.record(actor=request.user, verb="changed in the administration", target=obj, data=data)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            audit.record(actor=request.user, verb="deleted in the administration", target=obj)
        return super().log_deletions(request, queryset)


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that only the portal writes: facts, runs, the audit trail."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor_name", "verb", "target_name", "target_type"]
    search_fields = ["actor_name", "verb", "target_name"]
