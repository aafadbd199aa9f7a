"""The organisation in Django's admin, for what its own pages do not do."""

from django.contrib import admin

from core.admin import AuditedAdmin
from portfolio.models import (
    Allocation,
    Feature,
    Grant,
    Holiday,
    Initiative,
    Membership,
    Service,
    Team,
    ValueStream,
    WorkingCalendar,
)


class AllocationInline(admin.TabularInline):
    model = Allocation
    extra = 0


@admin.register(ValueStream)
class ValueStreamAdmin(AuditedAdmin):
    inlines = [AllocationInline]
    list_display = ["name", "slug", "position", "started_on", "ended_on"]
    search_fields = ["name", "slug"]


@admin.register(Team)
class TeamAdmin(AuditedAdmin):
    list_display = ["name", "slug", "stream", "timezone", "calendar", "started_on", "ended_on"]
    list_filter = ["stream"]
    list_select_related = ["stream", "calendar"]
    search_fields = ["name", "slug"]


class HolidayInline(admin.TabularInline):
    model = Holiday
    extra = 0


@admin.register(WorkingCalendar)
class WorkingCalendarAdmin(AuditedAdmin):
    list_display = ["name", "day_starts", "day_ends"]
    inlines = [HolidayInline]


@admin.register(Membership)
class MembershipAdmin(AuditedAdmin):
    list_display = ["user", "team", "during", "share"]
    list_select_related = ["user", "team"]
    autocomplete_fields = ["user", "team"]


@admin.register(Service)
class ServiceAdmin(AuditedAdmin):
    list_display = ["name", "slug", "team"]
    list_select_related = ["team"]
    search_fields = ["name", "slug"]


@admin.register(Initiative)
class InitiativeAdmin(AuditedAdmin):
    list_display = ["name", "stream", "value_type", "due_on", "ended_on"]
    list_filter = ["stream", "value_type"]
    list_select_related = ["stream"]
    search_fields = ["name", "slug"]
    autocomplete_fields = ["teams"]


@admin.register(Feature)
class FeatureAdmin(AuditedAdmin):
    list_display = ["name", "team", "rank", "initiative", "guessed_items", "due_on", "ended_on"]
    list_filter = ["team"]
    list_select_related = ["team", "initiative"]
    autocomplete_fields = ["team", "initiative"]
    search_fields = ["name"]


@admin.register(Grant)
class GrantAdmin(AuditedAdmin):
    list_display = ["user", "role", "stream", "team"]
    list_filter = ["role"]
    list_select_related = ["user", "stream", "team"]
    autocomplete_fields = ["user"]
