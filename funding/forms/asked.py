"""What the address of a page of money says: of which value streams, which quarter, as of when."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from core.templatetags.ui import Choice, Entry
from metrics.forms import as_of_said, past
from portfolio.models import ValueStream
from portfolio.quarters import Quarter
from portfolio.queries import Scope, ScopeNotFound, find_scope, sees_portfolio, streams_for
from portfolio.rules import WORDS, can

# Quarters offered before and after the one of the as-of day.
BEFORE, AFTER = 5, 2


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page of money is asked to show.

    `scope` None is every one of the reader's value streams, where they do not see the portfolio. `streams` are those
    it means and the reader may see. `as_of` None is now. `problems` are messages by parameter, in words; the default
    stands in their place.
    """

    scope: Scope | None
    streams: tuple[ValueStream, ...]
    quarter: Quarter
    as_of: datetime | None
    now: datetime
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        return self.as_of or self.now

    @property
    def is_open(self) -> bool:
        """Whether something can be written: the page is of now, the quarter is not over."""
        return self.as_of is None and self.quarter.last >= timezone.localdate(self.now)

    @property
    def name(self) -> str:
        if self.scope is None:
            return "Your value streams"
        return "All value streams" if self.scope.kind == "portfolio" else self.scope.name

    @property
    def as_of_text(self) -> str:
        return f"{timezone.localtime(self.at):%-d %b %Y}" if self.as_of else "now"

    @property
    def said(self) -> str:
        """The as-of instant as the address says it; nothing for now."""
        return as_of_said(self.as_of, portal()) if self.as_of else ""

    def query_of(self, **more: str) -> str:
        """A query string of the same quarter and instant, with `more`; the usual is left out."""
        query = QueryDict(mutable=True)
        if self.quarter != Quarter.of(timezone.localdate(self.at)):
            query["quarter"] = self.quarter.slug
        if self.as_of:
            query["as_of"] = self.said
        query.update(more)
        return query.urlencode(safe=":,")

    @property
    def query(self) -> str:
        """The query string that asks the same again."""
        return self.query_of(**({"scope": self.scope.text} if self.scope else {}))

    @property
    def link(self) -> str:
        """The same quarter and instant for another page, with its "?" (or nothing)."""
        query = self.query_of()
        return f"?{query}" if query else ""


def portal() -> Scope:
    """The zone of the portal's days."""
    return Scope("portfolio", "", "", ZoneInfo(settings.TIME_ZONE), ())


def ask(params: QueryDict, user: User, now: datetime, *, money: bool = True) -> Asked:
    """Read scope, quarter and as_of.

    `money`: of the value streams whose money `user` may see; else of those they see. Raises ScopeNotFound for what is
    not there for this person, PermissionDenied where they see the place but not its money.
    """
    problems: dict[str, str] = {}
    scope = _scope(params.get("scope", "").strip(), user, money=money)
    as_of = None
    if text := params.get("as_of", "").strip():
        try:
            as_of = past(text, portal(), now)
        except ValueError as error:
            problems["as_of"] = str(error)
    quarter = Quarter.of(timezone.localdate(as_of or now))
    if text := params.get("quarter", "").strip():
        try:
            quarter = Quarter.read(text)
        except ValueError as error:
            problems["quarter"] = str(error)
    streams = tuple(one for one in seen(user, money=money) if scope is None or _is_in(one, scope))
    return Asked(scope, streams, quarter, as_of, now, problems)


def _is_in(stream: ValueStream, scope: Scope) -> bool:
    return scope.kind == "portfolio" or stream.slug == scope.slug


def seen(user: User, *, money: bool = True) -> list[ValueStream]:
    """The value streams that `user` may see, or whose money they may see."""
    return [one for one in streams_for(user) if not money or can(user, "see_money", one)]


def _scope(text: str, user: User, *, money: bool) -> Scope | None:
    if text:
        scope = find_scope(text, user)
        if scope.kind == "team":
            raise ScopeNotFound("Money is of value streams: write portfolio or stream:SLUG.")
    elif sees_portfolio(user) and (not money or can(user, "see_money")):
        scope = find_scope("portfolio", user)
    elif seen(user, money=money):
        return None
    else:
        scope = None
    if money and not _sees_money(user, scope):
        raise PermissionDenied(WORDS["see_money"])
    if scope is None:
        raise ScopeNotFound("No value stream is open to you yet.")
    return scope


def _sees_money(user: User, scope: Scope | None) -> bool:
    if scope is None:
        return False
    place = None if scope.kind == "portfolio" else ValueStream.objects.get(slug=scope.slug)
    return can(user, "see_money", place)


def pickers(asked: Asked, user: User, *, money: bool = True) -> dict[str, Any]:
    """What the pickers in a page's head offer."""
    whole = sees_portfolio(user) and (not money or can(user, "see_money"))
    first = Choice("All value streams" if whole else "Your value streams", {"scope": None}, current=_is_widest(asked))
    streams = [
        Choice(one.name, {"scope": f"stream:{one.slug}"}, current=asked.name == one.name)
        for one in seen(user, money=money)
    ]
    as_of = timezone.localtime(asked.as_of).date().isoformat() if asked.as_of else ""
    return {
        "asked": asked,
        "scope_choices": [first, *streams],
        "quarter_choices": _quarters(asked),
        "quarter_fields": [Entry("quarter", "Any other, such as 2026-q4", asked.quarter.slug, kind="text")],
        "as_of_choices": [Choice("Now", {"as_of": None}, current=not asked.as_of)],
        "as_of_fields": [Entry("as_of", "As of the end of", as_of)],
    }


def _is_widest(asked: Asked) -> bool:
    return asked.scope is None or asked.scope.kind == "portfolio"


def _quarters(asked: Asked) -> list[Choice]:
    present = Quarter.of(timezone.localdate(asked.at))
    one = present
    for _ in range(AFTER):
        one = one.next
    offered = []
    for _ in range(BEFORE + AFTER + 1):
        note = "this quarter" if one == present else ""
        query = {"quarter": None if one == present else one.slug}
        offered.append(Choice(one.name, query, note, current=one == asked.quarter))
        one = one.previous
    return offered
