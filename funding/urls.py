"""Addresses of the pages of money, below /portfolio/."""

from django.urls import URLPattern, URLResolver, path

from funding.views import budgets, events, guardrails, ledgers, scenarios

urlpatterns: list[URLPattern | URLResolver] = [
    path("funding/", budgets.funding, name="funding"),
    path("funding/<slug:slug>/", budgets.stream, name="funding-stream"),
    path("funding/<slug:slug>/restore/", budgets.restore, name="funding-restore"),
    path("guardrails/", guardrails.guardrails, name="guardrails"),
    path("guardrails/shares/", guardrails.shares, name="horizon-shares"),
    path("guardrails/shares/restore/", guardrails.restore_shares, name="horizon-shares-restore"),
    path("ledger/", ledgers.ledger, name="ledger"),
    path("budgeting/", events.overview, name="budgeting"),
    path("budgeting/<int:event_id>/", events.event, name="budgeting-event"),
    path("budgeting/<int:event_id>/items/", events.add_item, name="budgeting-item-add"),
    path("budgeting/<int:event_id>/items/<int:item_id>/remove/", events.remove_item, name="budgeting-item-remove"),
    path("budgeting/<int:event_id>/items/<int:item_id>/pledge/", events.pledge, name="budgeting-pledge"),
    path("budgeting/<int:event_id>/groups/", events.add_group, name="budgeting-group-add"),
    path("budgeting/<int:event_id>/groups/<int:group_id>/remove/", events.remove_group, name="budgeting-group-remove"),
    path("budgeting/<int:event_id>/open/", events.open_, name="budgeting-open"),
    path("budgeting/<int:event_id>/close/", events.close, name="budgeting-close"),
    path("scenarios/", scenarios.overview, name="scenarios"),
    path("scenarios/compare/", scenarios.compare, name="scenario-compare"),
    path("scenarios/<int:scenario_id>/", scenarios.scenario, name="scenario"),
    path("scenarios/<int:scenario_id>/copy/", scenarios.copy, name="scenario-copy"),
    path("scenarios/<int:scenario_id>/discard/", scenarios.discard, name="scenario-discard"),
    path("scenarios/<int:scenario_id>/restore/", scenarios.restore, name="scenario-restore"),
    path("scenarios/<int:scenario_id>/adopt/", scenarios.adopt, name="scenario-adopt"),
]
