"""Rule 5: who may open what. One table for every page and every route of the API; a new route without a row fails.

A row says with which method, and who gets in. Everybody else is sent to log in (anonymous, 401 in the API) or told 404
or 403. The columns are people of tests/cast.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from connectors.models import SyncRun
from core.models import JobState
from funding import actions as funding
from funding.models import Event
from metrics.models import Baseline, EpicLink, Expectation, Kpi, Source, WorkItem
from portfolio.models import Decision, Initiative, ScoringSession, Theme
from portfolio.quarters import Quarter
from tests.cast import PASSWORD, Cast
from tests.metrics.forecast_cast import stored
from tests.okrs.props import okr_props

PEOPLE = ["anonymous", "outsider", "member", "viewer", "coach", "leader", "stream_pmo", "pmo", "administrator"]
ALL = frozenset(PEOPLE)
KNOWN = ALL - {"anonymous"}
OF_FALCON = KNOWN - {"outsider"}
OF_PAYMENTS = frozenset({"coach", "leader", "stream_pmo", "pmo", "administrator"})
GLOBAL = frozenset({"leader", "pmo", "administrator"})
MANAGE_FALCON = frozenset({"stream_pmo", "pmo", "administrator"})
MANAGE_ALL = frozenset({"pmo", "administrator"})
ADMINISTRATOR = frozenset({"administrator"})
# Initiatives, features and policies of Payments and its teams.
PLAN = frozenset({"coach", "leader", "stream_pmo", "pmo", "administrator"})
# The money of Payments.
MONEY = frozenset({"leader", "stream_pmo", "pmo", "administrator"})
# Where the money of Payments goes: stages, scores, limits, requests; who may approve what somebody else asked for.
STEER = frozenset({"leader", "stream_pmo", "pmo", "administrator"})
APPROVE = frozenset({"leader", "administrator"})
# Routes of one's own things: each person finds only theirs, so the ids of others are not found.
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Row:
    may: frozenset[str]
    args: dict[str, Any] = field(default_factory=dict)
    method: str = "get"
    query: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    # Who gets in may still be told that the data will not do.
    served: int = 200


def post(may: frozenset[str], data: dict[str, Any] | None = None, query: str = "", **args: Any) -> Row:
    return Row(may, args, "post", query, data or {})


FALCON: dict[str, Any] = {"slug": "falcon"}
PAYMENTS: dict[str, Any] = {"slug": "payments"}
SOURCE: dict[str, Any] = {"slug": "falcon-git"}
RUN: dict[str, Any] = {**SOURCE, "run_id": "{run.pk}"}
INITIATIVE: dict[str, Any] = {"slug": "refunds"}
WORK = {"name": "Refunds", "stream": "{payments.pk}", "value_type": "feature", "position": 0, "teams": "{falcon.pk}"}
IMPORT: dict[str, Any] = {"kind": "initiatives"}
SCORING: dict[str, Any] = {"session_id": "{scoring.pk}"}
SCORE = {"initiative": "{initiative.pk}", "part": "business_value", "score": 3}
RANK = {"manual_rank": 1, "manual_rank_reason": "Law"}
FEATURE: dict[str, Any] = {**FALCON, "feature_id": "{feature.pk}"}
STORED: dict[str, Any] = {"forecast_id": "{forecast.pk}"}
# A figure of Payments; "paid" is a leading measure of an initiative that Falcon works on.
KPI: dict[str, Any] = {"slug": "claims"}
DECISION: dict[str, Any] = {"decision_id": "{decision.pk}"}
DECISION_PK: dict[str, Any] = {"pk": "{decision.pk}"}
# Leaders decide; with the PMO they raise decisions, and dismiss them.
DECIDE = frozenset({"leader", "administrator"})
STEER = frozenset({"leader", "stream_pmo", "pmo", "administrator"})
# Objectives of Falcon: who manages them, and who votes on them.
VOTE = PLAN | {"member"}
OKR: dict[str, Any] = {"objective_id": "{okr_goal.pk}"}
OKR_PK: dict[str, Any] = {"pk": "{okr_goal.pk}"}
OKR_KR: dict[str, Any] = {"key_result_id": "{okr_kr.pk}"}
CYCLE: dict[str, Any] = {"slug": "long"}
CHECK = {"on": "2025-02-03", "value": "2", "confidence": "5"}
CHECK_PK: dict[str, Any] = {"pk": "{okr_check_in.pk}"}
GOAL = {"name": "Three", "cycle": "{okr_goal.cycle_id}", "ambition": "committed"}
SCENARIO: dict[str, Any] = {"scenario_id": "{scenario.pk}"}
SEEN = {"version": 1, "seen": 0}
DECIDE = frozenset({"leader", "administrator"})
EVENT: dict[str, Any] = {"event_id": "{event.pk}"}
OPEN_EVENT: dict[str, Any] = {"event_id": "{open_event.pk}"}
SCOPE, STREAM = "scope=team:falcon", "scope=stream:payments"
PAGES_OF_A_SCOPE = [
    *("flow", "flow-times", "flow-ageing", "flow-blocked", "flow-mix", "flow-compare", "delivery"),
    *("forecast", "calibration"),
]
EVERY_SCOPE = [Row(OF_FALCON, query=SCOPE), Row(OF_PAYMENTS, query=STREAM), Row(GLOBAL, query="scope=portfolio")]
ROUTES: dict[str, list[Row]] = {
    # one's own account
    "login": [Row(ALL)],
    "logout": [post(KNOWN)],
    "password_reset": [Row(ALL)],
    "password_reset_sent": [Row(ALL)],
    "password_reset_confirm": [Row(ALL, {"uidb64": "MQ", "token": "never"})],
    "profile": [Row(KNOWN)],
    "theme": [post(KNOWN, {"theme": "dark"})],
    "password": [Row(KNOWN)],
    "tokens": [Row(KNOWN)],
    "revoke_token": [post(NOBODY, token_id=1)],
    "search": [Row(KNOWN)],
    "notices": [Row(KNOWN)],
    "notices-read": [post(KNOWN)],
    "notice": [Row(NOBODY, {"notice_id": 1})],
    # organisation
    "organisation": [Row(KNOWN)],
    "stream_new": [Row(MANAGE_ALL)],
    "organisation_stream": [Row(OF_PAYMENTS, PAYMENTS), post(MANAGE_ALL, {"name": "Pay", "position": 1}, **PAYMENTS)],
    "stream_end": [post(MANAGE_ALL, {"on": "2030-01-01"}, **PAYMENTS)],
    "stream_reopen": [post(MANAGE_ALL, **PAYMENTS)],
    "team_new": [Row(MANAGE_FALCON)],
    "organisation_team": [Row(OF_FALCON, FALCON)],
    "team_end": [post(MANAGE_FALCON, {"on": "2030-01-01"}, **FALCON)],
    "team_reopen": [post(MANAGE_FALCON, **FALCON)],
    "member_add": [post(MANAGE_FALCON, {"user": "{viewer.pk}", "first": "2025-01-01", "share": 50}, **FALCON)],
    "member_restore": [post(MANAGE_FALCON, query="user={viewer.pk}&first=2025-01-01&share=50", **FALCON)],
    "member": [Row(MANAGE_FALCON, {**FALCON, "membership_id": "{max_in_falcon.pk}"})],
    "member_remove": [post(MANAGE_FALCON, **FALCON, membership_id="{max_in_falcon.pk}")],
    "service_add": [post(MANAGE_FALCON, {"name": "Refunds"}, **FALCON)],
    "service": [Row(MANAGE_FALCON, {**FALCON, "service_id": "{ledger.pk}"})],
    "initiatives": [Row(KNOWN)],
    "initiative_new": [Row(PLAN, query="stream=payments"), post(PLAN, {"name": "Faster"}, "stream=payments")],
    "initiative_new_was": [Row(KNOWN, PAYMENTS, served=301)],
    "initiative_was": [Row(KNOWN, INITIATIVE, served=301)],
    "initiative": [Row(OF_FALCON, INITIATIVE)],
    "initiative_edit": [Row(PLAN, INITIATIVE), post(PLAN, WORK, **INITIATIVE)],
    "initiative_move": [Row(STEER, INITIATIVE), post(STEER, {"stage": "reviewing"}, **INITIATIVE)],
    "portfolio": [Row(KNOWN)],
    "idea-to-customer": [Row(KNOWN)],
    "idea-to-customer-csv": [Row(KNOWN)],
    "themes": [Row(KNOWN)],
    "theme_new": [Row(GLOBAL), post(GLOBAL, {"name": "Calm"})],
    "strategic_theme": [Row(GLOBAL, {"slug": "speed"})],
    "theme_end": [post(GLOBAL, {"on": "2030-01-01"}, slug="speed")],
    "theme_reopen": [post(GLOBAL, slug="speed")],
    "stage-limits": [Row(STEER), post(STEER, {"payments:funnel": 3})],
    "approvals": [Row(STEER)],
    "threshold": [post(STEER, {"place": "payments", "amount": "10"}), post(GLOBAL, {"place": "-", "amount": "10"})],
    "approval_ask": [post(STEER, {"amount": "20", "reason": "More"}, slug="refunds-2")],
    "approval_decide": [post(APPROVE, {"approve": "1"}, approval_id="{approval.pk}")],
    "approval_withdraw": [post(STEER, approval_id="{approval.pk}")],
    "review_add": [post(STEER, {"on": "2025-01-01"}, **INITIATIVE)],
    "review_remove": [post(STEER, **INITIATIVE, review_id="{review.pk}")],
    "allocation": [Row(PLAN, PAYMENTS)],
    "allocation_restore": [post(PLAN, query="tolerance=10", **PAYMENTS)],
    "feature_new": [Row(PLAN, FALCON)],
    "feature": [Row(OF_FALCON, FEATURE), post(PLAN, {"name": "Refunds", "value_type": "feature"}, **FEATURE)],
    "feature_move": [post(PLAN, {"by_places": 1}, **FEATURE)],
    "feature_close": [post(PLAN, {"on": "2030-01-01"}, **FEATURE)],
    "feature_reopen": [post(PLAN, **FEATURE)],
    "epics": [Row(PLAN, FALCON)],
    "epic_link": [post(PLAN, {"source": "{source.pk}", "parent": "FAL-2"}, **FEATURE)],
    "epic_unlink": [post(PLAN, **FEATURE, link_id="{link.pk}")],
    "calendars": [Row(KNOWN)],
    "calendar_new": [Row(MANAGE_ALL)],
    "calendar": [Row(KNOWN, {"calendar_id": "{calendar.pk}"})],
    "holidays_add": [post(MANAGE_ALL, {"lines": "2026-12-25"}, calendar_id="{calendar.pk}")],
    "holiday_restore": [post(MANAGE_ALL, query="lines=2026-12-25", calendar_id="{calendar.pk}")],
    "holiday_remove": [post(MANAGE_ALL, calendar_id="{calendar.pk}", holiday_id="{christmas.pk}")],
    "people": [Row(ADMINISTRATOR)],
    "person_new": [Row(ADMINISTRATOR)],
    "person": [Row(ADMINISTRATOR, {"person_id": "{viewer.pk}"})],
    "person_link": [post(ADMINISTRATOR, person_id="{viewer.pk}")],
    "person_deactivate": [post(ADMINISTRATOR, person_id="{viewer.pk}")],
    "person_reactivate": [post(ADMINISTRATOR, person_id="{viewer.pk}")],
    "grant_add": [post(ADMINISTRATOR, {"role": "coach", "place": "portal"}, person_id="{viewer.pk}")],
    "grant_restore": [post(ADMINISTRATOR, query="role=coach&place=portal", person_id="{viewer.pk}")],
    "grant_revoke": [post(ADMINISTRATOR, person_id="{viewer.pk}", grant_id="{viewer_grant.pk}")],
    "audit": [Row(MANAGE_ALL)],
    # for machines
    "healthz": [Row(ALL)],
    "live-poll": [Row(OF_FALCON, query="topic=sync:{run.pk}"), Row(KNOWN, query="topic=board:portfolio")],
    # imports: the runs of others are not found, so nobody finds a run that nobody made
    "imports": [Row(PLAN, IMPORT), Row(NOBODY, {"kind": "nothing"})],
    "import-template": [Row(PLAN, IMPORT, query="format=xlsx")],
    "import-run": [Row(NOBODY, {**IMPORT, "run_id": 1})],
    "import-apply": [post(NOBODY, **IMPORT, run_id=1)],
    "import-roll-back": [post(NOBODY, **IMPORT, run_id=1)],
    "api-imports": [Row(PLAN, IMPORT), Row(PLAN, IMPORT, "post", data={}, served=400)],
    "api-import": [Row(NOBODY, {**IMPORT, "run_id": 1})],
    "api-import-apply": [post(NOBODY, **IMPORT, run_id=1)],
    "api-import-roll-back": [post(NOBODY, **IMPORT, run_id=1)],
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
    "portfolio-list": [Row(KNOWN), Row(KNOWN, query="format=csv&group=theme")],
    # WSJF: who steers a portfolio leads its sessions, who checks in there scores
    "wsjf": [Row(KNOWN)],
    "wsjf-rank": [Row(MONEY, INITIATIVE), post(MONEY, RANK, **INITIATIVE)],
    "wsjf-rank-restore": [post(MONEY, query="manual_rank=", **INITIATIVE)],
    "wsjf-session-new": [Row(MONEY)],
    "wsjf-session": [Row(OF_PAYMENTS, SCORING)],
    "wsjf-estimate": [post(PLAN, SCORE, **SCORING)],
    "wsjf-reveal": [post(MONEY, **SCORING)],
    "wsjf-agree": [post(MONEY, SCORE, **SCORING)],
    "wsjf-part": [post(MONEY, {"part": "job_size"}, **SCORING)],
    "wsjf-close": [post(MONEY, **SCORING)],
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
    # figures, lists, explanations
    "home": [Row(KNOWN)],
    "home-part": [
        Row(OF_FALCON, {"key": "flow"}, query=SCOPE),
        Row(OF_PAYMENTS, {"key": "decisions"}, query=STREAM),
        Row(GLOBAL, {"key": "first"}, query="scope=portfolio"),
        Row(NOBODY, {"key": "nothing"}),
    ],
    "home-csv": [Row(OF_FALCON, {"key": "flow"}, query=SCOPE), Row(OF_PAYMENTS, {"key": "changes"}, query=STREAM)],
    "home-pdf": [Row(GLOBAL, query="scope=portfolio")],
    **dict.fromkeys(PAGES_OF_A_SCOPE, EVERY_SCOPE),
    "flow-limits": [
        Row(OF_FALCON, query=SCOPE),
        Row(OF_PAYMENTS, query=STREAM),
        Row(GLOBAL, query="scope=portfolio"),
        post(OF_PAYMENTS, {"measure": "wip", "starts_on": "2025-03-03", "reason": "WIP limit"}, query=SCOPE),
    ],
    "baseline": [Row(OF_PAYMENTS, {"baseline_id": "{baseline.pk}"})],
    "baseline-remove": [post(OF_PAYMENTS, query=SCOPE, baseline_id="{baseline.pk}")],
    "baseline-restore": [post(OF_PAYMENTS, query=f"{SCOPE}&measure=wip&starts_on=2025-03-03&reason=WIP")],
    "expectations": [
        Row(OF_FALCON, query=SCOPE),
        Row(OF_PAYMENTS, query=STREAM),
        Row(GLOBAL, query="scope=portfolio"),
        post(OF_PAYMENTS, {"team": "falcon", "percent": 85, "days": 9, "valid_from": "2025-03-03"}, query=SCOPE),
    ],
    "expectation": [Row(OF_PAYMENTS, {"expectation_id": "{expectation.pk}"})],
    "expectation-remove": [post(OF_PAYMENTS, query=SCOPE, expectation_id="{expectation.pk}")],
    "expectation-restore": [
        post(OF_PAYMENTS, query=f"{SCOPE}&team=falcon&kind=&percent=85&days=9&valid_from=2025-03-03")
    ],
    # Nothing was ever finished: whoever may commit is told that there is no forecast to commit to.
    "forecast-commit": [Row(OF_PAYMENTS, {}, "post", SCOPE, {"subject": "items"}, served=400)],
    "decisions": [Row(KNOWN)],
    "decision-new": [Row(STEER)],
    "decision": [Row(OF_FALCON, DECISION), Row(DECIDE, DECISION, "post")],
    "decision-dismiss": [post(STEER, **DECISION)],
    "decision-restore": [post(STEER, **DECISION)],
    "decision-assign": [post(STEER, {"due_on": "never"}, **DECISION)],
    "forecast-stored": [Row(OF_FALCON, STORED)],
    "forecast-withdraw": [post(OF_PAYMENTS, **STORED)],
    "forecast-reopen": [post(OF_PAYMENTS, **STORED)],
    "items": [Row(OF_FALCON, query=SCOPE)],
    "item": [Row(OF_FALCON, {"item_id": "{item.pk}"})],
    "pull-requests": [Row(OF_FALCON, query=SCOPE)],
    "deployments": [Row(OF_FALCON, query=SCOPE)],
    "figure-csv": [Row(OF_FALCON, {"key": "throughput"}, query=SCOPE)],
    "explain": [Row(OF_FALCON, {"key": "throughput"}, query=SCOPE)],
    # key figures
    "kpis": [Row(KNOWN)],
    "kpi_new": [Row(PLAN, query="stream=payments"), Row(PLAN, query="initiative=refunds")],
    "kpi": [Row(OF_PAYMENTS, KPI), Row(OF_FALCON, {"slug": "paid"})],
    "kpi_change": [Row(OF_PAYMENTS, KPI)],
    "kpi_end": [post(PLAN, {"on": "2030-01-01"}, **KPI)],
    "kpi_reopen": [post(PLAN, **KPI)],
    "kpi_record": [post(PLAN, {"on": "2025-03-03", "value": 40}, **KPI)],
    "kpi_remove": [post(PLAN, query="on=2025-03-03", **KPI)],
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
    # sources
    "sources": [Row(KNOWN)],
    "source-choose": [Row(MANAGE_FALCON)],
    "source-add": [Row(MANAGE_FALCON, {"tool": "git"})],
    "source": [Row(OF_FALCON, SOURCE)],
    "source-settings": [Row(MANAGE_FALCON, SOURCE)],
    "source-mapping": [Row(MANAGE_FALCON, SOURCE)],
    "source-quality": [Row(OF_FALCON, SOURCE)],
    "source-sync": [post(MANAGE_FALCON, **SOURCE)],
    "source-pause": [post(MANAGE_FALCON, **SOURCE)],
    "source-resume": [post(MANAGE_FALCON, **SOURCE)],
    "source-delete": [Row(MANAGE_FALCON, SOURCE), post(MANAGE_FALCON, **SOURCE)],
    "source-run": [Row(OF_FALCON, RUN)],
    "source-run-progress": [Row(OF_FALCON, RUN)],
    "source-run-cancel": [post(MANAGE_FALCON, **RUN)],
    # the API
    "api-metrics": [Row(KNOWN)],
    "api-metric": [Row(OF_FALCON, {"key": "throughput"}, query=SCOPE)],
    "api-report": [Row(OF_FALCON, query=SCOPE)],
    "api-forecast": [Row(OF_FALCON, query=SCOPE), Row(OF_FALCON, query="feature={feature.pk}")],
    "api-decision-list": [Row(KNOWN), post(STEER, {"kind": "other", "question": "?", "stream": "payments"})],
    "api-decision-detail": [Row(OF_FALCON, DECISION_PK)],
    "api-decision-decide": [post(DECIDE, {"choice": "stop", "reason": "So."}, **DECISION_PK)],
    "api-decision-dismiss": [post(STEER, **DECISION_PK)],
    "api-decision-restore": [Row(STEER, DECISION_PK, "post", served=400)],
    "api-forecast-list": [
        Row(KNOWN),
        # There is nothing to forecast yet, which only those are told who may commit.
        Row(OF_PAYMENTS, {}, "post", data={"team": "falcon", "items": 3, "due_on": "2026-12-24"}, served=400),
    ],
    "api-forecast-detail": [Row(OF_FALCON, {"pk": "{forecast.pk}"})],
    "api-forecast-withdraw": [post(OF_PAYMENTS, pk="{forecast.pk}")],
    "api-forecast-reopen": [post(OF_PAYMENTS, pk="{forecast.pk}")],
    "api-calibration": [Row(KNOWN), Row(OF_PAYMENTS, query="stream=payments")],
    "api-items": [Row(OF_FALCON, query=SCOPE)],
    "api-pull-requests": [Row(OF_FALCON, query=SCOPE)],
    "api-deployments": [Row(OF_FALCON, query=SCOPE)],
    "api-behaviour": [Row(OF_FALCON, {"measure": "wip"}, query=SCOPE)],
    "api-baseline-list": [
        Row(KNOWN),
        post(OF_PAYMENTS, {"team": "falcon", "measure": "wip", "starts_on": "2025-03-03", "reason": "WIP limit"}),
        post(GLOBAL, {"measure": "wip", "starts_on": "2025-03-03", "reason": "WIP limit"}),
    ],
    "api-baseline-detail": [
        Row(OF_FALCON, {"pk": "{baseline.pk}"}),
        Row(OF_PAYMENTS, {"pk": "{baseline.pk}"}, "patch", data={"reason": "Pairing"}),
        Row(OF_PAYMENTS, {"pk": "{baseline.pk}"}, "delete"),
    ],
    "api-expectation-list": [
        Row(KNOWN),
        post(OF_PAYMENTS, {"team": "falcon", "percent": 85, "days": 9, "valid_from": "2025-03-03"}),
    ],
    "api-expectation-detail": [
        Row(OF_FALCON, {"pk": "{expectation.pk}"}),
        Row(OF_PAYMENTS, {"pk": "{expectation.pk}"}, "patch", data={"days": 7}),
        Row(OF_PAYMENTS, {"pk": "{expectation.pk}"}, "delete"),
    ],
    "api-kpi-list": [Row(KNOWN), post(PLAN, {"name": "Returns", "stream": "payments"})],
    "api-kpi-detail": [
        Row(OF_PAYMENTS, KPI),
        Row(OF_FALCON, {"slug": "paid"}),
        Row(PLAN, KPI, "patch", data={"name": "Claims"}),
    ],
    "api-kpi-values": [Row(OF_PAYMENTS, KPI), post(PLAN, {"on": "2025-03-03", "value": 40}, **KPI)],
    "api-kpi-remove": [post(PLAN, **KPI, on="2025-03-03")],
    "api-ingest-measurements": [
        Row(PLAN, {}, "post", data={"measurements": [{"kpi": "claims", "on": "2025-03-03", "value": 40}]})
    ],
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
    "api-event-pledge": [
        post(frozenset({"member"}), {"item": "{open_item.pk}", "amount": "5"}, pk="{open_event.pk}")
    ],
    "api-source-list": [
        Row(KNOWN),
        post(MANAGE_FALCON, {"tool": "git", "name": "Books", "team": "falcon", "settings": {"url": "/srv/books.git"}}),
    ],
    "api-source-detail": [Row(OF_FALCON, SOURCE), Row(MANAGE_FALCON, SOURCE, "delete")],
    "api-source-quality": [Row(OF_FALCON, SOURCE)],
    "api-source-sync": [post(MANAGE_FALCON, **SOURCE)],
    "api-source-pause": [post(MANAGE_FALCON, **SOURCE)],
    "api-source-resume": [post(MANAGE_FALCON, **SOURCE)],
    "api-source-check": [Row(MANAGE_FALCON, SOURCE, "post", served=400)],
    "api-run-list": [Row(OF_FALCON, SOURCE)],
    "api-run-detail": [Row(OF_FALCON, {**SOURCE, "pk": "{run.pk}"})],
    "api-run-rejections": [Row(OF_FALCON, {**SOURCE, "pk": "{run.pk}"})],
    "api-run-cancel": [post(MANAGE_FALCON, **SOURCE, pk="{run.pk}")],
    "api-root": [Row(KNOWN)],
    "api-me": [Row(KNOWN)],
    "api-schema": [Row(KNOWN)],
    "api-docs": [Row(KNOWN)],
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
    "api-epic-list": [
        Row(KNOWN),
        post(PLAN, {"feature": "{feature.pk}", "source": "falcon-git", "parent": "FAL-2"}),
    ],
    "api-epic-detail": [Row(OF_FALCON, {"pk": "{link.pk}"}), Row(PLAN, {"pk": "{link.pk}"}, "delete")],
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


class Props:
    """The cast and what the rows name beside it."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.christmas = cast.calendar.holidays.create(on="2026-12-24")
        self.viewer_grant = cast.viewer.grants.get()
        place = {"url": "/srv/nowhere.git"}
        self.source = Source.objects.create(
            slug="falcon-git", name="Falcon git", tool="git", team=cast.falcon, settings=place
        )
        self.run = SyncRun.objects.create(source=self.source, state=JobState.SUCCEEDED, finished_at=timezone.now())
        self.baseline = Baseline.objects.create(team=cast.falcon, measure="wip", starts_on="2025-01-06", reason="New")
        self.expectation = Expectation.objects.create(team=cast.falcon, days=9, valid_from="2025-01-06")
        self.initiative = Initiative.objects.create(slug="refunds", name="Refunds", stream=cast.payments)
        # Two of Falcon: for one an approval is asked for already, by nobody here.
        other = Initiative.objects.create(slug="refunds-2", name="More refunds", stream=cast.payments)
        other.teams.add(cast.falcon)
        Theme.objects.create(slug="speed", name="Speed")
        self.approval = self.initiative.approvals.create(amount=10, reason="Why", asked_at=timezone.now())
        self.review = self.initiative.reviews.create(on="2025-01-01")
        self.feature = self.initiative.features.create(team=cast.falcon, name="Refunds in the app", rank=1)
        self.scoring = ScoringSession.objects.create(name="Q1", stream=cast.payments, opened_at=timezone.now())
        self.scoring.initiatives.add(self.initiative)
        self.link = EpicLink.objects.create(feature=self.feature, source=self.source, parent="FAL-1")
        self.item = WorkItem.objects.create(
            source=self.source, external_id="1", key="FAL-1", team=cast.falcon, created_at=timezone.now()
        )

        self.forecast = stored(cast.falcon)
        vars(self).update(okr_props(cast, self.initiative))
        self.decision = Decision.objects.create(
            kind="pivot",
            question="Refunds?",
            initiative=self.initiative,
            options=[{"key": "stop", "label": "Stop"}, {"key": "pivot", "label": "Pivot"}],
            raised_at=timezone.now(),
        )
        Kpi.objects.create(slug="claims", name="Claims", stream=cast.payments)
        Kpi.objects.create(slug="paid", name="Paid", stream=cast.payments, initiative=self.initiative)
        self.quarter = Quarter.of(timezone.localdate()).next
        self.scenario = funding.copy_present(actor=None, name="Plan", quarter=self.quarter)
        self.event, self.open_event = self.budgeting(), self.budgeting()
        funding.open_event(actor=None, event=self.open_event)
        self.budgeting_item, self.open_item = self.event.items.get(), self.open_event.items.get()
        self.budgeting_group = self.event.groups.get()

    def budgeting(self) -> Event:
        """An event in which Max has the only seat."""
        made = funding.create_event(actor=None, name="Spring", budget=Decimal(900))
        funding.set_item(actor=None, event=made, initiative=self.initiative, cost=Decimal(500))
        funding.set_group(actor=None, event=made, name="South", people=[self.cast.member])
        return made

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cast, name)

    def fill(self, value: Any) -> Any:
        """`{viewer.pk}` in a row is the viewer's id."""
        if isinstance(value, dict):
            return {key: self.fill(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.fill(one) for one in value]
        if isinstance(value, str) and "{" in value:
            return value.format(**{name: getattr(self, name) for name in _names(value)})
        return value


def _names(text: str) -> list[str]:
    return [part.split(".")[0] for part in text.replace("}", "{").split("{")[1::2]]


def routes(patterns: list[URLPattern | URLResolver] | None = None) -> Iterator[str]:
    """The name of every route; the admin's are one group with a test of their own."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                yield from routes(pattern.url_patterns)
        else:
            assert pattern.name, f"the route {pattern.pattern} has no name"
            yield pattern.name


def test_every_route_has_a_row() -> None:
    missing, left_over = set(routes()) - set(ROUTES), set(ROUTES) - set(routes())
    assert not missing, f"say in this table who may open: {sorted(missing)}"
    assert not left_over, f"these routes are no more: {sorted(left_over)}"


def gets_in(client: Client, name: str, row: Row, props: Props) -> bool:
    """Whether the person is served, as opposed to sent to log in, forbidden or told that there is no such thing."""
    url = reverse(name, kwargs=props.fill(row.args)) + (f"?{props.fill(row.query)}" if row.query else "")
    options: dict[str, Any] = {"data": props.fill(row.data)}
    if name.startswith("api-") and row.method != "get":
        options["content_type"] = "application/json"
    answer = getattr(client, row.method)(url, **options)
    if answer.status_code == 302 and answer.headers["Location"].startswith("/login/?next="):
        return False
    if answer.status_code == 400 and b"does not exist" in answer.content:
        return False  # It names a team or stream that is not there for this person.
    is_plain = answer.status_code in {row.served, 200, 201, 202, 204, 302, 401, 403, 404}
    assert is_plain, (url, answer.status_code, answer.content[:300])
    return bool(answer.status_code < 400 or answer.status_code == row.served)


CASES = [pytest.param(name, row, id=f"{name}-{row.method}") for name, rows in ROUTES.items() for row in rows]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "row"), CASES)
def test_who_may_open(name: str, row: Row, cast: Cast) -> None:
    props, opened = Props(cast), set()
    for person in PEOPLE:
        client = Client()
        if person != "anonymous":
            client.force_login(cast.person(person))
        # What one person does is undone before the next one tries.
        with transaction.atomic():
            if gets_in(client, name, row, props):
                opened.add(person)
            transaction.set_rollback(True)
    assert opened == row.may


@pytest.mark.parametrize("person", PEOPLE)
def test_the_admin_is_for_administrators(person: str, cast: Cast) -> None:
    client = Client()
    if person != "anonymous":
        client.login(username=cast.person(person).email, password=PASSWORD)
    for name in ("admin:index", "admin:portfolio_team_changelist", "admin:metrics_workitem_changelist"):
        answer = client.get(reverse(name))
        assert (answer.status_code == 200) == (person == "administrator")
