"""Dependencies between teams."""

from django.urls import URLPattern, path

from planning.views import dependencies as views
from planning.views import dependency as one

urlpatterns: list[URLPattern] = [
    path("planning/inbox/", views.inbox, name="plan-inbox"),
    path("planning/dependencies/", views.everywhere, name="dependencies"),
    path("planning/dependencies/matrix/", views.everywhere_matrix, name="dependency-matrix"),
    path("planning/dependencies/<int:dependency_id>/", one.dependency, name="plan-dependency"),
    path("planning/dependencies/<int:dependency_id>/<slug:step>/", one.step, name="plan-dependency-step"),
    path("planning/<slug:slug>/dependencies/", views.dependencies, name="plan-dependencies"),
    path("planning/<slug:slug>/dependencies/matrix/", views.matrix, name="plan-dependency-matrix"),
    path("planning/<slug:slug>/dependencies/new/", one.new, name="plan-dependency-new"),
]
