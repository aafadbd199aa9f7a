"""Increments: made with their iterations, rows and checklists, and changed."""

import secrets
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from planning.actions.held import hold_increment
from planning.actions.iterations import Span, checked, place_iterations
from planning.actions.rows import free_name, keep_rows
from planning.actions.writing import Board, write
from planning.checklists import STANDARD
from planning.models import Check, Increment, Lane, LaneKind, Train
from planning.rules import require_manage
from portfolio.actions.writing import lock, save, short_name
from portfolio.rules import Person

# Addresses below /planning/ that are the portal's own.
RESERVED = {
    "absences", "agenda", "ballots", "board", "cards", "changes", "checks", "dependencies", "events", "features",
    "feed", "files", "help", "imports", "inbox", "increments", "iterations", "lanes", "links", "new", "objectives",
    "people", "polls", "risks", "rows", "teams", "timer", "trains", "undo", "votes", "wall", "walls",
}  # fmt: skip


def create_increment(
    *,
    actor: Person,
    train: Train,
    name: str,
    iterations: Sequence[Span] = (),
    slug: str = "",
    seed: int | None = None,
    after: Increment | None = None,
    **fields: Any,
) -> Increment:
    """An increment in draft: its iterations, a row per team of the train and one of milestones, the ready checklists.

    `after`: the increment before it, whose external rows are made again. `seed` is what chances are drawn with
    (default: by chance). `fields`: vision, wip_limit.
    """
    require_manage(actor, train)
    spans = checked(iterations)
    with transaction.atomic():
        held = lock(train)
        made = Increment(
            train=held, name=name, slug=_slug(held, name, slug), seed=_seed() if seed is None else seed, **fields
        )
        made.full_clean(validate_constraints=False)
        save(made)
        with write(actor, made, "made") as board:
            board.born(made)
            _fill(board, spans, after)
            board.say(f"made {made}")
    made.refresh_from_db()
    return made


def _seed() -> int:
    return secrets.randbelow(2**31)


def _slug(train: Train, name: str, slug: str) -> str:
    """As given, or of the name; where another train has that, of both names."""
    own = slugify(name.replace(".", "-"))
    given = short_name(name, slug or own[:80].strip("-"), 80)
    if given in RESERVED:
        raise ValidationError({"slug" if slug else "name": f"“{given}” is an address of the portal: choose another."})
    if train.increments.filter(name=name).exists():
        raise ValidationError({"name": "This train has an increment of that name."})
    taken = not slug and Increment.objects.filter(slug=given).exists()
    return f"{train.slug}-{own}"[:80].strip("-") if taken else given


def _fill(board: Board, spans: Sequence[Span], after: Increment | None) -> None:
    place_iterations(board, spans)
    keep_rows(board)
    position = board.increment.lanes.count()
    outside = list(after.lanes.filter(kind=LaneKind.EXTERNAL)) if after else []
    teams = set(board.increment.lanes.exclude(team=None).values_list("team", flat=True))
    for row in (one for one in outside if one.team_id is None or one.team_id not in teams):
        name = free_name(board.increment, row.name)
        board.add(Lane(increment=board.increment, kind=row.kind, team=row.team, name=name, position=position))
        position += 1
    name = free_name(board.increment, "Milestones")
    board.add(Lane(increment=board.increment, kind=LaneKind.MILESTONES, name=name, position=position))
    for place, (kind, text, rule) in enumerate(STANDARD):
        board.add(Check(increment=board.increment, list=kind, position=place, text=text, rule=rule))


def change_increment(*, actor: Person, increment: Increment, version: int | None = None, **fields: Any) -> Increment:
    """`fields`: name, vision, wip_limit, seed. Raises Conflict when somebody else changed it since."""
    with write(actor, increment, "changed") as board:
        board.require_manage()
        row = hold_increment(board, version)
        before = row.name
        board.set(row, **fields)
        board.say(f"renamed {before} to {row.name}" if row.name != before else f"changed {row.name}")
    return row
