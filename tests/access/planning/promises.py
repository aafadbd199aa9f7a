"""Who may open what: capacity, objectives and risks."""

from typing import Any

from tests.access.people import KNOWN, OF_FALCON, PLAN, STEER, Row, post

# Who plans with Falcon, and so with the train.
WORK = PLAN | {"member"}
PLANNED: dict[str, Any] = {"slug": "pi-26-1"}
LANE: dict[str, Any] = {"lane_id": "{plan_lane.pk}"}
CELL: dict[str, Any] = {**LANE, "iteration_id": "{plan_iteration.pk}"}
SEAT: dict[str, Any] = {"seat_id": "{plan_person.pk}"}
OBJECTIVE: dict[str, Any] = {"objective_id": "{plan_objective.pk}"}
RISK: dict[str, Any] = {"risk_id": "{plan_risk.pk}"}
PERSON = {"name": "Nora Adler", "share": "80", "makes_capacity": "on"}
AWAY = {"seat": "{plan_person.pk}", "first_on": "2026-01-07", "last_on": "2026-01-08"}
PROMISE = {"title": "Refunds within a minute", "lane": "{plan_lane.pk}", "is_committed": "on"}
DANGER = {"text": "The bank may be late", "lane": "{plan_lane.pk}", "roam": ""}
SAW = {"version": "1"}
AGREED = {"lane": "{plan_lane.pk}", "iteration": "{plan_iteration.pk}", "amount": "20", "reason": "Agreed"}
AGREED |= {"version": "0"}

ROUTES: dict[str, list[Row]] = {
    "plan-capacity": [Row(OF_FALCON, PLANNED), Row(OF_FALCON, PLANNED, query="format=csv")],
    "plan-absences": [
        Row(WORK, PLANNED),
        post(WORK, {"text": "{plan_person.name}; 2026-01-07", "apply": "1"}, **PLANNED),
    ],
    "plan-people-fill": [post(WORK, {"lane": "{plan_lane.pk}"}, **PLANNED), post(WORK, **PLANNED)],
    "plan-lane-capacity": [Row(OF_FALCON, LANE)],
    "plan-capacity-by-hand": [
        Row(WORK, CELL),
        post(WORK, {"amount": "20", "reason": "As agreed", "version": "0"}, **CELL),
    ],
    "plan-seat-new": [post(WORK, PERSON, **LANE)],
    "plan-absence-new": [post(WORK, AWAY, **LANE)],
    "plan-seat": [Row(WORK, SEAT), post(WORK, PERSON | SAW, **SEAT)],
    "plan-seat-remove": [post(WORK, SAW, **SEAT)],
    "plan-absence-remove": [post(WORK, SAW, absence_id="{plan_absence.pk}")],
    "plan-objectives": [Row(OF_FALCON, PLANNED), Row(OF_FALCON, PLANNED, query="format=xlsx")],
    "plan-objective-new": [Row(WORK, PLANNED, query="lane={plan_lane.pk}"), post(WORK, PROMISE, **PLANNED)],
    "plan-objective-values": [
        Row(STEER, PLANNED, query="lane={plan_lane.pk}"),
        Row(STEER, PLANNED, query="lane=train"),
        post(STEER, {"any": "1"}, query="lane={plan_lane.pk}", **PLANNED),
    ],
    "plan-objective": [Row(WORK, OBJECTIVE), post(WORK, PROMISE | SAW, **OBJECTIVE)],
    "plan-objective-remove": [post(WORK, SAW, **OBJECTIVE)],
    "plan-risks": [Row(OF_FALCON, PLANNED), Row(OF_FALCON, PLANNED, query="part=board&lane={plan_lane.pk}")],
    "plan-risk-new": [Row(WORK, PLANNED, query="card={plan_card.pk}"), post(WORK, DANGER, **PLANNED)],
    "plan-risk": [Row(WORK, RISK), post(WORK, DANGER | SAW, **RISK)],
    "plan-risk-move": [Row(WORK, RISK), post(WORK, {"roam": "accepted"} | SAW, **RISK)],
    "plan-risk-remove": [post(WORK, SAW, **RISK)],
    "api-plan-objective-list": [
        Row(KNOWN),
        post(WORK, {"increment": "pi-26-1", "lane": "{plan_lane.pk}", "title": "A"}),
    ],
    "api-plan-objective-detail": [
        Row(OF_FALCON, {"pk": "{plan_objective.pk}"}),
        Row(WORK, {"pk": "{plan_objective.pk}"}, "patch", data={"title": "B", "version": 1}),
    ],
    "api-plan-objective-value": [post(STEER, {"planned_value": 8, "version": 1}, pk="{plan_objective.pk}")],
    "api-plan-objective-remove": [post(WORK, {"version": 1}, pk="{plan_objective.pk}")],
    "api-plan-objective-restore": [post(WORK, {"version": 1}, pk="{plan_objective.pk}")],
    "api-plan-risk-list": [Row(KNOWN), post(WORK, {"increment": "pi-26-1", "lane": "{plan_lane.pk}", "text": "A"})],
    "api-plan-risk-detail": [
        Row(OF_FALCON, {"pk": "{plan_risk.pk}"}),
        Row(WORK, {"pk": "{plan_risk.pk}"}, "patch", data={"roam": "accepted", "version": 1}),
    ],
    "api-plan-risk-remove": [post(WORK, {"version": 1}, pk="{plan_risk.pk}")],
    "api-plan-risk-restore": [post(WORK, {"version": 1}, pk="{plan_risk.pk}")],
    "api-plan-person-list": [Row(KNOWN), post(WORK, {"lane": "{plan_lane.pk}", "name": "Nora Adler"})],
    "api-plan-person-detail": [
        Row(OF_FALCON, {"pk": "{plan_person.pk}"}),
        Row(WORK, {"pk": "{plan_person.pk}"}, "patch", data={"share": 80, "version": 1}),
        Row(WORK, {"pk": "{plan_person.pk}"}, "delete", query="version=1"),
    ],
    "api-plan-absence-list": [
        Row(KNOWN),
        post(WORK, {"person": "{plan_person.pk}", "first_on": "2026-01-07", "last_on": "2026-01-08"}),
    ],
    "api-plan-absence-detail": [
        Row(OF_FALCON, {"pk": "{plan_absence.pk}"}),
        Row(WORK, {"pk": "{plan_absence.pk}"}, "delete"),
    ],
    "api-plan-capacity": [
        Row(OF_FALCON, PLANNED),
        Row(
            WORK,
            PLANNED,
            "put",
            data=AGREED,
        ),
    ],
}
