"""Who may open what: dependencies between teams."""

from typing import Any

from tests.access.people import KNOWN, OF_FALCON, PLAN, Row, post

# Who plans with Falcon, which needs it; with Heron, which is asked.
FALCON = PLAN | {"member"}
HERON = PLAN
EITHER = FALCON
PI: dict[str, Any] = {"slug": "pi-26-1"}
ONE: dict[str, Any] = {"dependency_id": "{plan_dependency.pk}"}
PK: dict[str, Any] = {"pk": "{plan_dependency.pk}"}
ASKED = {"consumer": "{plan_card.pk}", "provider": "row-{plan.heron.pk}", "what": "Ledger entries"}
ASKED_BY_API = {"consumer": "{plan_card.pk}", "provider_row": "{plan.heron.pk}", "what": "Ledger entries"}
OFFERED = {"proposed_in": "{plan_iteration.pk}"}
SAW: dict[str, Any] = {"version": 1}


def step(may: frozenset[str], key: str, data: dict[str, Any] | None = None, served: int = 200) -> Row:
    return Row(may, ONE | {"step": key}, "post", data=(data or {}) | {"version": "1"}, served=served)


ROUTES: dict[str, list[Row]] = {
    "plan-inbox": [Row(KNOWN)],
    "dependencies": [Row(KNOWN), Row(KNOWN, query="problems=on&format=csv")],
    "dependency-matrix": [Row(KNOWN)],
    "plan-dependencies": [Row(OF_FALCON, PI), Row(OF_FALCON, PI, query="problems=on&format=csv")],
    "plan-dependency-matrix": [Row(OF_FALCON, PI)],
    "plan-dependency-new": [Row(FALCON, PI), post(FALCON, ASKED, **PI)],
    "plan-dependency": [Row(OF_FALCON, ONE)],
    "plan-dependency-step": [
        step(HERON, "counter", OFFERED),
        step(HERON, "decline", {"note": "No hands"}),
        step(HERON, "agree", {"title": "Ledger entries"}),
        step(EITHER, "deliver", {"on": "2026-01-12"}),
        step(FALCON, "ask", {"what": "Ledger entries"}),
        step(FALCON, "withdraw"),
    ],
    "api-plan-dependency-list": [Row(KNOWN), post(FALCON, ASKED_BY_API)],
    "api-plan-dependency-inbox": [Row(KNOWN)],
    "api-plan-dependency-detail": [Row(OF_FALCON, PK)],
    "api-plan-dependency-counter": [post(HERON, OFFERED | SAW, **PK)],
    "api-plan-dependency-accept": [Row(FALCON, PK, "post", data=SAW, served=400)],
    "api-plan-dependency-agree": [post(HERON, {"title": "Ledger entries"} | SAW, **PK)],
    "api-plan-dependency-decline": [post(HERON, {"note": "No hands"} | SAW, **PK)],
    "api-plan-dependency-deliver": [post(EITHER, {"on": "2026-01-12"} | SAW, **PK)],
    "api-plan-dependency-undeliver": [Row(FALCON, PK, "post", data=SAW, served=400)],
    "api-plan-dependency-ask": [post(FALCON, {"what": "Ledger entries"} | SAW, **PK)],
    "api-plan-dependency-withdraw": [post(FALCON, SAW, **PK)],
}
