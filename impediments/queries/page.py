"""The page of one impediment: what it blocks, both clocks in words, what was said and done about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User
from core.comments import comments_of
from core.models import AuditEntry, Comment
from impediments.clocks import Standing
from impediments.models import Attachment, Block, Category, Impediment, Level, Period, RootCause, State
from impediments.queries import words
from impediments.queries.rows import Row, rows_of
from metrics.models import WorkItem
from portfolio.models import Action, Decision, Team

# Of the audit trail: what the page shows elsewhere, or in other words.
UNTOLD = {"commented on", "changed a comment on", "removed a comment from", "put a comment back on"}
UNNAMED = {"resolved_at", "merged_into", "logged_by", "logged_at", "via", "undo", "version"}
# Names of things that have readers of their own: the page lists those that the reader may see.
UNNAMED |= {"question", "action"}
NAMES = {
    "since_at": "since",
    "is_external": "cause outside",
    "promised_on": "promised for",
    "root_cause": "root cause",
    "until_on": "until",
    "team_id": "team",
}


class Line(NamedTuple):
    """An item that it blocks or blocked; `seen` is the item where the reader may open it."""

    block: Block
    seen: WorkItem | None
    is_open: bool


class Deed(NamedTuple):
    """Something that was done to it: who, when, and what as (name, before, after); before may be empty."""

    at: datetime
    who: str
    verb: str
    fields: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows as at an instant."""

    row: Row
    lines: Sequence[Line]
    periods: Sequence[Period]
    comments: Sequence[Comment]
    deeds: Sequence[Deed]
    actions: Sequence[Action]
    decisions: Sequence[Decision]
    duplicates: Sequence[Impediment]
    # What it was merged into, where the reader may open that.
    same_as: Impediment | None
    files: Sequence[Attachment]
    age_words: str
    clock_words: str

    @property
    def blocked(self) -> Sequence[Line]:
        return [line for line in self.lines if line.is_open]

    @property
    def unblocked(self) -> Sequence[Line]:
        return [line for line in self.lines if not line.is_open]

    @property
    def used_share(self) -> float | None:
        """How much of the level's limit is used, 0…1; None without one."""
        clock = self.row.standing
        return min(1.0, clock.used_seconds / clock.limit_seconds) if clock and clock.limit_seconds else None


def page_of(one: Impediment, user: User, as_of: datetime, *, is_past: bool) -> Page:
    """Everything about an impediment of `seen`, however much there is, in the same number of queries."""
    row = rows_of([one], user, as_of, is_past=is_past)[0]
    periods = list(one.periods.filter(from_at__lte=as_of))
    duplicates = list(Impediment.objects.for_user(user).filter(merged_into=one))
    return Page(
        row=row,
        lines=_lines(one, user, as_of),
        periods=periods,
        comments=list(comments_of(one, *duplicates, as_of=as_of)),
        deeds=deeds_of(one, as_of),
        actions=list(one.actions.filter(pk__in=Action.objects.for_user(user).values("pk")).select_related("owner")),
        decisions=_decisions(one, user),
        duplicates=duplicates,
        same_as=_same_as(one, user),
        files=_files([one, *duplicates], as_of),
        age_words=_age_words(row, periods, as_of),
        clock_words=_clock_words(row.standing, one.team, as_of) if row.is_open and row.standing else "",
    )


def _same_as(one: Impediment, user: User) -> Impediment | None:
    seen = Impediment.objects.for_user(user)
    return seen.filter(pk=one.merged_into_id).first() if one.merged_into_id else None


def _files(ones: Sequence[Impediment], as_of: datetime) -> list[Attachment]:
    """Their files; the contents are left where they are."""
    rows = Attachment.objects.filter(impediment__in=ones, added_at__lte=as_of)
    return list(rows.select_related("added_by").defer("data"))


def _decisions(one: Impediment, user: User) -> list[Decision]:
    from portfolio.queries.decisions import decisions_for

    return list(one.decisions.filter(pk__in=decisions_for(user).values("pk")))


def _lines(one: Impediment, user: User, as_of: datetime) -> list[Line]:
    """Those that are blocked first."""
    rows = one.blocks.filter(from_at__lte=as_of).select_related("item__flow__status", "item__team")
    seen = set(Team.objects.for_user(user).order_by().values_list("pk", flat=True))
    lines = [
        Line(
            block,
            block.item if block.item and block.item.team_id in seen else None,
            block.to_at is None or block.to_at > as_of,
        )
        for block in rows
    ]
    return sorted(lines, key=lambda line: (not line.is_open, line.block.from_at, line.block.key))


def _day(at: datetime, team: Team) -> str:
    return date_format(timezone.localtime(at, team.zone), "j M Y")


def _age_words(row: Row, periods: Sequence[Period], as_of: datetime) -> str:
    """The age as a sentence."""
    one, times = row.one, len(periods)
    age = f"{row.age_text} of business time"
    if row.is_open and times <= 1:
        return f"In the way for {age}, since {_day(one.since_at, one.team)}."
    if row.is_open:
        return f"In the way for {age}, in {times} times since {_day(one.since_at, one.team)}."
    last = max((period.to_at for period in periods if period.to_at), default=as_of)
    many = f" in {times} times" if times > 1 else ""
    return f"It was in the way for {age}{many}, from {_day(one.since_at, one.team)} to {_day(last, one.team)}."


def _clock_words(clock: Standing, team: Team, as_of: datetime) -> str:
    """The level's clock as a sentence."""
    who = words.WHO[Level(clock.level)]
    used = words.hours_text(clock.used_seconds)
    if clock.is_paused:
        until = f" until {clock.until_on:%-d %b %Y}" if clock.until_on else ""
        return f"With {who} for {used}; the clock stands{until}: {clock.reason}."
    if clock.limit_seconds is None:
        return f"With {who} for {used}. This level has no limit."
    limit = words.hours_text(clock.limit_seconds)
    if clock.is_over or clock.breach_at is None or clock.level == Level.EXECUTIVE:
        return f"With {who} for {used} of {limit}: the limit is reached."
    then = words.WHO[Level(clock.level + 1)]
    breach = date_format(timezone.localtime(clock.breach_at, team.zone), "j M Y, H:i")
    return f"With {who} for {used} of {limit}; on {breach} it goes to {then}."


def deeds_of(one: Impediment, as_of: datetime) -> list[Deed]:
    """What was done to it, the latest first."""
    rows = AuditEntry.objects.filter(target_type=one._meta.label_lower, target_id=str(one.pk), at__lte=as_of)
    return [Deed(row.at, row.actor_name, row.verb, _told(row.data)) for row in rows.exclude(verb__in=UNTOLD)]


def _told(data: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    told = []
    for name, value in data.items():
        if name in UNNAMED:
            continue
        label = NAMES.get(name, name.replace("_", " "))
        if name != "items" and isinstance(value, list) and len(value) == 2:
            before = "" if value[0] in (None, "") else _said(name, value[0])
            told.append((label, before, _said(name, value[1])))
        else:
            told.append((label, "", _said(name, value)))
    return told


LABELS: Mapping[str, Mapping[str, str]] = {
    "state": dict(State.choices),
    "category": dict(Category.choices),
    "root_cause": dict(RootCause.choices),
    "level": {str(one.value): words.level_text(one) for one in Level},
}


def _said(name: str, value: object) -> str:
    if value is None or value == "" or value == []:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    text = str(value)
    if name.endswith("_at"):
        return date_format(timezone.localtime(datetime.fromisoformat(text)), "j M Y, H:i")
    return LABELS.get(name, {}).get(text, text)
