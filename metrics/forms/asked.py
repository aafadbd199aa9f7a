"""What the address of a page or of the API says: scope, window, as-of, which items, which percentiles."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote

from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict
from django.utils.formats import date_format

from accounts.models import User
from core.api import is_text
from metrics.formulas.stats import DRAWN
from metrics.measurement import ALL_ITEMS, Facets, Window
from metrics.models import ItemKind
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
    def as_of_query(self) -> str:
        """What an address takes along that is about one thing, such as an item: the instant, if not now."""
        return f"?as_of={quote(as_of_said(self.as_of, self.scope), safe=':')}" if self.as_of else ""

    @property
    def query(self) -> str:
        """The query string that asks the same again."""
        query = QueryDict(mutable=True)
        query["scope"] = self.scope.text
        query["from"], query["to"] = self.window.first.isoformat(), self.window.last.isoformat()
        if self.as_of is not None:
            query["as_of"] = as_of_said(self.as_of, self.scope)
        for name, chosen in zip(FACETS, self.facets, strict=True):
            if chosen:
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


def as_of_said(at: datetime, scope: Scope) -> str:
    """How the address says an instant: exactly; the end of a day is that day."""
    local = at.astimezone(scope.zone)
    return local.date().isoformat() if local.time() == time.max else local.isoformat()


def past(text: str, scope: Scope, now: datetime) -> datetime | None:
    """The instant written as `text`; None, which is now, when it is later today. Raises ValueError in words."""
    at = parse_as_of(text, scope)
    if at < now:
        return at
    today = now.astimezone(scope.zone).date()
    if at.astimezone(scope.zone).date() > today:
        raise ValueError(f"“{text}” has not come yet: figures are as of {today.isoformat()} or earlier.")
    return None


def parse_facets(kinds: Iterable[str], classes: Iterable[str], labels: Iterable[str]) -> tuple[Facets, dict[str, str]]:
    """Which items are meant, and what is wrong with what was said, by the name of the parameter."""
    problems: dict[str, str] = {}
    said = [tuple(sorted({*values} - {""})) for values in (kinds, classes, labels)]
    for name, values in zip(FACETS, said, strict=True):
        if not all(map(is_text, values)):
            problems[name] = "It holds a NUL or half of a character."
        elif name == "type" and (unknown := [kind for kind in values if kind not in ItemKind.values]):
            problems[name] = f"There is no type “{unknown[0]}”. There are: {', '.join(ItemKind.values)}."
    usable = [() if name in problems else values for name, values in zip(FACETS, said, strict=True)]
    return Facets(*usable), problems


def parse_ranks(text: str) -> tuple[int, ...]:
    """Percentiles written as 50,85; nothing means those that are drawn. Raises ValueError in words."""
    said = [one for part in text.replace(" ", ",").split(",") if (one := part.strip())]
    if not all(re.fullmatch("[0-9]{1,2}", one) and int(one) for one in said):
        raise ValueError("A percentile is a whole number from 1 to 99; write several with commas: 50,85.")
    return tuple(sorted({int(one) for one in said})) or DRAWN


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
            as_of = past(said, scope, now)
        except ValueError as error:
            problems["as_of"] = str(error)
    facets, wrong = parse_facets(*(params.getlist(name) for name in FACETS))
    today = (as_of or now).astimezone(scope.zone).date()
    window, ranks = _window(params, today, problems), _ranks(params, problems)
    return Asked(scope, window, as_of, problems | wrong, facets, ranks)


def _ranks(params: QueryDict, problems: dict[str, str]) -> tuple[int, ...]:
    try:
        return parse_ranks(params.get("p", ""))
    except ValueError as error:
        problems["p"] = str(error)
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
    first = given.get("from", max(last - timedelta(days=DAYS - 1), date(FIRST_YEAR, 1, 1)))
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
