"""Capacity, objectives and risks."""

from django.urls import URLPattern, path

from planning.views import capacity, objectives, risks

_capacity: list[URLPattern] = [
    path("planning/<slug:slug>/capacity/", capacity.overview, name="plan-capacity"),
    path("planning/<slug:slug>/absences/", capacity.paste, name="plan-absences"),
    path("planning/<slug:slug>/people/", capacity.fill, name="plan-people-fill"),
    path("planning/lanes/<int:lane_id>/capacity/", capacity.team, name="plan-lane-capacity"),
    path("planning/lanes/<int:lane_id>/capacity/<int:iteration_id>/", capacity.by_hand, name="plan-capacity-by-hand"),
    path("planning/lanes/<int:lane_id>/people/new/", capacity.add_person, name="plan-seat-new"),
    path("planning/lanes/<int:lane_id>/absences/new/", capacity.add_away, name="plan-absence-new"),
    path("planning/people/<int:seat_id>/", capacity.person, name="plan-seat"),
    path("planning/people/<int:seat_id>/remove/", capacity.drop_person, name="plan-seat-remove"),
    path("planning/absences/<int:absence_id>/remove/", capacity.drop_away, name="plan-absence-remove"),
]
_objectives: list[URLPattern] = [
    path("planning/<slug:slug>/objectives/", objectives.overview, name="plan-objectives"),
    path("planning/<slug:slug>/objectives/new/", objectives.new, name="plan-objective-new"),
    path("planning/<slug:slug>/objectives/values/", objectives.values, name="plan-objective-values"),
    path("planning/objectives/<int:objective_id>/", objectives.edit, name="plan-objective"),
    path("planning/objectives/<int:objective_id>/remove/", objectives.remove, name="plan-objective-remove"),
]
_risks: list[URLPattern] = [
    path("planning/<slug:slug>/risks/", risks.overview, name="plan-risks"),
    path("planning/<slug:slug>/risks/new/", risks.new, name="plan-risk-new"),
    path("planning/risks/<int:risk_id>/", risks.edit, name="plan-risk"),
    path("planning/risks/<int:risk_id>/move/", risks.move, name="plan-risk-move"),
    path("planning/risks/<int:risk_id>/remove/", risks.remove, name="plan-risk-remove"),
]
urlpatterns: list[URLPattern] = [*_capacity, *_objectives, *_risks]
