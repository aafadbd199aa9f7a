"""What the address of a page or of the API says: scope, window, as-of; and the filters of lists."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import django_filters
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import F, Q, QuerySet
from django.http import QueryDict
from django.utils.formats import date_format

from accounts.models import User
from core.templatetags.ui import Choice, Entry
from metrics.formulas.stats import DRAWN
from metrics.measurement import ALL_ITEMS, Facets, Window
from metrics.models import Deployment, FlowState, ItemFlow, ItemKind, PullRequest
from portfolio.queries import Scope, ScopeNotFound, find_scope, scopes_for

DAYS = 90
MOST_DAYS = 1830
FIRST_YEAR, LAST_YEAR = 1970, 2099
# How the address says each field of Facets.
FACETS = ("type", "class", "label")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is asked to show. `as_of` None is now; `problems` are messages by parameter, in words.

    Where a parameter cannot be used, its default stands in its place.
    """

    scope: Scope
    window: Window
    as_of: datetime | None
    problems: dict[str, str] = field(default_factory=dict)
    facets: Facets = ALL_ITEMS
    # Which percentiles are shown.
    ranks: tuple[int, ...] = DRAWN

    @property
    def before(self) -> Window:
        """The equal period before the window."""
        return Window(self.window.first - timedelta(days=self.window.days), self.window.first - timedelta(days=1))

    @property
    def query(self) -> str:
        """The query string that asks the same again."""
        query = QueryDict(mutable=True)
        query["scope"] = self.scope.text
        query["from"], query["to"] = self.window.first.isoformat(), self.window.last.isoformat()
        if self.as_of is not None:
            query["as_of"] = self.as_of.astimezone(self.scope.zone).isoformat(timespec="seconds")
        for name, chosen in zip(FACETS, self.facets, strict=True):
            query.setlist(name, list(chosen))
        if self.ranks != DRAWN:
            query["p"] = ",".join(map(str, self.ranks))
        return query.urlencode(safe=":,")


def parse_day(text: str) -> date:
    """A day written as 2026-02-14. Raises ValueError in words."""
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None
    except ValueError:
        day = None
    if day is None:
        raise ValueError(f"“{text}” is not a date such as 2026-02-14.")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"The year {day.year} is outside {FIRST_YEAR} to {LAST_YEAR}.")
    return day


def parse_as_of(text: str, scope: Scope) -> datetime:
    """An instant, or a date, which means the end of that day in the scope's zone. Raises ValueError in words."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return datetime.combine(parse_day(text), time.max, tzinfo=scope.zone).astimezone(UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"“{text}” is neither a date such as 2026-02-14 nor an instant.") from None
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValueError(f"The year {at.year} is outside {FIRST_YEAR} to {LAST_YEAR}.")
    return (at if at.tzinfo else at.replace(tzinfo=scope.zone)).astimezone(UTC)


def default_window(last: date) -> Window:
    return Window(last - timedelta(days=DAYS - 1), last)


def _default_scope(user: User | AnonymousUser) -> Scope:
    """The widest scope the reader may see. Raises ScopeNotFound when there is none."""
    seen = scopes_for(user)
    if not seen:
        raise ScopeNotFound("You see no team yet: ask the PMO for a role in one.")
    return seen[0]


def ask(params: QueryDict, user: User | AnonymousUser, now: datetime) -> Asked:
    """Read scope, from, to and as_of. Raises ScopeNotFound for a scope that is not there for this person."""
    problems: dict[str, str] = {}
    text = params.get("scope", "").strip()
    scope = find_scope(text, user) if text else _default_scope(user)
    as_of = None
    if said := params.get("as_of", "").strip():
        try:
            as_of = parse_as_of(said, scope)
        except ValueError as error:
            problems["as_of"] = str(error)
    today = min(as_of or now, now).astimezone(scope.zone).date()
    window, facets, ranks = _window(params, today, problems), _facets(params, problems), _ranks(params, problems)
    return Asked(scope, window, as_of, problems, facets, ranks)


def _facets(params: QueryDict, problems: dict[str, str]) -> Facets:
    kinds, classes, labels = (tuple(sorted({*params.getlist(name)} - {""})) for name in FACETS)
    if unknown := [kind for kind in kinds if kind not in ItemKind.values]:
        problems["type"] = f"There is no type “{unknown[0]}”. There are: {', '.join(ItemKind.values)}."
        kinds = tuple(kind for kind in kinds if kind in ItemKind.values)
    return Facets(kinds, classes, labels)


def _ranks(params: QueryDict, problems: dict[str, str]) -> tuple[int, ...]:
    """The percentiles asked for, written as p=50,85."""
    said = [text.strip() for text in params.get("p", "").split(",") if text.strip()]
    if all(text.isdecimal() and 1 <= int(text) <= 99 for text in said):
        return tuple(sorted({int(text) for text in said})) or DRAWN
    problems["p"] = "A percentile is a whole number from 1 to 99; write several with commas: p=50,85."
    return DRAWN


def _window(params: QueryDict, today: date, problems: dict[str, str]) -> Window:
    given: dict[str, date] = {}
    for name in ("from", "to"):
        if text := params.get(name, "").strip():
            try:
                given[name] = parse_day(text)
            except ValueError as error:
                problems[name] = str(error)
    last = given.get("to", max(today, given.get("from", today)))
    first = given.get("from", last - timedelta(days=DAYS - 1))
    if first > last:
        problems["from"] = f"{first} is after {last}: a window starts before it ends."
    elif (last - first).days >= MOST_DAYS:
        problems["from"] = f"A window has at most {MOST_DAYS} days; this one has {(last - first).days + 1}."
    if problems.keys() & {"from", "to"}:
        return default_window(today)
    return Window(first, last)


def day_text(day: date) -> str:
    return date_format(day, "j M Y")


def window_text(window: Window) -> str:
    return f"{date_format(window.first, 'j M')} to {day_text(window.last)}"


def as_of_text(asked: Asked, now: datetime) -> str:
    """The instant a page shows, in the scope's zone; the end of a day is that day."""
    at = (asked.as_of or now).astimezone(asked.scope.zone)
    is_whole = at.time().replace(microsecond=0) == time(23, 59, 59)
    return date_format(at, "j M Y" if is_whole else "j M Y, H:i")


def _scope_choices(asked: Asked, user: User | AnonymousUser) -> list[Choice]:
    found, last = [], ""
    groups = {"portfolio": "", "stream": "Value streams", "team": "Teams"}
    for scope in scopes_for(user):
        group = groups[scope.kind] if scope.kind != last else ""
        last = scope.kind
        current = scope.text == asked.scope.text
        found.append(Choice(scope.name, {"scope": scope.text}, current=current, group=group))
    return found


def _window_choices(asked: Asked, now: datetime) -> list[Choice]:
    today = min(asked.as_of or now, now).astimezone(asked.scope.zone).date()
    choices = []
    for days in (30, 90, 180, 365):
        first = today - timedelta(days=days - 1)
        query = {"from": first.isoformat(), "to": today.isoformat()}
        choices.append(Choice(f"Last {days} days", query, current=asked.window == Window(first, today)))
    return choices


def pickers(asked: Asked, user: User | AnonymousUser, now: datetime) -> dict[str, Any]:
    """What the pickers in a page's head offer, and the problems of what was asked."""
    first, last = asked.window.first.isoformat(), asked.window.last.isoformat()
    as_of = asked.as_of.astimezone(asked.scope.zone).date().isoformat() if asked.as_of else ""
    return {
        "asked": asked,
        "scope_choices": _scope_choices(asked, user),
        "window_text": window_text(asked.window),
        "window_choices": _window_choices(asked, now),
        "window_fields": [Entry("from", "From", first), Entry("to", "To", last)],
        "as_of_text": as_of_text(asked, now) if asked.as_of else "now",
        "as_of_choices": [Choice("Now", {"as_of": None}, current=not asked.as_of)],
        "as_of_fields": [Entry("as_of", "As of the end of", as_of)],
    }


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
    q = django_filters.CharFilter(method="find", label="Search")
    state = django_filters.ChoiceFilter(
        choices=[("open", "Open"), ("merged", "Merged"), ("closed", "Closed without merge")],
        method="in_state",
        label="State",
        empty_label="Any state",
    )
    sort = Order(
        fields=[("opened_at", "opened"), ("merged_at", "merged"), ("title", "title"), ("first_review_at", "review")]
    )

    class Meta:
        model = PullRequest
        fields: list[str] = []

    def find(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return search(rows, value.removeprefix("#"), "number", "title")

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "merged":
            return rows.exclude(merged_at=None)
        return rows.filter(merged_at=None, closed_at__isnull=value == "open")


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
