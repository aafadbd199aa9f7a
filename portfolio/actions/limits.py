"""Limits of the portfolio Kanban: how many initiatives a stage holds, in a value stream or in all together."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from core import audit, live
from portfolio.actions.writing import change, create
from portfolio.models import Initiative, Stage, StageLimit, ValueStream
from portfolio.rules import Person, require

# The live topic of the board; who sees which initiatives is asked when the board is read again.
BOARD = "board:portfolio"


def tell_board() -> None:
    """Tell the open boards, at the end of a transaction, that they show something old; not what: all may listen."""
    live.publish(BOARD, "changed", {})


def set_stage_limit(
    *, actor: Person, stage: str, most: int | None, stream: ValueStream | None = None
) -> StageLimit | None:
    """At most `most` initiatives in `stage` of a value stream, or (no stream) of the whole portfolio; None: no limit.

    What is there already stays, also above the limit; what comes needs an override.
    """
    require(actor, "manage_portfolio", stream)
    with transaction.atomic():
        known = StageLimit.objects.select_for_update(of=("self",)).filter(stream=stream, stage=stage).first()
        if most is None:
            if known:
                audit.record(actor=actor, verb="removed the limit", target=known, data={"most": [known.most, None]})
                known.delete()
            made = None
        elif known:
            made = change(actor, "changed the limit", known, {"most": most})
        else:
            made = create(actor, "set the limit", StageLimit(stream=stream, stage=stage, most=most))
        tell_board()
    return made


def limits_of(stream_id: int, stage: str) -> "list[StageLimit]":
    """The limits that count for a stage of a value stream, locked: who enters it waits for who enters it before."""
    limits = StageLimit.objects.select_for_update(of=("self",)).filter(stage=stage).order_by("pk")
    return [one for one in limits.select_related("stream") if one.stream_id in (None, stream_id)]


def check_limits(initiative: Initiative, stream_id: int, stage: str, override: str) -> str:
    """The override to keep with the entry: empty where no limit is passed.

    Raises ValidationError (code "limit") when one would be passed and no reason is given. Call it in a transaction.
    """
    passed = [said for one in limits_of(stream_id, stage) if (said := _passed(one, initiative))] if stage else []
    if passed and not override.strip():
        raise ValidationError({"override": [ValidationError(text, code="limit") for text in passed]})
    return override.strip()[:300] if passed else ""


def _passed(limit: StageLimit, initiative: Initiative) -> str:
    """What is said when one more initiative passes the limit; empty when it does not."""
    inside: Any = Initiative.objects.filter(stage=limit.stage).exclude(pk=initiative.pk)
    if limit.stream_id:
        inside = inside.filter(stream=limit.stream_id)
    there = inside.count()
    if there < limit.most:
        return ""
    where = f"of {limit.stream}" if limit.stream else "of the portfolio"
    label = Stage(limit.stage).label
    return f"{label} {where} holds {there} and its limit is {limit.most}. Give the reason for passing it."
