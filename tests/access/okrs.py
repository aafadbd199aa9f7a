"""Objectives, check-ins and the map, with their API."""

from typing import Any

from tests.access.people import ALL, GLOBAL, KNOWN, OF_FALCON, PLAN, STEER, Row, post

# Objectives of Falcon: who manages them, and who votes on them.
VOTE = PLAN | {"member"}
OKR: dict[str, Any] = {"objective_id": "{okr_goal.pk}"}
OKR_PK: dict[str, Any] = {"pk": "{okr_goal.pk}"}
OKR_KR: dict[str, Any] = {"key_result_id": "{okr_kr.pk}"}
CYCLE: dict[str, Any] = {"slug": "long"}
CHECK = {"on": "2026-02-03", "value": "2", "confidence": "5"}
CHECK_PK: dict[str, Any] = {"pk": "{okr_check_in.pk}"}
GOAL = {"name": "Three", "cycle": "{okr_goal.cycle_id}", "ambition": "committed"}
ROUTES: dict[str, list[Row]] = {
    # objectives
    "objectives": [Row(KNOWN)],
    "objective-new": [Row(PLAN), post(PLAN, {**GOAL, "place": "team:falcon", "rows": "1"})],
    "objective": [Row(OF_FALCON, OKR)],
    "objective-votes": [Row(OF_FALCON, OKR)],
    "objective-edit": [Row(PLAN, OKR), post(PLAN, {**GOAL, "version": "1"}, **OKR)],
    "objective-delete": [post(PLAN, **OKR)],
    "objective-restore": [post(PLAN, removed_id="{okr_removed.pk}")],
    "objective-close": [Row(PLAN, OKR), post(PLAN, {"lessons": "Many"}, **OKR)],
    "objective-reopen": [post(PLAN, **OKR)],
    "objective-carry": [Row(PLAN, OKR)],
    "key-result-new": [Row(PLAN, OKR)],
    "key-result": [Row(PLAN, OKR_KR)],
    "key-result-delete": [post(PLAN, **OKR_KR)],
    "support-add": [post(PLAN, {"above": "o{okr_company.pk}"}, **OKR)],
    "support-restore": [post(PLAN, query="above=o{okr_company.pk}", **OKR)],
    "support-remove": [post(PLAN, support_id="{okr_line.pk}")],
    "work-add": [Row(PLAN, OKR_KR)],
    "work-restore": [post(PLAN, query="work=i{initiative.pk}&lift=1", **OKR_KR)],
    "work-remove": [post(PLAN, contribution_id="{okr_work.pk}")],
    "vote-ask": [post(VOTE, objective_id="{okr_other.pk}")],
    "vote-give": [post(VOTE, {"confidence": 5}, poll_id="{okr_poll.pk}")],
    "vote-reveal": [post(VOTE, poll_id="{okr_poll.pk}")],
    "vote-drop": [post(VOTE, poll_id="{okr_poll.pk}")],
    "check-ins": [Row(KNOWN)],
    "check-in": [Row(OF_FALCON, OKR_KR), post(VOTE, CHECK, **OKR_KR)],
    "check-in-delete": [post(VOTE, check_in_id="{okr_check_in.pk}")],
    "check-in-restore": [post(VOTE, query="on=2025-02-03&value=2&confidence=5", **OKR_KR)],
    # Whoever has the link checks in with it, in the name of the person it was made for.
    "check-in-link": [Row(ALL, {"signed": "{okr_link}"}), post(ALL, CHECK, signed="{okr_link}")],
    "okr-chances": [Row(KNOWN)],
    "okr-map": [Row(KNOWN)],
    "okr-map-remove": [post(PLAN, support_id="{okr_line.pk}")],
    "okr-map-restore": [post(PLAN, query="objective={okr_other.pk}&above={okr_company.pk}")],
    "cycles": [Row(KNOWN)],
    "cycle-new": [Row(GLOBAL)],
    "cycle": [Row(GLOBAL, CYCLE)],
    "cycle-closing": [Row(KNOWN, CYCLE)],
    "cycle-close": [post(GLOBAL, **CYCLE)],
    "cycle-reopen": [post(GLOBAL, **CYCLE)],
    "api-check-in-list": [Row(KNOWN), post(VOTE, {**CHECK, "key_result": "{okr_kr.pk}"})],
    "api-check-in-detail": [Row(OF_FALCON, CHECK_PK), Row(VOTE, CHECK_PK, "delete")],
    "api-cycle-list": [
        Row(KNOWN),
        post(GLOBAL, {"name": "Q1 2027", "starts_on": "2027-01-01", "ends_on": "2027-03-31"}),
    ],
    "api-cycle-detail": [Row(KNOWN, CYCLE), Row(GLOBAL, CYCLE, "patch", data={"name": "Longer"})],
    "api-cycle-close": [Row(GLOBAL, CYCLE, "post", served=400)],
    "api-cycle-reopen": [post(GLOBAL, **CYCLE)],
    "api-objective-list": [Row(KNOWN), post(PLAN, {"cycle": "long", "team": "falcon", "name": "Three"})],
    "api-objective-detail": [
        Row(OF_FALCON, OKR_PK),
        Row(PLAN, OKR_PK, "patch", data={"name": "Three"}),
        Row(PLAN, OKR_PK, "delete"),
    ],
    "api-objective-restore": [post(PLAN, {"removed": "{okr_removed.pk}"})],
    "api-objective-close": [post(PLAN, **OKR_PK)],
    "api-objective-reopen": [post(PLAN, **OKR_PK)],
    "api-objective-carry": [post(PLAN, {"cycle": "later"}, **OKR_PK)],
    "api-key-result-list": [
        Row(KNOWN),
        post(PLAN, {"objective": "{okr_goal.pk}", "name": "Open", "kind": "milestone"}),
    ],
    "api-key-result-chance": [Row(OF_FALCON, {"pk": "{okr_kr.pk}"})],
    "api-orphan-spend": [Row(STEER, query="stream=payments"), Row(GLOBAL)],
    "api-key-result-detail": [
        Row(OF_FALCON, {"pk": "{okr_kr.pk}"}),
        Row(PLAN, {"pk": "{okr_kr.pk}"}, "patch", data={"target": 6}),
        Row(PLAN, {"pk": "{okr_kr.pk}"}, "delete"),
    ],
    "api-support-list": [Row(KNOWN), post(PLAN, {"objective": "{okr_other.pk}", "above": "{okr_goal.pk}"})],
    "api-support-detail": [Row(OF_FALCON, {"pk": "{okr_line.pk}"}), Row(PLAN, {"pk": "{okr_line.pk}"}, "delete")],
    "api-contribution-list": [
        Row(KNOWN),
        post(PLAN, {"key_result": "{okr_kr.pk}", "feature": "{feature.pk}", "lift": 2}),
    ],
    "api-contribution-detail": [
        Row(OF_FALCON, {"pk": "{okr_work.pk}"}),
        Row(PLAN, {"pk": "{okr_work.pk}"}, "patch", data={"lift": 3}),
        Row(PLAN, {"pk": "{okr_work.pk}"}, "delete"),
    ],
    "api-poll-list": [Row(KNOWN), post(VOTE, {"objective": "{okr_other.pk}"})],
    "api-poll-detail": [Row(OF_FALCON, {"pk": "{okr_poll.pk}"}), Row(VOTE, {"pk": "{okr_poll.pk}"}, "delete")],
    "api-poll-vote": [post(VOTE, {"confidence": 5}, pk="{okr_poll.pk}")],
    # Nobody has voted yet: whoever may reveal is told so.
    "api-poll-reveal": [Row(VOTE, {"pk": "{okr_poll.pk}"}, "post", served=400)],
}
