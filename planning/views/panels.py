"""What planning adds to the pages of value streams, teams, initiatives and features."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.utils import timezone

from accounts.queries import me
from planning.models import Card
from planning.outlook import outlooks, planned
from planning.queries.faces import chance_of
from portfolio.forms import view_of
from portfolio.models import Feature, Team, ValueStream
from portfolio.panels import Panel

# The board has the others.
SHOWN = 8


def _is_past(request: HttpRequest) -> bool:
    return view_of(request.GET, me(request), timezone.now()).is_past


def _cards(title: str, cards: Sequence[Card], shows: str, address: str = "") -> Panel:
    rows = [(card, chance_of(getattr(card, "chance", None))) for card in cards[:SHOWN]]
    more = max(0, len(cards) - SHOWN)
    return Panel("planning/panel.html", {"title": title, "rows": rows, "shows": shows, "more": more, "board": address})


def of_feature(pk: int, request: HttpRequest) -> Panel | None:
    """Where a feature is planned, now and before, with its chance."""
    cards = [] if _is_past(request) else planned(me(request), [pk])
    return _cards("When is it planned?", cards, "plan") if cards else None


def of_initiative(pk: int, request: HttpRequest) -> Panel | None:
    """Where the features of an initiative stand in open plans."""
    if _is_past(request):
        return None
    features = Feature.objects.filter(initiative=pk).order_by().values_list("pk", flat=True)
    cards = [card for card in planned(me(request), list(features)) if card.increment.is_open]
    return _cards("When are its features planned?", cards, "feature") if cards else None


def of_team(pk: int, request: HttpRequest) -> Panel | None:
    """What a team has planned, iteration by iteration."""
    if _is_past(request):
        return None
    team = Team.objects.get(pk=pk)
    found = outlooks(me(request), [pk])
    cards = [card for one in found for card in one.cards if card.lane and card.lane.team_id == pk]
    return _cards(f"What does {team} plan?", cards, "card", found[0].increment.slug) if cards else None


def of_stream(pk: int, request: HttpRequest) -> Panel | None:
    """The open plans that a value stream's teams are part of."""
    if _is_past(request):
        return None
    stream = ValueStream.objects.get(pk=pk)
    teams = list(stream.teams.order_by().values_list("pk", flat=True))
    found = outlooks(me(request), teams) if teams else []
    return Panel("planning/stream_panel.html", {"plans": found, "stream": stream}) if found else None
