"""Addresses of the pages of money, below /portfolio/."""

from django.urls import URLPattern, URLResolver, path

from funding.views import budgets, guardrails, ledgers

urlpatterns: list[URLPattern | URLResolver] = [
    path("funding/", budgets.funding, name="funding"),
    path("funding/<slug:slug>/", budgets.stream, name="funding-stream"),
    path("funding/<slug:slug>/restore/", budgets.restore, name="funding-restore"),
    path("guardrails/", guardrails.guardrails, name="guardrails"),
    path("guardrails/shares/", guardrails.shares, name="horizon-shares"),
    path("guardrails/shares/restore/", guardrails.restore_shares, name="horizon-shares-restore"),
    path("ledger/", ledgers.ledger, name="ledger"),
]
