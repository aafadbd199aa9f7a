"""What the checks say of a source, in one go; kept until something of it changes."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.cache import cache
from django.urls import reverse

from metrics.columns import NEVER, day_date, instant
from metrics.models import Source, Status, WorkItem
from metrics.quality.checks import CHECKS
from metrics.quality.shapes import Called, Check, Found, Names, NotChecked, Result, Stored
from portfolio.models import Team

CACHE_SECONDS = 3600
# Reports with more findings than this are made anew each time: too much to keep.
MOST_KEPT = 200_000


@dataclass(frozen=True, slots=True)
class Report:
    """Every check of a source as at the instant `at`, in the order of CHECKS."""

    source: Source
    at: datetime
    results: tuple[Result, ...]

    @property
    def findings(self) -> list[Result]:
        """What was found: what changes figures first, what is only to know last."""
        some = [result for result in self.results if result.count]
        return sorted(some, key=lambda one: (not one.check.changes_figures, one.check.is_note))

    @property
    def clean(self) -> list[Result]:
        return [result for result in self.results if result.found is not None and not result.count]

    @property
    def not_checked(self) -> list[Result]:
        return [result for result in self.results if result.found is None]

    @property
    def sentence(self) -> str:
        """What a person reads first."""
        look = [one for one in self.findings if not one.check.is_note]
        notes = [one for one in self.findings if one.check.is_note]
        known = f" To know: {_named(notes)}." if notes else ""
        if not look:
            checked = len(self.clean) + len(notes)
            if not checked:
                return "Nothing to check yet: the source has delivered nothing."
            checks = "1 check" if checked == 1 else f"{checked} checks"
            return f"Nothing to mend: {checks} found nothing wrong.{known}"
        changing = [one for one in look if one.check.changes_figures]
        things = "1 thing" if len(look) == 1 else f"{len(look)} things"
        return f"{things} to look at, {_share(len(changing), len(look))}: {_named(changing or look)}.{known}"

    def result(self, key: str) -> Result | None:
        return next((result for result in self.results if result.check.key == key), None)


def _share(changing: int, all_of: int) -> str:
    """How many of the findings change figures, in words."""
    if not changing:
        return "none changes figures" if all_of > 1 else "which changes no figures"
    if changing == all_of:
        return {1: "which changes figures", 2: "both change figures"}.get(all_of, "all of them change figures")
    return f"{changing} of them change{'s' if changing == 1 else ''} figures"


def _named(some: Sequence[Result], most: int = 3) -> str:
    """ "finished before started (6 items), items without points (39 items) and 2 more"."""
    names = [f"{one.check.title[:1].lower()}{one.check.title[1:]} ({one.counted})" for one in some[:most]]
    if len(some) > most:
        names.append(f"{len(some) - most} more")
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def inspect(source: Source, at: datetime, more: Iterable[Check] = ()) -> Report:
    """Run every check, and `more` of them, on a source as it is stored now (`at`)."""
    checks = (*CHECKS, *more)
    name = f"quality:{_stamp(source, at)}:{len(checks)}"
    kept: list[tuple[Found | None, str]] | None = cache.get(name)
    if kept is None:
        stored = Stored(source, at)
        kept = [_run(check, stored) for check in checks]
        if sum(len(one.ids) for one, _ in kept if one is not None) <= MOST_KEPT:
            cache.set(name, kept, CACHE_SECONDS)
    results = (Result(check, one, reason) for check, (one, reason) in zip(checks, kept, strict=True))
    return Report(source, at, tuple(results))


def _run(check: Check, stored: Stored) -> tuple[Found | None, str]:
    if check.of_items and not stored.has_items:
        return None, "the source has delivered no work items"
    try:
        return check.find(stored), ""
    except NotChecked as reason:
        return None, str(reason)


def _stamp(source: Source, at: datetime) -> str:
    """What the findings depend on. The clock only by the day, where the last sync went well."""
    others = Source.objects.order_by("pk").values_list("pk", "created_at", "data_version")
    teams = Team.objects.order_by("pk").values_list("pk", "timezone", "planning_unit")
    calendar = source.team.calendar
    holidays = calendar.holidays.order_by("on").values_list("on", flat=True)
    attempt = (source.synced_at, source.attempted_at)
    is_over = source.synced_at and (source.attempted_at is None or source.attempted_at <= source.synced_at)
    day = at.astimezone(source.team.zone).date()
    clock = day if is_over else at.replace(second=0, microsecond=0)
    parts = (
        source.pk,
        attempt,
        source.type_mapping,
        list(others),
        list(teams),
        calendar.weekdays,
        list(holidays),
        clock,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Line:
    """A finding: what it is called, where it is (`url`, here; `tool_url`, in the tool), when, and what is wrong."""

    name: str
    title: str
    url: str
    tool_url: str
    at: datetime | date | None
    text: str


def lines(source: Source, result: Result, start: int, stop: int) -> list[Line]:
    """Findings `start` (from 0) up to `stop` of a check, in words; the same few queries for one and for many."""
    if result.found is None:
        return []
    part = Found(*(values[start:stop] for values in result.found))
    names = Names(
        dict(Status.objects.filter(source=source).values_list("pk", "name")),
        dict(Team.objects.values_list("pk", "name")),
    )
    texts = [result.check.say(names, a, b) for a, b in zip(part.a.tolist(), part.b.tolist(), strict=True)]
    subjects = _subjects(result.check, part, names)
    return [
        Line(*subject, _when(result.check, subject_id, at), text)
        for subject, subject_id, at, text in zip(subjects, part.ids.tolist(), part.at.tolist(), texts, strict=True)
    ]


def _when(check: Check, subject: int, at: int) -> datetime | date | None:
    if check.subject == "day":
        return day_date(subject)
    return None if at == NEVER else instant(at)


def _subjects(check: Check, part: Found, names: Names) -> Sequence[Called]:
    """What the findings are called."""
    ids = part.ids.tolist()
    if check.call is not None:
        return check.call(part)
    if check.subject == "status":
        return [(names.statuses.get(pk, "gone"), "", "", "") for pk in ids]
    if check.subject == "day":
        return [(f"{on.day} {on:%b %Y}", "", "", "") for on in map(day_date, ids)]
    rows = WorkItem.objects.filter(pk__in=ids).values_list("pk", "key", "title", "url", "deleted_at")
    known = {pk: (key, title, "" if gone else reverse("item", args=[pk]), url) for pk, key, title, url, gone in rows}
    return [known.get(pk, ("gone", "not in the database any more", "", "")) for pk in ids]


HEAD = ("what", "title", "when", "finding", "address in the tool")


def cells(line: Line) -> tuple[object, ...]:
    """A line as a row of a CSV, under HEAD."""
    return (line.name, line.title, line.at, line.text, line.tool_url)
