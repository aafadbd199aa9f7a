"""The filters and orders of lists: the same on pages and in the API."""

from typing import Any

import django_filters
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import F, Q, QuerySet

from metrics.models import Deployment, FlowState, ItemFlow, ItemKind, PullRequest


def search(rows: QuerySet[Any], text: str, key: str, title: str) -> QuerySet[Any]:
    """Rows whose key starts with `text` or whose title holds its words."""
    words = SearchQuery(text, search_type="websearch", config="simple")
    named: QuerySet[Any] = rows.annotate(found=SearchVector(title, config="simple"))
    return named.filter(Q(**{f"{key}__istartswith": text}) | Q(found=words))


class Order(django_filters.OrderingFilter):
    """Sorts by the chosen column, what has no value last, and always in the same order."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return qs
        names = [self.get_ordering_value(one) for one in value]
        order = [F(n[1:]).desc(nulls_last=True) if n.startswith("-") else F(n).asc(nulls_last=True) for n in names]
        return qs.order_by(*order, "pk")


class ItemFilter(django_filters.FilterSet):
    """Work items, by what ItemFlow derived of them."""

    q = django_filters.CharFilter(method="find", label="Search")
    state = django_filters.ChoiceFilter(choices=FlowState.choices, label="State", empty_label="Any state")
    kind = django_filters.ChoiceFilter(
        choices=ItemKind.choices, field_name="item__kind", label="Type", empty_label="Any type"
    )
    sort = Order(
        fields=[
            ("item__key", "key"),
            ("item__title", "title"),
            ("item__kind", "type"),
            ("team__name", "team"),
            ("state", "state"),
            ("created_at", "created"),
            ("started_at", "started"),
            ("finished_at", "finished"),
            ("cycle_days", "cycle"),
            ("lead_days", "lead"),
        ]
    )

    class Meta:
        model = ItemFlow
        fields: list[str] = []

    def find(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return search(rows, value, "item__key", "item__title")


class PullRequestFilter(django_filters.FilterSet):
    """Pull requests with what had become of them (lists.pull_requests)."""

    q = django_filters.CharFilter(method="find", label="Search")
    state = django_filters.ChoiceFilter(
        choices=[("open", "Open"), ("merged", "Merged"), ("closed", "Closed without merge")],
        method="in_state",
        label="State",
        empty_label="Any state",
    )
    sort = Order(fields=[("opened_at", "opened"), ("merged", "merged"), ("title", "title"), ("reviewed", "review")])

    class Meta:
        model = PullRequest
        fields: list[str] = []

    def find(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return search(rows, value.removeprefix("#"), "number", "title")

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "merged":
            return rows.exclude(merged=None)
        return rows.filter(merged=None, closed__isnull=value == "open")


class DeploymentFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="find", label="Search")
    status = django_filters.ChoiceFilter(
        choices=[("success", "Successful"), ("failure", "Failed"), ("running", "Running"), ("cancelled", "Cancelled")],
        label="Result",
        empty_label="Any result",
    )
    production = django_filters.ChoiceFilter(
        choices=[("1", "Production"), ("0", "Other")],
        method="in_production",
        label="Environment",
        empty_label="Any environment",
    )
    sort = Order(
        fields=[
            ("finished_at", "finished"),
            ("service__name", "service"),
            ("ref", "ref"),
            ("environment", "environment"),
        ]
    )

    class Meta:
        model = Deployment
        fields: list[str] = []

    def find(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(Q(ref__istartswith=value) | Q(sha__startswith=value.lower()))

    def in_production(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(is_production=value == "1")
