"""Addresses of objectives."""

from django.urls import URLPattern, URLResolver, path

from okrs.views import alignment, checkins, links

_check_ins: list[URLPattern | URLResolver] = [
    path("check-ins/", checkins.mine, name="check-ins"),
    path("check-ins/<int:check_in_id>/delete/", checkins.delete, name="check-in-delete"),
    path("key-results/<int:key_result_id>/check-in/", checkins.check_in, name="check-in"),
    path("key-results/<int:key_result_id>/check-in/restore/", checkins.restore, name="check-in-restore"),
    path("check-in/<str:signed>/", links.by_link, name="check-in-link"),
]
_map: list[URLPattern | URLResolver] = [
    path("map/", alignment.okr_map, name="okr-map"),
    path("map/restore/", alignment.restore, name="okr-map-restore"),
    path("map/supports/<int:support_id>/remove/", alignment.remove, name="okr-map-remove"),
]

urlpatterns: list[URLPattern | URLResolver] = [*_check_ins, *_map]
