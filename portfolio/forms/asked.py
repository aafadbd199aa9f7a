"""What the address of a portfolio page says: the value stream, the theme, the day it is read as of."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time

from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User
from portfolio.models import Theme, ValueStream


@dataclass(frozen=True, slots=True)
class View:
    """A portfolio page as asked: `at` is the instant, `as_of` the day in the past (None: now); `problems` in words."""

    at: datetime
    as_of: date | None = None
    stream: ValueStream | None = None
    theme: Theme | None = None
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def is_past(self) -> bool:
        return self.as_of is not None

    @property
    def query(self) -> str:
        """The query string that asks the same again, without its question mark."""
        query = QueryDict(mutable=True)
        if self.stream:
            query["stream"] = self.stream.slug
        if self.theme:
            query["theme"] = self.theme.slug
        if self.as_of:
            query["as_of"] = self.as_of.isoformat()
        return query.urlencode()

    @property
    def text(self) -> str:
        """The instant for people."""
        return (
            date_format(self.as_of, "j M Y") if self.as_of else date_format(timezone.localtime(self.at), "j M Y, H:i")
        )


def read_day(text: str, today: date) -> date | None:
    """A past day written as 2026-02-14; None is today. Raises ValueError in words."""
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None
    except ValueError:
        day = None
    if day is None or not 1970 <= day.year <= 2099:
        raise ValueError(f"“{text[:40]}” is not a date such as 2026-02-14.")
    if day > today:
        raise ValueError(f"{text} has not come yet: choose {today.isoformat()} or earlier.")
    return None if day == today else day


def view_of(params: QueryDict, user: User, now: datetime) -> View:
    """Read stream, theme and as_of. What cannot be used is left out and said."""
    problems: dict[str, str] = {}
    day: date | None = None
    if said := params.get("as_of", "").strip():
        try:
            day = read_day(said, timezone.localdate(now))
        except ValueError as error:
            problems["as_of"] = str(error)
    at = timezone.make_aware(datetime.combine(day, time.max)) if day else now
    stream = _named(params, "stream", problems, ValueStream.objects.for_user(user))
    theme = _named(params, "theme", problems, Theme.objects.all())
    return View(at, day, stream, theme, problems)


def _named(params: QueryDict, name: str, problems: dict[str, str], rows):  # type: ignore[no-untyped-def]
    slug = params.get(name, "").strip().replace("\0", "")
    found = rows.filter(slug=slug).first() if slug else None
    if slug and found is None:
        problems[name] = f"There is no {'value stream' if name == 'stream' else name} “{slug[:40]}” for you."
    return found
