"""Addresses of objectives."""

from django.urls import URLPattern, URLResolver, include, path

from okrs.views import alignment, chances, checkins, cycles, editing, lines, links, objectives, votes

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

_objective: list[URLPattern | URLResolver] = [
    path("", objectives.objective, name="objective"),
    path("votes/", objectives.votes, name="objective-votes"),
    path("votes/ask/", votes.ask, name="vote-ask"),
    path("edit/", editing.change, name="objective-edit"),
    path("delete/", editing.delete, name="objective-delete"),
    path("key-results/new/", editing.new_key_result, name="key-result-new"),
    path("supports/", lines.support, name="support-add"),
    path("supports/restore/", lines.support_again, name="support-restore"),
    path("close/", cycles.close_objective, name="objective-close"),
    path("reopen/", cycles.reopen_objective, name="objective-reopen"),
    path("carry/", cycles.carry, name="objective-carry"),
]
_key_result: list[URLPattern | URLResolver] = [
    path("", editing.change_key_result, name="key-result"),
    path("delete/", editing.delete_key_result, name="key-result-delete"),
    path("work/", lines.work, name="work-add"),
    path("work/restore/", lines.work_again, name="work-restore"),
]
_cycle: list[URLPattern | URLResolver] = [
    path("", cycles.change, name="cycle"),
    path("closing/", cycles.closing, name="cycle-closing"),
    path("close/", cycles.close, name="cycle-close"),
    path("reopen/", cycles.reopen, name="cycle-reopen"),
]
_pages: list[URLPattern | URLResolver] = [
    path("", objectives.overview, name="objectives"),
    path("new/", editing.new, name="objective-new"),
    path("<int:objective_id>/", include(_objective)),
    path("key-results/<int:key_result_id>/", include(_key_result)),
    path("restore/<int:removed_id>/", editing.restore, name="objective-restore"),
    path("supports/<int:support_id>/remove/", lines.unsupport, name="support-remove"),
    path("work/<int:contribution_id>/remove/", lines.unlink, name="work-remove"),
    path("votes/<int:poll_id>/", votes.give, name="vote-give"),
    path("votes/<int:poll_id>/reveal/", votes.reveal, name="vote-reveal"),
    path("votes/<int:poll_id>/drop/", votes.drop, name="vote-drop"),
    path("chances/", chances.overview, name="okr-chances"),
    path("cycles/", cycles.overview, name="cycles"),
    path("cycles/new/", cycles.new, name="cycle-new"),
    path("cycles/<slug:slug>/", include(_cycle)),
]
urlpatterns: list[URLPattern | URLResolver] = [*_pages, *_check_ins, *_map]
