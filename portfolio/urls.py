"""Addresses of the organisation pages."""

from django.urls import URLPattern, URLResolver, include, path

from portfolio.views import audit, calendars, features, initiatives, people, streams, teams

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
    path("initiatives/new/", initiatives.new, name="initiative_new"),
    path("allocation/", streams.allocation, name="allocation"),
    path("allocation/restore/", streams.restore_allocation, name="allocation_restore"),
]
_initiative = [
    path("", initiatives.initiative, name="initiative"),
    path("close/", initiatives.close, name="initiative_close"),
    path("reopen/", initiatives.reopen, name="initiative_reopen"),
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
    path("initiatives/<slug:slug>/", include(_initiative)),
    path("calendars/", calendars.calendars, name="calendars"),
    path("calendars/new/", calendars.new, name="calendar_new"),
    path("calendars/<int:calendar_id>/", include(_calendar)),
    path("people/", people.people, name="people"),
    path("people/new/", people.new, name="person_new"),
    path("people/<int:person_id>/", include(_person)),
    path("audit/", audit.trail, name="audit"),
]
urlpatterns = [path("organisation/", include(_pages))]
