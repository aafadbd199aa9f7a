"""All addresses of the portal."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

# What is wrong with a request that a page refuses is said in words.
handler400 = "core.views.bad_request"
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
