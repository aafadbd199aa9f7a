"""The board and its cards."""

from django.urls import URLPattern, path

from planning.views import board, cards, feed, lanes, undoing

urlpatterns: list[URLPattern] = [
    path("planning/<slug:slug>/board/", board.board, name="board"),
    path("planning/<slug:slug>/events/", undoing.events, name="plan-events"),
    path("planning/<slug:slug>/events/<int:number>/undo/", undoing.undo_line, name="plan-undo"),
    path("planning/<slug:slug>/undo/", undoing.undo_mine, name="plan-undo-last"),
    path("planning/<slug:slug>/feed/", feed.feed, name="plan-feed"),
    path("planning/<slug:slug>/rows/new/", lanes.new, name="plan-row-new"),
    path("planning/<slug:slug>/rows/order/", lanes.order, name="plan-rows-order"),
    path("planning/rows/<int:lane_id>/", lanes.edit, name="plan-row"),
    path("planning/rows/<int:lane_id>/remove/", lanes.remove, name="plan-row-remove"),
    path("planning/<slug:slug>/marks/", board.marks, name="plan-marks"),
    path("planning/<slug:slug>/view/", board.look, name="plan-view"),
    path("planning/cards/<int:card_id>/move/", board.move, name="plan-card-move"),
    path("planning/<slug:slug>/cards/new/", cards.new, name="plan-card-new"),
    path("planning/<slug:slug>/taken-off/", feed.taken_off, name="plan-taken-off"),
    path("planning/cards/<int:card_id>/", cards.card, name="plan-card"),
    path("planning/cards/<int:card_id>/edit/", cards.edit, name="plan-card-edit"),
    path("planning/cards/<int:card_id>/remove/", cards.remove, name="plan-card-remove"),
    path("planning/cards/<int:card_id>/restore/", cards.restore, name="plan-card-restore"),
]
