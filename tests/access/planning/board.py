"""Who may open what: the board and its cards."""

from typing import Any

from tests.access.people import KNOWN, MANAGE_ALL, OF_FALCON, OF_PAYMENTS, Row, post

PI: dict[str, Any] = {"slug": "pi-26-1"}
CARD: dict[str, Any] = {"card_id": "{plan_card.pk}"}
LANE: dict[str, Any] = {"lane_id": "{plan.bank.pk}"}
# Who takes part with a row of Falcon: its member, and those who plan with Payments.
WORK = OF_PAYMENTS | {"member"}
MOVE = {"cell": "{plan_lane.pk}-none", "version": "1"}
SAID = {"title": "Refund API", "kind": "feature", "unit": "points", "value_type": "feature", "version": "1"}
NEW = SAID | {"cell": "{plan_lane.pk}-none"}
API_NEW = {"increment": "pi-26-1", "lane": "{plan_lane.pk}", "title": "Refund API"}
PK: dict[str, Any] = {"pk": "{plan_card.pk}"}
ROW: dict[str, Any] = {"pk": "{plan.bank.pk}"}
ROUTES: dict[str, list[Row]] = {
    "board": [Row(OF_FALCON, PI), Row(OF_FALCON, PI, query="part=board")],
    "plan-events": [Row(OF_FALCON, PI, query="after=0")],
    "plan-marks": [Row(OF_FALCON, PI)],
    "plan-view": [post(OF_FALCON, {"density": "dense"}, **PI)],
    "plan-undo-last": [post(OF_FALCON, **PI)],
    "plan-undo": [post(WORK, **PI, number="{plan_line.number}")],
    "plan-feed": [Row(OF_FALCON, PI), Row(OF_FALCON, PI, query="who=me&kind=card&q=PAY")],
    "plan-row-new": [Row(WORK, PI), post(WORK, {"name": "Scheme", "kind": "external"}, **PI)],
    "plan-row": [Row(WORK, LANE), post(WORK, {"name": "The bank", "version": "1"}, **LANE)],
    "plan-rows-order": [
        Row(OF_FALCON, PI),
        Row(OF_FALCON, PI, query="own=1"),
        Row(MANAGE_ALL, PI, "post", served=400),
    ],
    "plan-taken-off": [Row(OF_FALCON, PI)],
    "plan-row-remove": [post(WORK, {"version": "1"}, **LANE)],
    "plan-card": [Row(OF_FALCON, CARD)],
    "plan-card-new": [Row(WORK, PI), post(WORK, NEW, **PI)],
    "plan-card-edit": [Row(WORK, CARD), post(WORK, SAID, **CARD)],
    "plan-card-remove": [post(WORK, {"version": "1"}, **CARD)],
    "plan-card-restore": [post(WORK, {"version": "1"}, **CARD)],
    "plan-card-move": [Row(WORK, CARD), post(WORK, MOVE, **CARD)],
    "api-plan-card-list": [Row(KNOWN), post(WORK, API_NEW)],
    "api-plan-card-detail": [Row(OF_FALCON, PK), Row(WORK, PK, "patch", data={"title": "Refunds", "version": 1})],
    "api-plan-card-move": [post(WORK, {"lane": "{plan_lane.pk}", "version": 1}, **PK)],
    "api-plan-card-remove": [post(WORK, {"version": 1}, **PK)],
    "api-plan-card-restore": [post(WORK, {"version": 1}, **PK)],
    "api-plan-row-list": [Row(KNOWN), post(WORK, {"increment": "pi-26-1", "name": "Scheme"})],
    "api-plan-row-detail": [Row(OF_FALCON, ROW), Row(WORK, ROW, "patch", data={"name": "The bank", "version": 1})],
    "api-plan-row-remove": [post(WORK, {"version": 1}, **ROW)],
    "api-plan-board": [Row(OF_FALCON, PI)],
    "api-plan-log": [Row(OF_FALCON, PI, query="after=1")],
    "api-plan-undo": [post(WORK, **PI, number="{plan_line.number}")],
}
