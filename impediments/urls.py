"""Addresses of impediments."""

from django.urls import URLPattern, URLResolver, include, path

from impediments.views import (
    after,
    analysis,
    attachments,
    board,
    comments,
    costs,
    hooks,
    listing,
    logging,
    page,
    proposals,
    settings,
)

_proposals: list[URLPattern | URLResolver] = [
    path("", proposals.overview, name="impediment-proposals"),
    path("<int:proposal_id>/accept/", proposals.accept, name="impediment-proposal-accept"),
    path("<int:proposal_id>/dismiss/", proposals.dismiss, name="impediment-proposal-dismiss"),
    path("<int:proposal_id>/restore/", proposals.restore, name="impediment-proposal-restore"),
]
_impediment: list[URLPattern | URLResolver] = [
    path("", page.impediment, name="impediment"),
    path("costs.csv", costs.days, name="impediment-days"),
    path("edit/", logging.edit, name="impediment-edit"),
    path("move/", board.move, name="impediment-move"),
    path("take/", page.take, name="impediment-take"),
    path("hand/", page.hand, name="impediment-hand"),
    path("level/", page.level, name="impediment-level"),
    path("pause/", page.pause, name="impediment-pause"),
    path("resume/", page.resume, name="impediment-resume"),
    path("merge/", page.merge, name="impediment-merge"),
    path("block/", page.block, name="impediment-block"),
    path("unblock/", page.unblock, name="impediment-unblock"),
    path("improve/", after.improve, name="impediment-improve"),
    path("decide/", after.decide, name="impediment-decide"),
    path("files/", attachments.add, name="impediment-files"),
    path("files/<int:attachment_id>/", attachments.download, name="impediment-file"),
    path("files/<int:attachment_id>/remove/", attachments.remove, name="impediment-file-remove"),
    path("comments/", comments.add, name="impediment-comment"),
    path("comments/<int:comment_id>/", comments.edit, name="impediment-comment-edit"),
    path("comments/<int:comment_id>/remove/", comments.remove, name="impediment-comment-remove"),
    path("comments/<int:comment_id>/restore/", comments.restore, name="impediment-comment-restore"),
]
_hooks: list[URLPattern | URLResolver] = [
    path("new/", hooks.new, name="impediment-hook-new"),
    path("<int:hook_id>/", hooks.hook, name="impediment-hook"),
    path("<int:hook_id>/call/", hooks.trial, name="impediment-hook-trial"),
    path("<int:hook_id>/secret/", hooks.secret, name="impediment-hook-secret"),
    path("<int:hook_id>/remove/", hooks.remove, name="impediment-hook-remove"),
]
_settings: list[URLPattern | URLResolver] = [
    path("", settings.overview, name="impediment-settings"),
    path("limits/", settings.limits, name="impediment-limits"),
    path("mails/", settings.mails, name="impediment-mails"),
    path("teams/<slug:slug>/address/", settings.address, name="impediment-address"),
    path("teams/<slug:slug>/marks/", settings.marks, name="impediment-marks"),
    path("programs/", include(_hooks)),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("", board.board, name="impediments"),
    path("list/", listing.impediments, name="impediment-list"),
    path("new/", logging.new, name="impediment-new"),
    path("new/items/", logging.items, name="impediment-items"),
    path("<int:impediment_id>/", include(_impediment)),
    path("costs/", costs.overview, name="impediment-costs"),
    path("analysis/", analysis.overview, name="impediment-analysis"),
    path("proposals/", include(_proposals)),
    path("settings/", include(_settings)),
]
