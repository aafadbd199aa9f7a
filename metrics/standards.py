"""What figures are set against, read: the baselines of a scope, and what may be expected of teams."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from metrics.models import Baseline, Expectation, ItemKind
from portfolio.models import Team, ValueStream
from portfolio.queries import Person, Scope, sees_portfolio, streams_for, teams_for

# What an expectation without a kind is of.
ANY_KIND = "all types"


def place_of(scope: Scope) -> ValueStream | Team | None:
    """The stream or team that a scope is of; None is the portfolio."""
    if scope.kind == "team":
        return Team.objects.select_related("stream").get(slug=scope.slug)
    return ValueStream.objects.get(slug=scope.slug) if scope.kind == "stream" else None


def _of_scope(scope: Scope) -> Q:
    if scope.kind == "team":
        return Q(team__slug=scope.slug)
    return Q(stream__slug=scope.slug) if scope.kind == "stream" else Q(team=None, stream=None)


def scope_text(place: ValueStream | Team | None) -> str:
    """The scope of a place, as written in addresses."""
    if place is None:
        return "portfolio"
    return f"{'team' if isinstance(place, Team) else 'stream'}:{place.slug}"


def baselines_of(scope: Scope) -> dict[str, list[Baseline]]:
    """The baselines of a scope by measure, the earliest first. Those of its teams are the teams' own."""
    found: dict[str, list[Baseline]] = {}
    rows = Baseline.objects.filter(_of_scope(scope)).select_related("made_by").order_by("starts_on")
    for row in rows:
        found.setdefault(row.measure, []).append(row)
    return found


def baselines_of_each(scopes: Iterable[Scope], measure: str) -> dict[str, list[Baseline]]:
    """The baselines of several scopes for one measure, by the scope's text, the earliest first."""
    texts = {scope.text for scope in scopes}
    found: dict[str, list[Baseline]] = {}
    for row in Baseline.objects.filter(measure=measure).select_related("team", "stream").order_by("starts_on"):
        place = f"team:{row.team.slug}" if row.team else f"stream:{row.stream.slug}" if row.stream else "portfolio"
        if place in texts:
            found.setdefault(place, []).append(row)
    return found


def baselines_for(user: Person) -> "QuerySet[Baseline]":
    """The baselines of every scope that `user` may see."""
    seen = Q(team__in=teams_for(user).order_by()) | Q(stream__in=streams_for(user).order_by())
    if sees_portfolio(user):
        seen |= Q(team=None, stream=None)
    return Baseline.objects.filter(seen).select_related("team__stream", "stream", "made_by")


def expectations_for(user: Person) -> "QuerySet[Expectation]":
    """The expectations of every team that `user` may see."""
    rows = Expectation.objects.filter(team__in=teams_for(user).order_by())
    return rows.select_related("team__stream", "made_by")


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of a team's items of a kind ("" is every kind without its own), the newest first."""

    kind: str
    history: tuple[Expectation, ...]
    on: date

    @property
    def label(self) -> str:
        return kind_text(self.kind)

    @property
    def current(self) -> Expectation | None:
        """The one in force on the day `on`."""
        return next((one for one in self.history if one.valid_from <= self.on), None)


def kind_text(kind: str) -> str:
    """A kind in words: "feature", and "all types" for none."""
    return str(ItemKind(kind).label).lower() if kind else ANY_KIND


def expected_of(teams: Collection[int], on: date) -> dict[int, list[Expected]]:
    """By team what is expected as known on the day `on`, or agreed for later; for all types first."""
    rows = Expectation.objects.filter(team__in=teams).select_related("team", "made_by")
    found: dict[int, dict[str, list[Expectation]]] = {}
    for row in rows.order_by("-valid_from"):
        found.setdefault(row.team_id, {}).setdefault(row.kind, []).append(row)
    order = ["", *ItemKind.values]
    return {
        team: [Expected(kind, tuple(kinds[kind]), on) for kind in order if kind in kinds]
        for team, kinds in found.items()
    }


def expectation_of(team: int, kind: str, on: date) -> Expectation | None:
    """What is expected of an item of a kind with a team on a day: its kind's own, else that of all types."""
    rows = Expectation.objects.filter(team=team, kind__in=["", kind], valid_from__lte=on).order_by("valid_from")
    by_kind = {row.kind: row for row in rows}
    return by_kind.get(kind) or by_kind.get("")
