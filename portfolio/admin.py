"""The organisation in Django's admin, for what its own pages do not do."""

from django.contrib import admin

from core.admin import AuditedAdmin
from portfolio.models import Grant, Holiday, Membership, Service, Team, ValueStream, WorkingCalendar


@admin.register(ValueStream)
class ValueStreamAdmin(AuditedAdmin):
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


@admin.register(Grant)
class GrantAdmin(AuditedAdmin):
    list_display = ["user", "role", "stream", "team"]
    list_filter = ["role"]
    list_select_related = ["user", "stream", "team"]
    autocomplete_fields = ["user"]
