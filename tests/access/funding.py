"""Money, scenarios and budgeting events, with their API."""

from typing import Any

from tests.access.people import DECIDE, GLOBAL, KNOWN, MONEY, OF_PAYMENTS, PAYMENTS, STREAM, Row, post

SCENARIO: dict[str, Any] = {"scenario_id": "{scenario.pk}"}
SEEN = {"version": 1, "seen": 0}
EVENT: dict[str, Any] = {"event_id": "{event.pk}"}
OPEN_EVENT: dict[str, Any] = {"event_id": "{open_event.pk}"}
ROUTES: dict[str, list[Row]] = {
    # money: seen and changed by leaders and the PMO of the place
    "funding": [Row(MONEY), Row(MONEY, query=STREAM), Row(GLOBAL, query="scope=portfolio")],
    "funding-stream": [
        Row(MONEY, PAYMENTS),
        Row(MONEY, PAYMENTS, "post", "quarter=2100-q1", {"amount": "1000", "seen": "0"}, served=302),
    ],
    "funding-restore": [post(MONEY, query="quarter=2100-q1&amount=1000&seen=0", **PAYMENTS)],
    "guardrails": [Row(OF_PAYMENTS), Row(OF_PAYMENTS, query=STREAM), Row(GLOBAL, query="scope=portfolio")],
    "horizon-shares": [Row(GLOBAL), Row(MONEY, query=STREAM)],
    "horizon-shares-restore": [post(MONEY, query=f"{STREAM}&h1=100")],
    "ledger": [Row(MONEY), Row(MONEY, query=STREAM), Row(GLOBAL, query="scope=portfolio")],
    # scenarios and participatory budgeting
    "scenarios": [Row(GLOBAL), post(GLOBAL, {"name": "More", "quarter": "{quarter.slug}"})],
    "scenario-compare": [Row(GLOBAL, query="s=present&s={scenario.pk}")],
    "scenario": [Row(GLOBAL, SCENARIO)],
    "scenario-copy": [post(GLOBAL, {"name": "Less"}, **SCENARIO)],
    "scenario-discard": [post(GLOBAL, **SCENARIO)],
    "scenario-restore": [post(GLOBAL, **SCENARIO)],
    "scenario-adopt": [Row(DECIDE, SCENARIO), post(DECIDE, {**SEEN, "reason": "Now"}, **SCENARIO)],
    "budgeting": [Row(KNOWN), post(GLOBAL, {"name": "Spring", "budget": 900})],
    # Max has a seat; it is not open yet.
    "budgeting-event": [Row(GLOBAL, EVENT), Row(GLOBAL | {"member"}, OPEN_EVENT)],
    "budgeting-item-add": [post(GLOBAL, {"initiative": "{initiative.pk}", "cost": 5}, **EVENT)],
    "budgeting-item-remove": [post(GLOBAL, **EVENT, item_id="{budgeting_item.pk}")],
    "budgeting-group-add": [post(GLOBAL, {"name": "North", "people": ["{leader.pk}"]}, **EVENT)],
    "budgeting-group-remove": [post(GLOBAL, **EVENT, group_id="{budgeting_group.pk}")],
    "budgeting-open": [post(GLOBAL, **EVENT)],
    "budgeting-close": [post(GLOBAL, **OPEN_EVENT)],
    "budgeting-pledge": [post(frozenset({"member"}), {"amount": 5}, **OPEN_EVENT, item_id="{open_item.pk}")],
    "api-budgets": [
        Row(MONEY),
        Row(MONEY, {}, "post", data={"stream": "payments", "quarter": "2100-q1", "amount": "1000"}),
    ],
    "api-amendments": [Row(MONEY, query=STREAM)],
    "api-spend": [Row(MONEY), Row(GLOBAL, query="scope=portfolio")],
    "api-ledger": [
        Row(MONEY),
        Row(
            MONEY,
            {},
            "post",
            data={"lines": [{"key": "a", "posted_on": "2025-03-03", "amount": "10.50", "stream": "payments"}]},
        ),
    ],
    "api-guardrails": [Row(OF_PAYMENTS), Row(OF_PAYMENTS, query=STREAM)],
    "api-horizon-shares": [
        Row(GLOBAL),
        Row(MONEY, query=STREAM),
        Row(MONEY, {}, "put", query=STREAM, data={"shares": {"h1": 100}}),
    ],
    "api-scenario-list": [Row(GLOBAL), post(GLOBAL, {"name": "More", "quarter": "{quarter.slug}"})],
    "api-scenario-detail": [
        Row(GLOBAL, {"pk": "{scenario.pk}"}),
        Row(GLOBAL, {"pk": "{scenario.pk}"}, "patch", data={"name": "Less"}),
    ],
    "api-scenario-compare": [Row(GLOBAL, query="s=present&s={scenario.pk}")],
    "api-scenario-discard": [post(GLOBAL, pk="{scenario.pk}")],
    "api-scenario-restore": [post(GLOBAL, pk="{scenario.pk}")],
    "api-scenario-adopt": [post(DECIDE, {"reason": "Now"}, pk="{scenario.pk}")],
    "api-event-list": [Row(KNOWN), post(GLOBAL, {"name": "Spring", "budget": "900"})],
    "api-event-detail": [
        Row(GLOBAL, {"pk": "{event.pk}"}),
        Row(GLOBAL | {"member"}, {"pk": "{open_event.pk}"}),
        Row(GLOBAL, {"pk": "{event.pk}"}, "patch", data={"name": "Autumn"}),
    ],
    "api-event-items": [post(GLOBAL, {"initiative": "refunds", "cost": "5"}, pk="{event.pk}")],
    "api-event-groups": [post(GLOBAL, {"name": "North", "people": ["{leader.pk}"]}, pk="{event.pk}")],
    "api-event-open": [post(GLOBAL, pk="{event.pk}")],
    "api-event-close": [post(GLOBAL, pk="{open_event.pk}")],
    "api-event-pledge": [post(frozenset({"member"}), {"item": "{open_item.pk}", "amount": "5"}, pk="{open_event.pk}")],
}
