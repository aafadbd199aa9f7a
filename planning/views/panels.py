"""What planning adds to the pages of value streams, teams, initiatives and features."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone

from accounts.queries import me
from planning.models import Card
from planning.outlook import Outlook, outlooks, planned
from planning.queries.faces import chance_of
from planning.queries.past import NOT_KEPT, outlooks_then, planned_then
from portfolio.forms import view_of
from portfolio.models import Feature, Team, ValueStream
from portfolio.panels import Panel

# The board has the others.
SHOWN = 8


def _past(request: HttpRequest) -> datetime | None:
    """The past instant that the page is asked for; None: now."""
    asked = view_of(request.GET, me(request), timezone.now())
    return asked.at if asked.is_past else None


def _planned(features: Collection[int], request: HttpRequest) -> list[Card]:
    at = _past(request)
    return planned_then(me(request), features, at) if at else planned(me(request), features)


def _outlooks(teams: Collection[int], request: HttpRequest) -> list[Outlook]:
    at = _past(request)
    return outlooks_then(me(request), at, teams) if at else outlooks(me(request), teams)


def _cards(title: str, cards: Sequence[Card], shows: str, request: HttpRequest, address: str = "") -> Panel:
    said = {"title": title, "shows": shows, "more": max(0, len(cards) - SHOWN), "board": address}
    rows = [(card, chance_of(getattr(card, "chance", None))) for card in cards[:SHOWN]]
    return Panel("planning/panel.html", {**said, "rows": rows, "not_kept": NOT_KEPT if _past(request) else ""})


def of_feature(pk: int, request: HttpRequest) -> Panel | None:
    """Where a feature is planned, now and before, with its chance."""
    cards = _planned([pk], request)
    return _cards("When is it planned?", cards, "plan", request) if cards else None


def of_initiative(pk: int, request: HttpRequest) -> Panel | None:
    """Where the features of an initiative stand in open plans."""
    features = Feature.objects.filter(initiative=pk).order_by().values_list("pk", flat=True)
    cards = [card for card in _planned(list(features), request) if card.increment.is_open]
    return _cards("When are its features planned?", cards, "feature", request) if cards else None


def of_team(pk: int, request: HttpRequest) -> Panel | None:
    """What a team has planned, iteration by iteration."""
    team = Team.objects.get(pk=pk)
    found = _outlooks([pk], request)
    cards = [card for one in found for card in one.cards if card.lane and card.lane.team_id == pk]
    return _cards(f"What does {team} plan?", cards, "card", request, found[0].increment.slug) if cards else None


def of_stream(pk: int, request: HttpRequest) -> Panel | None:
    """The open plans that a value stream's teams are part of."""
    stream = ValueStream.objects.get(pk=pk)
    teams = list(stream.teams.order_by().values_list("pk", flat=True))
    found = _outlooks(teams, request) if teams else []
    return Panel("planning/stream_panel.html", {"plans": found, "stream": stream}) if found else None
