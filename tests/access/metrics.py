"""Figures, lists, forecasts and key figures, with their API."""

from typing import Any

from tests.access.people import (
    FALCON,
    FEATURE,
    GLOBAL,
    KNOWN,
    NOBODY,
    OF_FALCON,
    OF_PAYMENTS,
    PLAN,
    SCOPE,
    STREAM,
    Row,
    post,
)

STORED: dict[str, Any] = {"forecast_id": "{forecast.pk}"}
# A figure of Payments; "paid" is a leading measure of an initiative that Falcon works on.
KPI: dict[str, Any] = {"slug": "claims"}
PAGES_OF_A_SCOPE = [
    *("flow", "flow-times", "flow-ageing", "flow-blocked", "flow-mix", "flow-compare", "delivery"),
    *("forecast", "calibration"),
]
EVERY_SCOPE = [Row(OF_FALCON, query=SCOPE), Row(OF_PAYMENTS, query=STREAM), Row(GLOBAL, query="scope=portfolio")]
ROUTES: dict[str, list[Row]] = {
    "idea-to-customer": [Row(KNOWN)],
    "idea-to-customer-csv": [Row(KNOWN)],
    "epics": [Row(PLAN, FALCON)],
    "epic_link": [post(PLAN, {"source": "{source.pk}", "parent": "FAL-2"}, **FEATURE)],
    "epic_unlink": [post(PLAN, **FEATURE, link_id="{link.pk}")],
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
    # the API
    "api-metrics": [Row(KNOWN)],
    "api-metric": [Row(OF_FALCON, {"key": "throughput"}, query=SCOPE)],
    "api-report": [Row(OF_FALCON, query=SCOPE)],
    "api-forecast": [Row(OF_FALCON, query=SCOPE), Row(OF_FALCON, query="feature={feature.pk}")],
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
    "api-epic-list": [
        Row(KNOWN),
        post(PLAN, {"feature": "{feature.pk}", "source": "falcon-git", "parent": "FAL-2"}),
    ],
    "api-epic-detail": [Row(OF_FALCON, {"pk": "{link.pk}"}), Row(PLAN, {"pk": "{link.pk}"}, "delete")],
}
