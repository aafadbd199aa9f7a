"""The days of planning: agenda, timer, votes, links without login."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from planning.views import agenda, event, public, votes

_event: list[URLPattern | URLResolver] = [
    path("", event.event, name="plan-event"),
    path("timer/", event.timer, name="plan-timer"),
    path("timer/<slug:step>/", event.timer_step, name="plan-timer-step"),
    path("agenda/", agenda.agenda, name="plan-agenda"),
    path("agenda/standard/", agenda.standard, name="plan-agenda-standard"),
    path("agenda/file/", agenda.upload, name="plan-agenda-file"),
    path("agenda/agenda.csv", agenda.download, name="plan-agenda-csv"),
    path("agenda/undo/<int:entry>/", agenda.undo, name="plan-agenda-undo"),
    path("votes/new/", votes.new, name="plan-vote-new"),
    path("walls/", votes.new_wall, name="plan-wall-new"),
]
# A token and its signature, in letters that need no escape: nothing else is looked up.
_wall = r"^wall/(?P<secret>[A-Za-z0-9_-]{1,80}~[A-Za-z0-9_-]{1,80})/"
urlpatterns: list[URLPattern | URLResolver] = [
    path("planning/<slug:slug>/event/", include(_event)),
    path("planning/votes/<int:poll_id>/", votes.vote, name="plan-vote"),
    path("planning/votes/<int:poll_id>/close/", votes.close, name="plan-vote-close"),
    path("planning/votes/<int:poll_id>/ballots/<int:ballot_id>/take-back/", votes.take_back, name="plan-ballot-back"),
    path("planning/votes/<int:poll_id>/code.svg", votes.vote_code, name="plan-vote-code"),
    path("planning/walls/<int:link_id>/", votes.wall, name="plan-wall"),
    path("planning/walls/<int:link_id>/code.svg", votes.wall_code, name="plan-wall-code"),
    path("planning/walls/<int:link_id>/revoke/", votes.revoke, name="plan-wall-revoke"),
    # Without a login.
    path("vote/<slug:token>/", public.vote, name="vote"),
    path("vote/<slug:token>/state/", public.vote_state, name="vote-state"),
    re_path(_wall + "$", public.wall, name="wall"),
    re_path(_wall + "state/$", public.wall_state, name="wall-state"),
]
