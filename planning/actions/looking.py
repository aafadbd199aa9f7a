"""How a person looks at a board: the order of its rows, those folded, the density. No part of the plan, so no line of
its log and no audit entry."""

from collections.abc import Sequence

from accounts.models import User
from planning.models import BoardView, Increment


def look_at(
    *,
    actor: User,
    increment: Increment,
    lanes: Sequence[int] | None = None,
    folded: Sequence[int] | None = None,
    density: str | None = None,
) -> BoardView:
    """Keep what is given, as this person's; rows that are not on the board are left out."""
    view, _ = BoardView.objects.get_or_create(increment=increment, user=actor)
    there = set(increment.lanes.values_list("pk", flat=True))
    if lanes is not None:
        view.lanes = [pk for pk in dict.fromkeys(lanes) if pk in there]
    if folded is not None:
        view.folded = [pk for pk in dict.fromkeys(folded) if pk in there]
    if density is not None:
        view.density = density
    view.clean_fields(exclude=["lanes", "folded"])
    view.save()
    return view
