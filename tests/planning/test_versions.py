"""Rule 4 of the board, on every path: who changes what is there says which version they saw. Without it nothing is
written (400 on a page, 428 in the API); with one that is over, neither, and who was faster is told.

The table names each page and each route of the API that changes a row which counts its versions; a new one without a
row here fails.
"""

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from core.models import AuditEntry
from planning.actions import (
    cards,
    objectives,
    risks,
    trains,
)
from planning.forms.versions import UNSEEN
from planning.models import Event, Increment, Timer, Train
from planning.replay import stored
from tests.access import Props
from tests.access.planning import ROUTES
from tests.planning.seen import (
    AGENDA,
    CARD,
    CELL,
    CHECK,
    CLOCK,
    DELIVERED,
    GOAL,
    HAND,
    INCREMENT,
    NET,
    OFF_CARD,
    OFF_GOAL,
    OFF_RISK,
    OFFERED,
    PAUSED,
    PERSON,
    PI,
    POLL,
    RISK,
    ROW,
    SAID,
    SEAT,
    TRAIN,
    Case,
    by,
    commit,
    committed,
    deliver,
    just,
    laid_off,
    moved,
    moved_by_api,
    of_goal,
    offer,
    pia,
    pk,
    saw,
    saw_goal,
    start,
    step,
)

ITERATIONS = {"rows-TOTAL_FORMS": "1", "rows-INITIAL_FORMS": "0"}
ITERATIONS |= {"rows-0-first_on": "2026-01-05", "rows-0-last_on": "2026-01-16"}
BACK = {"to": "draft", "reason": "Not ready"}
CASES = [
    # Cards.
    Case("plan-card-move", CARD, by("card"), {"cell": "parking"}),
    Case("plan-card-edit", CARD, by("card"), SAID),
    Case("plan-card-remove", CARD, by("card")),
    Case("plan-card-restore", OFF_CARD, by("card"), first=laid_off(cards.remove_card, "card")),
    Case("plan-repair", CARD, PI, sent=moved),
    Case("api-plan-card-detail", CARD, pk("card"), {"title": "Refunds at once"}, "patch"),
    Case("api-plan-card-move", CARD, pk("card"), {"lane": None}),
    Case("api-plan-card-remove", CARD, pk("card")),
    Case("api-plan-card-restore", OFF_CARD, pk("card"), first=laid_off(cards.remove_card, "card")),
    Case("api-plan-repair", CARD, PI, sent=moved_by_api),
    # Rows.
    Case("plan-row", ROW, {"lane_id": "{plan.bank.pk}"}, {"name": "A bank"}),
    Case("plan-row-remove", ROW, {"lane_id": "{plan.bank.pk}"}),
    Case("api-plan-row-detail", ROW, {"pk": "{plan.bank.pk}"}, {"name": "A bank"}, "patch"),
    Case("api-plan-row-remove", ROW, {"pk": "{plan.bank.pk}"}),
    # Dependencies.
    *step("ask", {"what": "Ledger entries"}),
    *step("counter", {"proposed_in": "{plan_iteration.pk}"}),
    *step("accept", kind=OFFERED, first=offer),
    *step("agree", {"title": "Ledger entries"}),
    *step("decline", {"note": "No hands"}),
    *step("deliver", {"on": "2026-01-12"}),
    *step("undeliver", kind=DELIVERED, first=deliver),
    *step("withdraw"),
    # Objectives and risks.
    Case("plan-objective", GOAL, by("objective"), {"title": "Fast refunds", "is_committed": "on"}),
    Case("plan-objective-remove", GOAL, by("objective")),
    Case(
        "plan-objective-values",
        GOAL,
        PI,
        {"value-{plan_objective.pk}": "5"},
        sent=of_goal,
        query="lane={plan_lane.pk}",
    ),
    Case("api-plan-objective-detail", GOAL, pk("objective"), {"title": "Faster still"}, "patch"),
    Case("api-plan-objective-value", GOAL, pk("objective"), {"planned_value": 5}),
    Case("api-plan-objective-remove", GOAL, pk("objective")),
    Case(
        "api-plan-objective-restore",
        OFF_GOAL,
        pk("objective"),
        first=laid_off(objectives.remove_objective, "objective"),
    ),
    Case("plan-risk", RISK, by("risk"), {"text": "Late", "lane": "{plan_lane.pk}", "roam": ""}),
    Case("plan-risk-move", RISK, by("risk"), {"roam": "accepted"}),
    Case("plan-risk-move", RISK, by("risk"), {"roam": "mitigated", "plan": "Ask early"}),
    Case("plan-risk-remove", RISK, by("risk")),
    Case("api-plan-risk-detail", RISK, pk("risk"), {"roam": "accepted"}, "patch"),
    Case("api-plan-risk-remove", RISK, pk("risk")),
    Case("api-plan-risk-restore", OFF_RISK, pk("risk"), first=laid_off(risks.remove_risk, "risk")),
    # People and capacity.
    Case("plan-seat", PERSON, {"seat_id": "{plan_person.pk}"}, {"name": "Ben Roth", "share": "60"}),
    Case("plan-seat-remove", PERSON, {"seat_id": "{plan_person.pk}"}),
    Case("plan-absence-remove", PERSON, by("absence")),
    Case("api-plan-person-detail", PERSON, pk("person"), {"share": 60}, "patch"),
    Case("api-plan-person-detail", PERSON, pk("person"), method="delete"),
    Case("plan-capacity-by-hand", HAND, CELL, {"amount": "20", "reason": "As agreed"}),
    Case("plan-capacity-by-hand", HAND, CELL, {"clear": "1"}, first=HAND.change),
    Case(
        "api-plan-capacity",
        HAND,
        PI,
        {"lane": "{plan_lane.pk}", "iteration": "{plan_iteration.pk}", "amount": "20", "reason": "Agreed"},
        "put",
    ),
    # Increments and trains.
    Case("increment-edit", INCREMENT, PI, {"name": "PI 26.1", "wip_limit": 2}),
    Case("plan-iterations", INCREMENT, PI, ITERATIONS),
    Case("plan-step", INCREMENT, PI | {"to": "draft"}, BACK),
    Case("plan-close", INCREMENT, PI, {"carry_into": ""}, first=commit),
    Case(
        "plan-close",
        GOAL,
        PI,
        {"objective-{plan_objective.pk}": "5", "version": "{pi.version}"},
        first=committed,
        sent=of_goal,
    ),
    Case("plan-carry", INCREMENT, PI, {"into": "{next.pk}"}),
    Case("plan-check-tick", CHECK, by("check"), {"done": ""}),
    Case("plan-check-remove", CHECK, by("check")),
    Case("api-increment-detail", INCREMENT, PI, {"wip_limit": 2}, "patch"),
    Case("api-increment-state", INCREMENT, PI, BACK),
    Case("api-increment-close", INCREMENT, PI, first=commit),
    Case(
        "api-increment-close",
        GOAL,
        PI,
        {"actual_values": {"{plan_objective.pk}": 5}, "version": "{pi.version}"},
        first=committed,
        sent=saw_goal,
    ),
    Case("api-increment-carry-over", INCREMENT, PI, {"into": "pi-26-2"}),
    Case("train-edit", NET, TRAIN, {"name": "North"}),
    Case("train-end", NET, TRAIN),
    Case("train-end", NET, TRAIN, first=pia(trains.end_train, train=lambda s: s.plan.train, on=just(date(2026, 3, 1))),
         query="again=1"),
    Case("train-join", NET, TRAIN, {"team": "{spare.pk}", "first": "2026-01-05"}),
    Case("train-seat", NET, SEAT, {"first": "2025-02-01"}),
    Case("train-unseat", NET, SEAT),
    Case("api-train-detail", NET, TRAIN, {"name": "North"}, "patch"),
    Case("api-train-detail", NET, TRAIN, {"teams": ["falcon", "heron"]}, "patch"),
    # The event.
    Case("plan-timer-step", CLOCK, PI | {"step": "start"}, {"minutes": "20"}),
    Case("plan-timer-step", CLOCK, PI | {"step": "pause"}, first=start),
    Case("plan-timer-step", PAUSED, PI | {"step": "resume"}, first=PAUSED.change),
    Case("plan-timer-step", CLOCK, PI | {"step": "add"}, {"minutes": "5"}, first=start),
    Case("plan-timer-step", CLOCK, PI | {"step": "stop"}, first=start),
    Case("api-plan-timer", CLOCK, PI, {"step": "start", "minutes": 20}),
    Case("api-plan-timer", CLOCK, PI, {"step": "stop"}, first=start),
    Case("plan-vote-close", POLL, by("poll")),
    Case("api-plan-vote-close", POLL, PI | by("poll")),
    Case(
        "plan-agenda",
        AGENDA,
        PI,
        {"parts-TOTAL_FORMS": "1", "parts-INITIAL_FORMS": "0", "parts-0-title": "Tea", "parts-0-minutes": "15"},
        sent=saw,
    ),
    Case("plan-agenda-standard", AGENDA, PI, sent=saw),
    Case("api-plan-agenda", AGENDA, PI, {"parts": [{"day": 1, "title": "Tea", "minutes": 15}]}, "put", sent=saw),
]  # fmt: skip
# What changes no row that counts its versions, and why.
OTHERS = {
    "makes something new": "train-new increment-new plan-check-add plan-card-new plan-row-new plan-seat-new"
    " plan-risk-new plan-absence-new plan-absences plan-people-fill plan-objective-new plan-dependency-new"
    " plan-vote-new plan-wall-new plan-print plan-files-check api-train-list api-increment-list api-plan-card-list"
    " api-plan-row-list api-plan-dependency-list api-plan-objective-list api-plan-risk-list api-plan-person-list"
    " api-plan-absence-list api-plan-votes api-plan-walls",
    "takes a line of the log back, which refuses what was changed since": "plan-undo plan-undo-last api-plan-undo"
    " plan-agenda-undo",
    "says which order it saw": "plan-rows-order",
    "is one's own": "plan-view",
    "ends for good, and twice is once": "plan-wall-revoke api-plan-wall-revoke api-plan-absence-detail",
    "takes back one vote, which never changes": "plan-ballot-back",
    "writes nothing": "plan-agenda-file",
}


def test_every_page_and_route_that_writes_is_in_the_table() -> None:
    writing = {name for name, rows in ROUTES.items() if any(row.method != "get" for row in rows)}
    others = {name for names in OTHERS.values() for name in names.split()}
    table = {case.name for case in CASES}
    assert not table & others
    assert writing - others == table, f"say here what these change: {sorted((writing - others) ^ table)}"


@pytest.fixture
def here(stage: Props) -> Props:
    """With a team that is in no train, and an increment that takes what did not land."""
    vars(stage)["spare"] = stage.payments.teams.create(slug="spare", name="Spare", calendar=stage.calendar)
    vars(stage)["next"] = Increment.objects.create(train=stage.plan.train, slug="pi-26-2", name="PI 26.2", seed=1)
    return stage


def noted() -> object:
    """What each write leaves a line in, and the rows that no board has."""
    others = [list(model.objects.order_by("pk").values_list()) for model in (Train, Timer)]
    return Event.objects.count(), AuditEntry.objects.count(), others


def filled(stage: Props, data: dict[str, Any]) -> dict[str, Any]:
    """The names filled in, too."""
    return {
        stage.fill(name): filled(stage, one) if isinstance(one, dict) else stage.fill(one) for name, one in data.items()
    }


def send(client: Client, stage: Props, case: Case, version: Any) -> Any:
    url = reverse(case.name, kwargs=stage.fill(case.args)) + (f"?{stage.fill(case.query)}" if case.query else "")
    data = filled(stage, case.sent(case.data, version))
    if case.method == "delete":
        return client.delete(f"{url}?version={version}" if version is not None else url)
    kind = {"content_type": "application/json"} if case.name.startswith("api-") else {}
    return getattr(client, case.method)(url, data, **kind)


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{n}-{case.name}") for n, case in enumerate(CASES)])
def test_a_change_says_which_version_it_saw(case: Case, here: Props) -> None:
    client, is_api = Client(), case.name.startswith("api-")
    client.force_login(here.administrator)
    case.first(here)
    saw_version, before = case.kind.version(here), noted()
    blind = send(client, here, case, None)
    assert blind.status_code == (428 if is_api else 400), blind.content[:300]
    said = blind.content.decode()
    if is_api:
        assert ("`saw`" if case.sent in (saw, saw_goal) else "`version`") in blind.json()["detail"]
    elif case.sent is not moved:
        assert UNSEEN in said
    assert noted() == before
    case.kind.change(here)
    between, board = noted(), stored(here.increment)
    assert case.kind.version(here) != saw_version, "nobody changed it: this shows nothing"
    stale = send(client, here, case, saw_version)
    assert stale.status_code == 409, stale.content[:300]
    assert (noted(), stored(here.increment)) == (between, board)
    if case.kind is POLL:
        told(stale, "The portal", "opened the vote", is_api=is_api)
    else:
        last = AuditEntry.objects.order_by("-pk")[0]
        told(stale, str(here.pmo), last.data.get("text") or last.verb, is_api=is_api)
    done = send(client, here, case, case.kind.version(here))
    assert done.status_code in (200, 201, 204, 302), done.content[:600]
    assert noted() != between


def told(stale: Any, who: str, what: str, *, is_api: bool) -> None:
    """Who, what with its place, and when."""
    if is_api:
        said = stale.json()
        assert ((said["who"] or "The portal"), bool(said["at"])) == (who, True)
        assert said["what"].startswith(what)
    else:
        words = re.escape(f"{who} {escape(what)}")
        assert re.search(rf"{words}.{{,60}}?\d\d:\d\d", stale.content.decode()), what
