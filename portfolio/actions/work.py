"""What people do to the work of teams and value streams: features and their order, allocation policies."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from core import audit
from portfolio.actions.writing import change, check_days, create
from portfolio.models import Allocation, Feature, Initiative, Team, ValueStream, ValueType
from portfolio.rules import Person, require

# More than any team finishes in years; keeps typing slips out.
MOST_ITEMS = 10_000


def _check_guess(items: int | None) -> None:
    if items is not None and not 1 <= items <= MOST_ITEMS:
        raise ValidationError({"guessed_items": f"A guess is from 1 to {MOST_ITEMS:,} items; leave it empty for none."})


def _queue(team: Team) -> list[Feature]:
    """The open features of a team in the order they are worked.

    Until the transaction ends nobody else can rank, add or close one: the team's row is locked, before any feature's.
    """
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    return list(Feature.objects.filter(team=team, ended_on=None).order_by("rank", "pk"))


def _number(queue: Sequence[Feature]) -> None:
    """Give the features of a queue the ranks 1, 2, 3 …"""
    moved = [(rank, feature) for rank, feature in enumerate(queue, 1) if feature.rank != rank]
    for rank, feature in moved:
        feature.rank = rank
    Feature.objects.bulk_update([feature for _, feature in moved], ["rank"])


def _check_initiative(initiative: Initiative | None) -> None:
    if initiative and initiative.ended_on:
        raise ValidationError({"initiative": f"{initiative} is closed: reopen it first."})


def create_feature(*, actor: Person, team: Team, name: str, **fields: Any) -> Feature:
    """Add a feature at the end of the queue; `fields`: initiative, value_type, guessed_items, started_on, due_on."""
    require(actor, "manage_work", team)
    _check_initiative(fields.get("initiative"))
    _check_guess(fields.get("guessed_items"))
    check_days(fields.get("started_on"), fields.get("due_on"))
    with transaction.atomic():
        queue = _queue(team)
        _number(queue)
        return create(actor, "created", Feature(team=team, name=name, rank=len(queue) + 1, **fields))


def change_feature(*, actor: Person, feature: Feature, **fields: Any) -> Feature:
    """`fields`: name, initiative, value_type, guessed_items, started_on, due_on. It stays with its team."""
    require(actor, "manage_work", feature.team)
    if fields.get("initiative") and fields["initiative"].pk != feature.initiative_id:
        _check_initiative(fields["initiative"])
    _check_guess(fields.get("guessed_items"))
    check_days(fields.get("started_on", feature.started_on), fields.get("due_on", feature.due_on))
    return change(actor, "changed", feature, fields)


def close_feature(*, actor: Person, feature: Feature, on: date) -> Feature:
    """`on` is its last day; those behind it move up. Its items stay linked: it keeps its history."""
    require(actor, "manage_work", feature.team)
    with transaction.atomic():
        queue = _queue(feature.team)
        closed = change(actor, "closed", feature, {"ended_on": on})
        _number([other for other in queue if other.pk != feature.pk])
    return closed


def reopen_feature(*, actor: Person, feature: Feature, place: int | None = None) -> Feature:
    """It comes back at `place` of its team's queue (1 is next), without one at the end."""
    require(actor, "manage_work", feature.team)
    with transaction.atomic():
        queue = [other for other in _queue(feature.team) if other.pk != feature.pk]
        reopened = change(actor, "reopened", feature, {"ended_on": None})
        queue.insert(len(queue) if place is None else max(place, 1) - 1, reopened)
        _number(queue)
    return reopened


def move_feature(*, actor: Person, feature: Feature, to: int | None = None, by: int = 0) -> Feature:
    """Rank a feature in its team's queue: at place `to` (1 is next), or `by` places further back (-1: one up).

    Beyond an end means the end. The ranks of the queue stay 1, 2, 3 … whoever else ranks at the same time.
    """
    require(actor, "manage_work", feature.team)
    with transaction.atomic():
        queue = _queue(feature.team)
        before = next((place for place, other in enumerate(queue, 1) if other.pk == feature.pk), None)
        if before is None:
            raise ValidationError(f"{feature} is closed: reopen it first.")
        place = min(max(before + by if to is None else to, 1), len(queue))
        moved = queue.pop(before - 1)
        queue.insert(place - 1, moved)
        _number(queue)
        if place != before:
            audit.record(actor=actor, verb="ranked", target=moved, data={"place": [before, place]})
    return moved


def set_allocation(*, actor: Person, stream: ValueStream, shares: Mapping[str, int], tolerance: int) -> None:
    """Set which share of the stream's finished work each kind should have, in per cent: together 100, or none at all.

    `shares` by kind (feature, enabler, defect, debt, risk, other), 0 or absent: none of it. `tolerance`: by how many
    percentage points a kind may miss its share.
    """
    require(actor, "manage_work", stream)
    wanted = {kind: share for kind, share in shares.items() if share}
    _check_shares(wanted, tolerance)
    with transaction.atomic():
        row = ValueStream.objects.select_for_update(no_key=True).get(pk=stream.pk)
        before = dict(row.allocations.values_list("value_type", "share"))
        now = {kind: [before.get(kind, 0), wanted.get(kind, 0)] for kind in sorted({*before, *wanted})}
        also = {kind: pair for kind, pair in now.items() if pair[0] != pair[1]}
        row.allocations.all().delete()
        Allocation.objects.bulk_create(Allocation(stream=row, value_type=k, share=s) for k, s in wanted.items())
        change(actor, "set the allocation policy of", row, {"allocation_tolerance": tolerance}, also)


def _check_shares(wanted: Mapping[str, int], tolerance: int) -> None:
    for kind, share in wanted.items():
        if kind not in ValueType.values:
            raise ValidationError({"shares": f"There is no kind “{kind}”."})
        if not 0 <= share <= 100:
            raise ValidationError({kind: "Give a share between 0 and 100 %."})
    if not 0 <= tolerance <= 100:
        raise ValidationError({"tolerance": "Give between 0 and 100 percentage points."})
    if wanted and (total := sum(wanted.values())) != 100:
        raise ValidationError(f"The shares are {total} % together: they must be 100 %, or all empty for no policy.")
