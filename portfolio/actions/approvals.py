"""Approval of spending (guardrail 3): an initiative above the threshold needs one before it is implemented."""

from decimal import Decimal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from core import audit
from portfolio.actions.limits import tell_board
from portfolio.actions.writing import change, create, lock
from portfolio.models import Approval, ApprovalState, ApprovalThreshold, Initiative, Stage, ValueStream
from portfolio.rules import Person, can, require

# Who sets the first threshold has no row to wait for.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('portfolio_approvalthreshold'))"


def threshold_of(stream_id: int) -> Decimal | None:
    """The amount above which initiatives of a value stream need an approval: its own, else the portal's; None: none."""
    both = ApprovalThreshold.objects.filter(Q(stream=stream_id) | Q(stream=None))
    return both.order_by(F("stream").asc(nulls_last=True)).values_list("amount", flat=True).first()


def approved_amount(initiative_id: int | None) -> Decimal:
    """Up to what an initiative may cost by its approvals; 0 without any."""
    approved = Approval.objects.filter(initiative=initiative_id, state=ApprovalState.APPROVED)
    return approved.order_by("-amount").values_list("amount", flat=True).first() or Decimal(0)


def needs_approval(cost: Decimal | None, stream_id: int, initiative_id: int | None) -> bool:
    """Whether an approval is missing before an initiative of this cost is implemented."""
    threshold = threshold_of(stream_id) if cost is not None else None
    return cost is not None and threshold is not None and cost > threshold and cost > approved_amount(initiative_id)


def check_approval(initiative: Initiative, *, stage: str, cost: Decimal | None, stream_id: int, field: str) -> None:
    """Refuse, at `field`, what would be implemented without the approval it needs.

    The message names no amount: not everybody who moves initiatives sees money.
    """
    if stage == Stage.IMPLEMENTING and needs_approval(cost, stream_id, initiative.pk):
        said = "It costs more than the approval threshold and no approval covers it: ask for an approval first."
        raise ValidationError({field: ValidationError(said, code="approval")})


def ask_approval(*, actor: Person, initiative: Initiative, amount: Decimal, reason: str) -> Approval:
    """Ask that up to `amount` may be spent on an initiative. One request at a time."""
    require(actor, "manage_portfolio", initiative.stream)
    require(actor, "see_money", initiative.stream)
    if not reason.strip():
        raise ValidationError({"reason": "Say what the money is for."})
    if amount <= 0:
        raise ValidationError({"amount": "Give an amount above 0."})
    with transaction.atomic():
        lock(initiative)
        asked = Approval(initiative=initiative, amount=amount, reason=reason.strip(), asked_at=timezone.now())
        asked.asked_by_id = actor.pk if actor else None
        made = create(actor, "asked for", asked)
        tell_board()
    return made


def _open(approval: Approval) -> Approval:
    """The request as it is now, locked. Raises ValidationError when it was decided or withdrawn meanwhile."""
    row = lock(approval)
    if row.state != ApprovalState.ASKED:
        who = f" by {row.decided_by}" if row.decided_by else ""
        raise ValidationError(f"This request is {row.get_state_display().lower()} already{who}.")
    return row


def decide_approval(*, actor: Person, approval: Approval, approve: bool, note: str = "") -> Approval:
    """Approve or refuse. Whoever asked never decides: two people see each big spending."""
    require(actor, "approve", approval.initiative.stream)
    if actor is not None and actor.pk == approval.asked_by_id:
        raise PermissionDenied("You asked for this approval yourself: somebody else decides.")
    with transaction.atomic():
        row = _open(approval)
        state = ApprovalState.APPROVED if approve else ApprovalState.REFUSED
        fields: dict[str, object] = {"state": state, "note": note.strip(), "decided_at": timezone.now()}
        decided = change(actor, state.value, row, fields | {"decided_by": actor})
        tell_board()
    return decided


def withdraw_approval(*, actor: Person, approval: Approval) -> Approval:
    """Take back a request that is not decided yet: whoever asked, or who manages the portfolio there."""
    if actor is None or actor.pk != approval.asked_by_id or not can(actor, "see_money", approval.initiative.stream):
        require(actor, "manage_portfolio", approval.initiative.stream)
    with transaction.atomic():
        row = _open(approval)
        gone = change(actor, "withdrew", row, {"state": ApprovalState.WITHDRAWN, "decided_at": timezone.now()})
        tell_board()
    return gone


def set_threshold(*, actor: Person, amount: Decimal | None, stream: ValueStream | None = None) -> None:
    """Initiatives that cost more than `amount` need an approval: of a value stream, or (no stream) of those without
    their own. None takes it away. What is being implemented goes on; raising its cost is checked."""
    require(actor, "manage_money", stream)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(ONE_AT_A_TIME)
        known = ApprovalThreshold.objects.select_for_update(of=("self",)).filter(stream=stream).first()
        if amount is not None and known:
            change(actor, "changed the approval threshold", known, {"amount": amount})
        elif amount is not None:
            create(actor, "set the approval threshold", ApprovalThreshold(stream=stream, amount=amount))
        elif known:
            data = {"amount": [str(known.amount), None]}
            audit.record(actor=actor, verb="removed the approval threshold", target=known, data=data)
            known.delete()
        tell_board()
