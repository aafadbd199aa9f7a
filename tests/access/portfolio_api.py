"""The organisation and the portfolio by the API."""

from typing import Any

from tests.access.people import (
    ADMINISTRATOR,
    APPROVE,
    DECIDE,
    FALCON,
    GLOBAL,
    INITIATIVE,
    KNOWN,
    MANAGE_ALL,
    MANAGE_FALCON,
    MONEY,
    OF_FALCON,
    OF_PAYMENTS,
    PAYMENTS,
    PLAN,
    SCORE,
    STEER,
    Row,
    post,
)

DECISION_PK: dict[str, Any] = {"pk": "{decision.pk}"}
ROUTES: dict[str, list[Row]] = {
    "api-wsjf": [Row(KNOWN), Row(OF_PAYMENTS, query="stream=payments")],
    "api-scoring-session-list": [
        Row(KNOWN),
        post(MONEY, {"name": "Q2", "stream": "payments", "initiatives": ["refunds"]}),
    ],
    "api-scoring-session-detail": [Row(OF_PAYMENTS, {"pk": "{scoring.pk}"})],
    "api-scoring-session-round": [Row(OF_PAYMENTS, {"pk": "{scoring.pk}"})],
    "api-scoring-session-estimate": [post(PLAN, {**SCORE, "initiative": "refunds"}, pk="{scoring.pk}")],
    "api-scoring-session-reveal": [post(MONEY, {"is_revealed": False}, pk="{scoring.pk}")],
    "api-scoring-session-agree": [
        Row(MONEY, {"pk": "{scoring.pk}"}, "post", data={**SCORE, "initiative": "refunds"}, served=400)
    ],
    "api-scoring-session-part": [post(MONEY, {"part": "job_size"}, pk="{scoring.pk}")],
    "api-scoring-session-close": [post(MONEY, pk="{scoring.pk}")],
    "api-decision-list": [Row(KNOWN), post(STEER, {"kind": "other", "question": "?", "stream": "payments"})],
    "api-decision-detail": [Row(OF_FALCON, DECISION_PK)],
    "api-decision-decide": [post(DECIDE, {"choice": "stop", "reason": "So."}, **DECISION_PK)],
    "api-decision-dismiss": [post(STEER, **DECISION_PK)],
    "api-decision-restore": [Row(STEER, DECISION_PK, "post", served=400)],
    "api-stream-list": [Row(KNOWN), post(MANAGE_ALL, {"name": "Lending"})],
    "api-stream-detail": [Row(OF_PAYMENTS, PAYMENTS), Row(MANAGE_ALL, PAYMENTS, "patch", data={"name": "Pay"})],
    "api-team-list": [Row(KNOWN), post(MANAGE_FALCON, {"name": "Ibis", "stream": "payments"})],
    "api-team-detail": [Row(OF_FALCON, FALCON), Row(MANAGE_FALCON, FALCON, "patch", data={"name": "Eagle"})],
    "api-initiative-list": [Row(KNOWN), post(PLAN, {"name": "Faster", "stream": "payments"})],
    "api-initiative-detail": [
        Row(OF_FALCON, INITIATIVE),
        Row(PLAN, INITIATIVE, "patch", data={"name": "Faster"}),
    ],
    "api-initiative-move": [post(STEER, {"stage": "reviewing"}, **INITIATIVE)],
    "api-initiative-stages": [Row(OF_FALCON, INITIATIVE)],
    "api-reviews": [Row(OF_FALCON, INITIATIVE), post(STEER, {"on": "2025-01-01"}, **INITIATIVE)],
    "api-theme-list": [Row(KNOWN), post(GLOBAL, {"name": "Calm"})],
    "api-theme-detail": [Row(KNOWN, {"slug": "speed"}), Row(GLOBAL, {"slug": "speed"}, "patch", data={"name": "Pace"})],
    "api-stage-limits": [
        Row(KNOWN),
        Row(STEER, {}, "put", data={"stream": "payments", "stage": "funnel", "most": 3}),
        Row(GLOBAL, {}, "put", data={"stage": "funnel", "most": 3}),
    ],
    "api-thresholds": [Row(KNOWN), Row(STEER, {}, "put", data={"stream": "payments", "amount": "10"})],
    "api-approval-list": [
        Row(KNOWN),
        post(STEER, {"initiative": "refunds-2", "amount": "20", "reason": "More"}),
    ],
    "api-approval-detail": [Row(STEER, {"pk": "{approval.pk}"})],
    "api-approval-decide": [post(APPROVE, {"approve": True}, pk="{approval.pk}")],
    "api-approval-withdraw": [post(STEER, pk="{approval.pk}")],
    "api-feature-list": [Row(KNOWN), post(PLAN, {"name": "Faster", "team": "falcon"})],
    "api-feature-detail": [
        Row(OF_FALCON, {"pk": "{feature.pk}"}),
        Row(PLAN, {"pk": "{feature.pk}"}, "patch", data={"name": "Faster"}),
    ],
    "api-feature-rank": [post(PLAN, {"to": 1}, pk="{feature.pk}")],
    "api-allocation": [
        Row(OF_PAYMENTS, PAYMENTS),
        Row(PLAN, PAYMENTS, "put", data={"shares": {"feature": 100}, "tolerance": 5}),
    ],
    "api-service-list": [Row(KNOWN), post(MANAGE_FALCON, {"name": "Refunds", "team": "falcon"})],
    "api-service-detail": [
        Row(OF_FALCON, {"pk": "{ledger.pk}"}),
        Row(MANAGE_FALCON, {"pk": "{ledger.pk}"}, "patch", data={"name": "Books"}),
    ],
    "api-calendar-list": [Row(KNOWN), post(MANAGE_ALL, {"name": "Oslo"})],
    "api-calendar-detail": [
        Row(KNOWN, {"pk": "{calendar.pk}"}),
        Row(MANAGE_ALL, {"pk": "{calendar.pk}"}, "patch", data={"name": "Oslo"}),
    ],
    "api-membership-list": [
        Row(KNOWN),
        post(MANAGE_FALCON, {"team": "falcon", "user": "{viewer.pk}", "first": "2025-01-01"}),
    ],
    "api-membership-detail": [
        Row(OF_FALCON, {"pk": "{max_in_falcon.pk}"}),
        Row(MANAGE_FALCON, {"pk": "{max_in_falcon.pk}"}, "patch", data={"share": 50}),
        Row(MANAGE_FALCON, {"pk": "{max_in_falcon.pk}"}, "delete"),
    ],
    "api-person-list": [Row(ADMINISTRATOR), post(ADMINISTRATOR, {"name": "Nora", "email": "nora@example.org"})],
    "api-person-detail": [
        Row(ADMINISTRATOR, {"pk": "{viewer.pk}"}),
        Row(ADMINISTRATOR, {"pk": "{viewer.pk}"}, "patch", data={"name": "Vera"}),
    ],
    "api-grant-list": [Row(ADMINISTRATOR), post(ADMINISTRATOR, {"user": "{viewer.pk}", "role": "coach"})],
    "api-grant-detail": [
        Row(ADMINISTRATOR, {"pk": "{viewer_grant.pk}"}),
        Row(ADMINISTRATOR, {"pk": "{viewer_grant.pk}"}, "delete"),
    ],
}
