"""Trains, increments, their states, checklists and looking back."""

from django.urls import URLPattern, path

from planning.views import increments, states, trains

urlpatterns: list[URLPattern] = [
    path("planning/", trains.overview, name="planning"),
    path("planning/trains/new/", trains.new, name="train-new"),
    path("planning/trains/<slug:slug>/", trains.train, name="train"),
    path("planning/trains/<slug:slug>/edit/", trains.edit, name="train-edit"),
    path("planning/trains/<slug:slug>/end/", trains.end, name="train-end"),
    path("planning/trains/<slug:slug>/teams/", trains.join, name="train-join"),
    path("planning/trains/<slug:slug>/teams/<int:seat_id>/", trains.seat, name="train-seat"),
    path("planning/trains/<slug:slug>/teams/<int:seat_id>/remove/", trains.unseat, name="train-unseat"),
    path("planning/trains/<slug:slug>/increments/new/", increments.new, name="increment-new"),
    path("planning/checks/<int:check_id>/tick/", increments.tick, name="plan-check-tick"),
    path("planning/checks/<int:check_id>/remove/", increments.remove_check, name="plan-check-remove"),
    path("planning/<slug:slug>/", increments.increment, name="increment"),
    path("planning/<slug:slug>/edit/", increments.edit, name="increment-edit"),
    path("planning/<slug:slug>/iterations/", increments.iterations, name="plan-iterations"),
    path("planning/<slug:slug>/checks/", increments.add_check, name="plan-check-add"),
    path("planning/<slug:slug>/to/<slug:to>/", states.step, name="plan-step"),
    path("planning/<slug:slug>/close/", states.close, name="plan-close"),
    path("planning/<slug:slug>/carry/", states.carry, name="plan-carry"),
    path("planning/<slug:slug>/changes/", states.changes, name="plan-changes"),
    path("planning/<slug:slug>/looking-back/", states.retrospective, name="plan-retrospective"),
]
