"""Impediments and improvement actions, with their API."""

from typing import Any

from tests.access.people import KNOWN, OF_FALCON, PLAN, Row, post

# Who logs impediments of Falcon, works on them and changes its improvement actions.
WORK = PLAN | {"member"}
ACTION: dict[str, Any] = {"action_id": "{action.pk}"}
ACTION_PK: dict[str, Any] = {"pk": "{action.pk}"}
ROUTES: dict[str, list[Row]] = {
    "improvement": [Row(KNOWN), Row(KNOWN, query="format=csv")],
    "improvement-new": [Row(WORK), post(WORK, {"name": "Ask earlier", "place": "team:{falcon.pk}"})],
    "improvement-action": [Row(OF_FALCON, ACTION), post(WORK, {"name": "Ask", "place": "team:{falcon.pk}"}, **ACTION)],
    "improvement-close": [post(WORK, {"state": "done"}, **ACTION)],
    "improvement-reopen": [post(WORK, **ACTION)],
    "api-action-list": [Row(KNOWN), post(WORK, {"name": "Ask earlier", "team": "falcon"})],
    "api-action-detail": [Row(OF_FALCON, ACTION_PK), Row(WORK, ACTION_PK, "patch", data={"name": "Ask"})],
    "api-action-close": [post(WORK, **ACTION_PK)],
    "api-action-reopen": [post(WORK, **ACTION_PK)],
}
