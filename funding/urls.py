"""Addresses of the pages of money, below /portfolio/."""

from django.urls import URLPattern, URLResolver, path

from funding.views import budgets, guardrails, ledgers, scenarios

urlpatterns: list[URLPattern | URLResolver] = [
    path("funding/", budgets.funding, name="funding"),
    path("funding/<slug:slug>/", budgets.stream, name="funding-stream"),
    path("funding/<slug:slug>/restore/", budgets.restore, name="funding-restore"),
    path("guardrails/", guardrails.guardrails, name="guardrails"),
    path("guardrails/shares/", guardrails.shares, name="horizon-shares"),
    path("guardrails/shares/restore/", guardrails.restore_shares, name="horizon-shares-restore"),
    path("ledger/", ledgers.ledger, name="ledger"),
    path("scenarios/", scenarios.overview, name="scenarios"),
    path("scenarios/compare/", scenarios.compare, name="scenario-compare"),
    path("scenarios/<int:scenario_id>/", scenarios.scenario, name="scenario"),
    path("scenarios/<int:scenario_id>/copy/", scenarios.copy, name="scenario-copy"),
    path("scenarios/<int:scenario_id>/discard/", scenarios.discard, name="scenario-discard"),
    path("scenarios/<int:scenario_id>/restore/", scenarios.restore, name="scenario-restore"),
    path("scenarios/<int:scenario_id>/adopt/", scenarios.adopt, name="scenario-adopt"),
]
