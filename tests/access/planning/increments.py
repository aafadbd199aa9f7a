"""Who may open what: trains, increments, their states, checklists and looking back."""

from typing import Any

from tests.access.people import KNOWN, MANAGE_ALL, MANAGE_FALCON, OF_FALCON, Row, post

# The train has teams of two value streams: only who is PMO of both may change it.
SLUG: dict[str, Any] = {"slug": "pi-26-1"}
TRAIN: dict[str, Any] = {"slug": "payments-train"}
SEAT: dict[str, Any] = {**TRAIN, "seat_id": "{plan_seat.pk}"}
CHECK: dict[str, Any] = {"check_id": "{plan_check.pk}"}
MADE = {"name": "PI 26.2", "first_on": "2026-04-06", "days": 14, "count": 5}
ROUTES: dict[str, list[Row]] = {
    "planning": [Row(KNOWN)],
    "train-new": [Row(MANAGE_FALCON), post(MANAGE_FALCON, {"name": "North"})],
    "train": [Row(OF_FALCON, TRAIN)],
    "train-edit": [Row(MANAGE_ALL, TRAIN), post(MANAGE_ALL, {"name": "North", "version": "1"}, **TRAIN)],
    "train-end": [post(MANAGE_ALL, {"version": "1"}, **TRAIN)],
    "train-join": [Row(MANAGE_ALL, TRAIN, "post", served=400)],
    "train-seat": [Row(MANAGE_ALL, SEAT), post(MANAGE_ALL, {"first": "2025-01-01", "version": "1"}, **SEAT)],
    "train-unseat": [post(MANAGE_ALL, {"version": "1"}, **SEAT)],
    "increment-new": [Row(MANAGE_ALL, TRAIN), post(MANAGE_ALL, MADE, **TRAIN)],
    "increment": [Row(OF_FALCON, SLUG)],
    "increment-edit": [Row(MANAGE_ALL, SLUG), post(MANAGE_ALL, {"name": "PI", "wip_limit": 2, "version": "1"}, **SLUG)],
    "plan-iterations": [Row(MANAGE_ALL, SLUG), Row(MANAGE_ALL, SLUG, "post", data={"rows-TOTAL_FORMS": 1}, served=400)],
    "plan-check-add": [post(MANAGE_ALL, {"list": "ready", "text": "Coffee"}, **SLUG)],
    "plan-check-tick": [post(MANAGE_ALL, {"done": "1", "version": "1"}, **CHECK)],
    "plan-check-remove": [post(MANAGE_ALL, {"version": "1"}, **CHECK)],
    "plan-step": [
        Row(MANAGE_ALL, {**SLUG, "to": "committed"}),
        # A risk was not discussed.
        Row(MANAGE_ALL, {**SLUG, "to": "committed"}, "post", data={"to": "committed", "version": "1"}, served=400),
        post(MANAGE_ALL, {"to": "draft", "reason": "Not ready", "version": "1"}, **SLUG, to="draft"),
    ],
    "plan-close": [Row(MANAGE_ALL, SLUG), post(MANAGE_ALL, **SLUG)],
    "plan-carry": [Row(MANAGE_ALL, SLUG), post(MANAGE_ALL, **SLUG)],
    "plan-changes": [Row(OF_FALCON, SLUG)],
    "plan-retrospective": [Row(OF_FALCON, SLUG)],
    # Without teams, who is PMO of everything; the verb asks for the teams that are named.
    "api-train-list": [Row(KNOWN), post(MANAGE_ALL, {"name": "North"})],
    "api-train-detail": [
        Row(OF_FALCON, TRAIN),
        Row(MANAGE_ALL, TRAIN, "patch", data={"description": "Money", "version": 1}),
    ],
    "api-increment-list": [Row(KNOWN), post(MANAGE_ALL, {"train": "payments-train", "name": "PI 26.2"})],
    "api-increment-detail": [Row(OF_FALCON, SLUG), Row(MANAGE_ALL, SLUG, "patch", data={"wip_limit": 2, "version": 1})],
    "api-increment-state": [post(MANAGE_ALL, {"to": "draft", "reason": "Not ready", "version": 1}, **SLUG)],
    "api-increment-close": [Row(MANAGE_ALL, SLUG, "post", data={"version": 1}, served=400)],
    "api-increment-carry-over": [Row(MANAGE_ALL, SLUG, "post", data={"into": "pi-26-1", "version": 1}, served=400)],
    "api-increment-changes": [Row(frozenset(), SLUG)],
    "api-increment-predictability": [Row(OF_FALCON, SLUG)],
}
