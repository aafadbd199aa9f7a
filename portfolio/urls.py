"""Addresses of the organisation and of the portfolio."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from portfolio.views import (
    audit,
    board,
    calendars,
    decisions,
    features,
    improvements,
    initiatives,
    listing,
    people,
    scoring,
    steering,
    streams,
    teams,
    themes,
    wsjf,
)

_team = [
    path("", teams.team, name="organisation_team"),
    path("end/", teams.end, name="team_end"),
    path("reopen/", teams.reopen, name="team_reopen"),
    path("members/", teams.add_member, name="member_add"),
    path("members/restore/", teams.restore_member, name="member_restore"),
    path("members/<int:membership_id>/", teams.member, name="member"),
    path("members/<int:membership_id>/remove/", teams.remove_member, name="member_remove"),
    path("services/", teams.add_service, name="service_add"),
    path("services/<int:service_id>/", teams.service, name="service"),
    path("features/new/", features.new, name="feature_new"),
    path("features/<int:feature_id>/", features.feature, name="feature"),
    path("features/<int:feature_id>/move/", features.move, name="feature_move"),
    path("features/<int:feature_id>/close/", features.close, name="feature_close"),
    path("features/<int:feature_id>/reopen/", features.reopen, name="feature_reopen"),
]
_stream = [
    path("", streams.stream, name="organisation_stream"),
    path("end/", streams.end, name="stream_end"),
    path("reopen/", streams.reopen, name="stream_reopen"),
    path(
        "initiatives/new/",
        RedirectView.as_view(url="/portfolio/initiatives/new/?stream=%(slug)s", permanent=True),
        name="initiative_new_was",
    ),
    path("allocation/", streams.allocation, name="allocation"),
    path("allocation/restore/", streams.restore_allocation, name="allocation_restore"),
]
_initiative = [
    path("", initiatives.initiative, name="initiative"),
    path("edit/", initiatives.edit, name="initiative_edit"),
    path("move/", board.move, name="initiative_move"),
    path("approvals/", steering.ask, name="approval_ask"),
    path("reviews/", steering.review, name="review_add"),
    path("reviews/<int:review_id>/remove/", steering.remove_review, name="review_remove"),
]
_theme = [
    path("", themes.theme, name="strategic_theme"),
    path("end/", themes.end, name="theme_end"),
    path("reopen/", themes.reopen, name="theme_reopen"),
]
_portfolio: list[URLPattern | URLResolver] = [
    path("", board.board, name="portfolio"),
    path("initiatives/new/", initiatives.new, name="initiative_new"),
    path("initiatives/<slug:slug>/", include(_initiative)),
    path("themes/", themes.themes, name="themes"),
    path("themes/new/", themes.new, name="theme_new"),
    path("themes/<slug:slug>/", include(_theme)),
    path("limits/", steering.limits, name="stage-limits"),
    path("approvals/", steering.approvals, name="approvals"),
    path("approvals/threshold/", steering.threshold, name="threshold"),
    path("approvals/<int:approval_id>/decide/", steering.decide, name="approval_decide"),
    path("approvals/<int:approval_id>/withdraw/", steering.withdraw, name="approval_withdraw"),
]
_calendar = [
    path("", calendars.calendar, name="calendar"),
    path("holidays/", calendars.add_holidays, name="holidays_add"),
    path("holidays/restore/", calendars.restore_holiday, name="holiday_restore"),
    path("holidays/<int:holiday_id>/remove/", calendars.remove_holiday, name="holiday_remove"),
]
_person = [
    path("", people.person, name="person"),
    path("link/", people.link, name="person_link"),
    path("deactivate/", people.deactivate, name="person_deactivate"),
    path("reactivate/", people.reactivate, name="person_reactivate"),
    path("grants/", people.grant, name="grant_add"),
    path("grants/restore/", people.restore_grant, name="grant_restore"),
    path("grants/<int:grant_id>/revoke/", people.revoke, name="grant_revoke"),
]
_pages: list[URLPattern | URLResolver] = [
    path("", streams.overview, name="organisation"),
    path("streams/new/", streams.new, name="stream_new"),
    path("streams/<slug:slug>/", include(_stream)),
    path("teams/new/", teams.new, name="team_new"),
    path("teams/<slug:slug>/", include(_team)),
    path("initiatives/", initiatives.overview, name="initiatives"),
    path(
        "initiatives/<slug:slug>/",
        RedirectView.as_view(pattern_name="initiative", permanent=True),
        name="initiative_was",
    ),
    path("calendars/", calendars.calendars, name="calendars"),
    path("calendars/new/", calendars.new, name="calendar_new"),
    path("calendars/<int:calendar_id>/", include(_calendar)),
    path("people/", people.people, name="people"),
    path("people/new/", people.new, name="person_new"),
    path("people/<int:person_id>/", include(_person)),
    path("audit/", audit.trail, name="audit"),
]
_ranking = [
    path("list/", listing.initiatives, name="portfolio-list"),
    path("wsjf/", wsjf.order, name="wsjf"),
    path("wsjf/ranks/<slug:slug>/", wsjf.rank, name="wsjf-rank"),
    path("wsjf/ranks/<slug:slug>/restore/", wsjf.restore_rank, name="wsjf-rank-restore"),
    path("wsjf/sessions/new/", scoring.new, name="wsjf-session-new"),
    path("wsjf/sessions/<int:session_id>/", scoring.session, name="wsjf-session"),
    path("wsjf/sessions/<int:session_id>/estimate/", scoring.estimate, name="wsjf-estimate"),
    path("wsjf/sessions/<int:session_id>/reveal/", scoring.reveal, name="wsjf-reveal"),
    path("wsjf/sessions/<int:session_id>/agree/", scoring.agree, name="wsjf-agree"),
    path("wsjf/sessions/<int:session_id>/part/", scoring.part, name="wsjf-part"),
    path("wsjf/sessions/<int:session_id>/close/", scoring.close, name="wsjf-close"),
]
_decisions: list[URLPattern | URLResolver] = [
    path("", decisions.overview, name="decisions"),
    path("new/", decisions.new, name="decision-new"),
    path("<int:decision_id>/", decisions.decision, name="decision"),
    path("<int:decision_id>/dismiss/", decisions.dismiss, name="decision-dismiss"),
    path("<int:decision_id>/restore/", decisions.restore, name="decision-restore"),
    path("<int:decision_id>/assign/", decisions.assign, name="decision-assign"),
]
_improvement: list[URLPattern | URLResolver] = [
    path("", improvements.overview, name="improvement"),
    path("new/", improvements.new, name="improvement-new"),
    path("<int:action_id>/", improvements.action, name="improvement-action"),
    path("<int:action_id>/close/", improvements.close, name="improvement-close"),
    path("<int:action_id>/reopen/", improvements.reopen, name="improvement-reopen"),
]
urlpatterns = [
    path("organisation/", include(_pages)),
    path("portfolio/", include(_portfolio)),
    path("portfolio/decisions/", include(_decisions)),
    path("improvement/", include(_improvement)),
    path("portfolio/", include(_ranking)),
]
