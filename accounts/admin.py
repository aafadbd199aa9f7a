"""People and tokens for administrators. Tokens are made on their owner's page only: their keys are shown once."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from accounts.models import ApiToken, User
from core.admin import AuditedAdmin


@admin.register(User)
class PersonAdmin(AuditedAdmin, UserAdmin):
    ordering = ["name"]
    list_display = ["name", "email", "is_active", "is_superuser", "last_login"]
    search_fields = ["name", "email"]
    list_filter = ["is_active", "is_superuser"]
    fieldsets = (
        (None, {"fields": ["email", "password", "name", "theme"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    )
    add_fieldsets = ((None, {"fields": ["email", "name", "usable_password", "password1", "password2"]}),)
    filter_horizontal = ()


@admin.register(ApiToken)
class ApiTokenAdmin(AuditedAdmin):
    list_display = ["name", "user", "prefix", "created_at", "last_used_at", "expires_at"]
    readonly_fields = ["user", "name", "prefix", "created_at", "last_used_at", "expires_at"]
    exclude = ["digest"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
