"""The admin: for administrators, by the portal's own roles and its own log-in page."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from portfolio.rules import can


class PortalAdminSite(admin.AdminSite):
    site_header = site_title = "VMO administration"
    site_url = "/"
    index_title = "Everything the portal keeps"

    def has_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and can(request.user, "administer")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Everybody logs in at the same place, where wrong passwords are counted."""
        if request.user.is_authenticated:
            return redirect("/")
        return redirect(f"{reverse('login')}?{urlencode({'next': request.GET.get('next', reverse('admin:index'))})}")
