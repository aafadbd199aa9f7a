"""What an initiative's page shows beside its columns: its way, its approvals, its reviews, what was changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any, NamedTuple

from django.utils import timezone

from accounts.models import User
from core.models import AuditEntry
from portfolio.actions import approved_amount, needs_approval, threshold_of
from portfolio.formulas import wsjf
from portfolio.models import Approval, ApprovalState, Initiative, Review, Stage, StageEntry, Theme
from portfolio.queries.board import parts
from portfolio.rules import can

# Changes of these are told without their values: not everybody who sees the initiative sees them.
MONEY = {"estimated_cost", "cost_of_delay"}
UNTOLD = {"teams", "slug", "version"}


class Step(NamedTuple):
    """An entry of a stage with the days it stayed there, both ends included; `until` None: it is there."""

    entry: StageEntry
    days: int
    until: date | None


class Change(NamedTuple):
    """Something that was done to it: who, when, and what as (name, before, after)."""

    at: datetime
    who: str
    verb: str
    fields: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Money:
    """What those see who may: the cost against the threshold, and the approvals, newest first."""

    threshold: Decimal | None
    approved: Decimal
    is_short: bool
    approvals: Sequence[Approval]
    asked: Approval | None


def way_of(initiative: Initiative, at: datetime) -> list[Step]:
    """Its stages by an instant, the latest first."""
    entries = list(initiative.stages.filter(at__lte=at).select_related("by").order_by("at", "id"))
    ends = [timezone.localdate(entry.at) for entry in entries[1:]]
    today = timezone.localdate(at)
    steps = [
        Step(entry, ((until or today) - timezone.localdate(entry.at)).days + 1, until)
        for entry, until in zip_longest(entries, ends)
    ]
    return steps[::-1]


def money_of(initiative: Initiative, user: User) -> Money | None:
    """None for those who may not see it."""
    if not can(user, "see_money", initiative.stream):
        return None
    approvals = list(initiative.approvals.select_related("asked_by", "decided_by"))
    asked = next((one for one in approvals if one.state == ApprovalState.ASKED), None)
    short = needs_approval(initiative.estimated_cost, initiative.stream_id, initiative.pk)
    return Money(threshold_of(initiative.stream_id), approved_amount(initiative.pk), short, approvals, asked)


def wsjf_of(initiative: Initiative) -> float | None:
    """Its WSJF; None while a part is not scored."""
    value = wsjf.value_of(parts(initiative))
    return None if value is None else float(value)


def reviews_of(initiative: Initiative, day: date) -> list[Review]:
    return list(initiative.reviews.filter(on__lte=day).select_related("by")[:10])


def changes_of(initiative: Initiative, user: User, at: datetime, most: int = 20) -> list[Change]:
    """What the audit trail says of it by an instant, newest first; money only for those who may see it."""
    entries = AuditEntry.objects.filter(target_type="portfolio.initiative", target_id=str(initiative.pk), at__lte=at)
    found = [Change(one.at, one.actor_name, one.verb, told_to(user, initiative, one.data)) for one in entries[:most]]
    return [one for one in found if one.fields or one.verb != "changed"]


def told(data: Mapping[str, Any], hidden: set[str]) -> list[tuple[str, str, str]]:
    """The changes of an audit entry as (name, before, after); those of a creation are left out."""
    pairs = [(name, value) for name, value in data.items() if isinstance(value, list) and len(value) == 2]
    return [
        (name.replace("_", " "), _word(before), _word(after)) for name, (before, after) in pairs if name not in hidden
    ]


def _word(value: object) -> str:
    if value in (None, ""):
        return "nothing"
    text = Stage(value).label if isinstance(value, str) and value in Stage.values else str(value)
    return text if len(text) < 80 else f"{text[:77]}…"


def requests_for(user: User) -> list[Approval]:
    """The requests that wait for a decision, oldest first, of the streams whose money `user` sees."""
    asked = Approval.objects.filter(state=ApprovalState.ASKED).order_by("asked_at")
    rows = asked.filter(initiative__in=Initiative.objects.for_user(user).order_by())
    seen = rows.select_related("initiative__stream", "asked_by")
    return [one for one in seen if can(user, "see_money", one.initiative.stream)]


def decided_for(user: User, most: int = 20) -> list[Approval]:
    """The latest decisions on requests of the streams whose money `user` sees."""
    done = Approval.objects.filter(state__in=[ApprovalState.APPROVED, ApprovalState.REFUSED])
    rows = done.filter(initiative__in=Initiative.objects.for_user(user).order_by()).order_by("-decided_at")
    seen = rows.select_related("initiative__stream", "asked_by", "decided_by")[: most * 3]
    return [one for one in seen if can(user, "see_money", one.initiative.stream)][:most]


def told_to(user: User, initiative: Initiative, data: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What somebody else changed, for `user`: money only where they may see it."""
    hidden = UNTOLD if can(user, "see_money", initiative.stream) else UNTOLD | MONEY
    return told(data, hidden)


class ThemeRow(NamedTuple):
    """A theme with its initiatives that the reader sees, in the order of the stages."""

    theme: Theme
    initiatives: Sequence[Initiative]

    @property
    def running(self) -> int:
        return sum(one.stage == Stage.IMPLEMENTING for one in self.initiatives)


def themes(user: User, *, with_ended: bool) -> tuple[list[ThemeRow], int]:
    """The themes in their order, and how many open initiatives serve none."""
    order = {stage: place for place, stage in enumerate(Stage)}
    seen = Initiative.objects.for_user(user).exclude(stage=Stage.DONE).select_related("stream").order_by("name")
    by_theme: dict[int | None, list[Initiative]] = {}
    for one in sorted(seen, key=lambda one: -order[Stage(one.stage)]):
        by_theme.setdefault(one.theme_id, []).append(one)
    rows = Theme.objects.all() if with_ended else Theme.objects.filter(ended_on=None)
    return [ThemeRow(theme, by_theme.get(theme.pk, [])) for theme in rows], len(by_theme.get(None, []))
