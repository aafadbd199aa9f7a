"""Guardrail 3: was what costs more than the threshold approved by somebody else than who asked?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from django.db.models import Q

from funding.templatetags.costs import whole_money
from portfolio.models import Approval, ApprovalState, ApprovalThreshold, Initiative, Stage, ValueStream

Case = Literal["waiting", "missing", "over"]


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """An initiative above its threshold. waiting: asked for, not decided; missing: not asked for and not begun;
    over: implemented for more than is approved. `approved` is up to what it may cost.
    """

    initiative: Initiative
    case: Case
    threshold: Decimal
    approved: Decimal
    request: Approval | None


@dataclass(frozen=True, slots=True)
class Approvals:
    """Guardrail 3; `thresholds` are those that hold, of the portal (None) and of streams by name."""

    thresholds: tuple[tuple[str | None, Decimal], ...]
    rows: tuple[ApprovalRow, ...]
    approved: int

    def of(self, case: Case) -> list[ApprovalRow]:
        return [row for row in self.rows if row.case == case]

    @property
    def tag(self) -> str:
        """A word for the head of the widget."""
        return "over" if self.of("over") else "waiting" if self.of("waiting") else ""

    @property
    def tone(self) -> str:
        return {"over": "bad", "waiting": "warn"}.get(self.tag, "")

    @property
    def note(self) -> str:
        """The thresholds that hold."""
        said = [f"{name or 'threshold'} {whole_money(amount)}" for name, amount in self.thresholds]
        return ", ".join(said)

    @property
    def answer(self) -> str:
        if not self.thresholds:
            return "No threshold is set: every initiative may begin without an approval."
        over, waiting, missing = len(self.of("over")), len(self.of("waiting")), len(self.of("missing"))
        said = []
        if over:
            said.append(f"{_count(over)} implemented for more than is approved")
        if waiting:
            said.append(f"{_count(waiting)} waiting for an approval")
        if missing:
            said.append(f"{_count(missing)} above the threshold and will need one")
        if not said:
            return "Everything above the threshold is approved." if self.approved else "Nothing is above the threshold."
        return f"{'; '.join(said)}."


def _count(n: int) -> str:
    return "1 initiative is" if n == 1 else f"{n} initiatives are"


def approvals(
    streams: Sequence[ValueStream], as_of: datetime, initiatives: Sequence[Initiative], stages: Mapping[int, str]
) -> Approvals:
    """The initiatives of the streams that cost more than their threshold (as it is today), as at `as_of`: two queries.

    What is done needs no approval any more.
    """
    stored = ApprovalThreshold.objects.filter(Q(stream__in=streams) | Q(stream=None))
    limits: dict[int | None, Decimal] = dict(stored.values_list("stream", "amount"))
    above = [one for one in initiatives if stages[one.pk] != Stage.DONE and _is_above(one, limits)]
    asked = _requests([one.pk for one in above], as_of)
    rows, approved = [], 0
    for one in above:
        row = _row(one, limits, asked.get(one.pk, []), as_of, is_begun=stages[one.pk] == Stage.IMPLEMENTING)
        approved += row is None
        rows += [row] if row else []
    names = {stream.pk: stream.name for stream in streams}
    shown = sorted(((names.get(pk or 0), amount) for pk, amount in limits.items()), key=lambda pair: pair[0] or "")
    return Approvals(tuple(shown), tuple(rows), approved)


def _limit(one: Initiative, limits: Mapping[int | None, Decimal]) -> Decimal | None:
    return limits.get(one.stream_id, limits.get(None))


def _is_above(one: Initiative, limits: Mapping[int | None, Decimal]) -> bool:
    limit = _limit(one, limits)
    return limit is not None and (one.estimated_cost or Decimal(0)) > limit


def _requests(ids: Sequence[int], as_of: datetime) -> dict[int, list[Approval]]:
    """What was asked for by then, by initiative, the latest first."""
    found: dict[int, list[Approval]] = {}
    for one in Approval.objects.filter(initiative__in=ids, asked_at__lte=as_of).select_related("asked_by"):
        found.setdefault(one.initiative_id, []).append(one)
    return found


def _row(
    one: Initiative, limits: Mapping[int | None, Decimal], asked: Sequence[Approval], as_of: datetime, *, is_begun: bool
) -> ApprovalRow | None:
    """The row of an initiative above its threshold; None when an approval covers it."""
    decided = [a for a in asked if a.state == ApprovalState.APPROVED and a.decided_at and a.decided_at <= as_of]
    approved = max((a.amount for a in decided), default=Decimal(0))
    if (one.estimated_cost or Decimal(0)) <= approved:
        return None
    waiting = next((a for a in asked if a.decided_at is None or a.decided_at > as_of), None)
    case: Case = "over" if is_begun else "waiting" if waiting else "missing"
    return ApprovalRow(one, case, _limit(one, limits) or Decimal(0), approved, waiting)
