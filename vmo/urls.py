"""All addresses of the portal."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("core.urls")),
    path("", include("accounts.urls")),
    path("", include("portfolio.urls")),
    path("", include("dashboards.urls")),
    path("", include("metrics.urls")),
    path("portfolio/", include("funding.urls")),
    path("objectives/", include("okrs.urls")),
    path("impediments/", include("impediments.urls")),
    path("", include("planning.urls")),
    path("sources/", include("connectors.urls")),
    path("api/v1/", include("vmo.api")),
    path("admin/", admin.site.urls),
]
