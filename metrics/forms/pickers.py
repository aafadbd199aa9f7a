"""What the pickers in a page's head offer."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from core.templatetags.ui import Choice, Entry
from metrics.forms.asked import Asked, as_of_text, window_text
from metrics.formulas.stats import DRAWN
from metrics.measurement import Window
from portfolio.queries import scopes_for


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
    today = (asked.as_of or now).astimezone(asked.scope.zone).date()
    choices = []
    for days in (30, 90, 180, 365):
        first = today - timedelta(days=days - 1)
        query = {"from": first.isoformat(), "to": today.isoformat()}
        choices.append(Choice(f"Last {days} days", query, current=asked.window == Window(first, today)))
    return choices


# What a percentile picker offers at once; any other is typed.
OFFERED = (DRAWN, (50, 85), (85,), (10, 25, 50, 75, 90))


def ranks_text(ranks: Iterable[int]) -> str:
    return ", ".join(map(str, ranks))


def _rank_choices(asked: Asked) -> list[Choice]:
    return [
        Choice(ranks_text(ranks), {"p": None if ranks == DRAWN else said(ranks)}, current=asked.ranks == ranks)
        for ranks in OFFERED
    ]


def said(ranks: Iterable[int]) -> str:
    """As the address says percentiles."""
    return ",".join(map(str, ranks))


def pickers(
    asked: Asked, user: User | AnonymousUser, now: datetime, *, of_items: bool = True, of_ranks: bool = True
) -> dict[str, Any]:
    """What the pickers in a page's head offer, and the problems of what was asked.

    `of_items`: the page's figures are of items, so that one may choose among these; `of_ranks`: of percentiles.
    """
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
        "of_items": of_items,
        "of_ranks": of_ranks,
        "ranks_text": ranks_text(asked.ranks),
        "rank_choices": _rank_choices(asked),
        "rank_fields": [Entry("p", "Any of 1 to 99, with commas", said(asked.ranks), kind="text")],
    }
