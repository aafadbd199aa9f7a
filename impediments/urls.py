"""Addresses of impediments."""

from django.urls import URLPattern, URLResolver, include, path

from impediments.views import proposals

_proposals: list[URLPattern | URLResolver] = [
    path("", proposals.overview, name="impediment-proposals"),
    path("<int:proposal_id>/accept/", proposals.accept, name="impediment-proposal-accept"),
    path("<int:proposal_id>/dismiss/", proposals.dismiss, name="impediment-proposal-dismiss"),
    path("<int:proposal_id>/restore/", proposals.restore, name="impediment-proposal-restore"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("proposals/", include(_proposals)),
]
