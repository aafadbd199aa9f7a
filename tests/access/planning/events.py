"""Who may open what: the days of planning: agenda, timer, votes, links without login."""

from typing import Any

from tests.access.people import ALL, MANAGE_ALL, NOBODY, OF_FALCON, OF_PAYMENTS, Row, post

PI: dict[str, Any] = {"slug": "pi-26-1"}
POLL: dict[str, Any] = {"poll_id": "{plan_poll.pk}"}
WALL: dict[str, Any] = {"link_id": "{plan_wall.pk}"}
VOTER: dict[str, Any] = {"token": "{plan_poll.token}"}
SCREEN: dict[str, Any] = {"secret": "{plan_wall_secret}"}
# Who takes part with a row of Falcon: its member, and those who plan with Payments.
WORK = OF_PAYMENTS | {"member"}
LINES = {"parts-TOTAL_FORMS": "1", "parts-INITIAL_FORMS": "0", "parts-0-title": "Lunch", "parts-0-minutes": "60"}
PART = {"day": 1, "title": "Lunch", "minutes": 60}
ROUTES: dict[str, list[Row]] = {
    "plan-event": [Row(OF_FALCON, PI), Row(OF_FALCON, PI, query="part=body")],
    "plan-timer": [Row(OF_FALCON, PI)],
    "plan-timer-step": [
        post(MANAGE_ALL, {"minutes": "10", "version": "0"}, **PI, step="start"),
        post(MANAGE_ALL, {"version": "0"}, **PI, step="stop"),
    ],
    "plan-agenda": [Row(MANAGE_ALL, PI), Row(MANAGE_ALL, PI, "post", data=LINES, served=400)],
    "plan-agenda-standard": [Row(MANAGE_ALL, PI, "post", data={"saw": "another"}, served=409)],
    "plan-agenda-file": [Row(MANAGE_ALL, PI, "post", served=400)],
    "plan-agenda-csv": [Row(OF_FALCON, PI)],
    "plan-agenda-undo": [post(MANAGE_ALL, **PI, entry=1)],
    "plan-vote-new": [Row(MANAGE_ALL, PI), post(MANAGE_ALL, {"lane": "{plan_other_lane.pk}"}, **PI)],
    "plan-vote": [Row(OF_FALCON, POLL)],
    "plan-vote-close": [post(MANAGE_ALL, {"version": "1"}, **POLL)],
    "plan-ballot-back": [post(MANAGE_ALL, **POLL, ballot_id=1)],
    "plan-vote-code": [Row(WORK, POLL)],
    "plan-wall-new": [post(MANAGE_ALL, {"name": "Hall", "days": "3"}, **PI)],
    "plan-wall": [Row(MANAGE_ALL, WALL)],
    "plan-wall-code": [Row(MANAGE_ALL, WALL)],
    "plan-wall-revoke": [post(MANAGE_ALL, **WALL)],
    "api-plan-timer": [Row(OF_FALCON, PI), post(MANAGE_ALL, {"step": "start", "minutes": 10, "version": 0}, **PI)],
    "api-plan-agenda": [
        Row(OF_FALCON, PI),
        Row(MANAGE_ALL, PI, "put", data={"parts": [PART], "saw": "another"}, served=409),
    ],
    "api-plan-votes": [Row(OF_FALCON, PI), post(MANAGE_ALL, {"lane": "{plan_other_lane.pk}"}, **PI)],
    "api-plan-vote-close": [post(MANAGE_ALL, {"version": 1}, **PI, **POLL)],
    "api-plan-walls": [Row(MANAGE_ALL, PI), Row(MANAGE_ALL, PI, "post", data={"name": "Hall"}, served=400)],
    "api-plan-wall-revoke": [post(MANAGE_ALL, **PI, **WALL)],
    # Without a login, for whoever has the link; nobody else has one.
    "vote": [Row(ALL, VOTER), Row(NOBODY, {"token": "guessed"})],
    "vote-state": [Row(ALL, VOTER), Row(NOBODY, {"token": "guessed"})],
    "wall": [Row(ALL, SCREEN), Row(NOBODY, {"secret": "guessed~guessed"})],
    "wall-state": [Row(ALL, SCREEN), Row(NOBODY, {"secret": "guessed~guessed"})],
}
