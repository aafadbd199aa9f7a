"""The statuses of a source's workflow: made when first named, mapped by a person or by the tool's own hint."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from metrics.models import Source, Status
from metrics.rows import StatusRow

# Where a status stands in the workflow's order until somebody says: behind those with a place.
UNPLACED = 1000


class LoadedStatuses(NamedTuple):
    """Ids by external id; how many of the given rows changed something; whether a known status changed its state."""

    ids: dict[str, int]
    written: int
    remapped: bool


def chosen_states(source: Source) -> dict[str, tuple[str, int]]:
    """What a person said in advance: status name in lower case -> state and place."""
    return {name.lower(): (state, place) for place, (name, state) in enumerate(source.status_mapping)}


def _apply(status: Status, row: StatusRow | None, chosen: dict[str, tuple[str, int]]) -> bool:
    """Bring `status` to what `row` and a person's mapping say; whether that changed it."""
    before = (status.name, status.state, status.is_chosen, status.position)
    if row is not None:
        status.name = row.name or status.name
        if not status.is_chosen:
            status.state = row.hint or status.state
            status.position = status.position if row.position is None else row.position
    said = chosen.get(status.name.lower()) or chosen.get(status.external_id.lower())
    if said is not None and not status.is_chosen:
        status.state, status.position = said
        status.is_chosen = True
    return before != (status.name, status.state, status.is_chosen, status.position)


def load_statuses(source: Source, rows: Sequence[StatusRow], named: Iterable[str]) -> LoadedStatuses:
    """Store `rows`, and what else is `named` as statuses that nobody has mapped yet."""
    known = {status.external_id: status for status in Status.objects.filter(source=source)}
    given = {row.external_id: row for row in rows}
    chosen = chosen_states(source)
    new: list[Status] = []
    changed: list[Status] = []
    remapped = False
    for external_id in [*given, *(name for name in named if name not in given)]:
        status = known.get(external_id)
        is_new = status is None
        if status is None:
            status = Status(source=source, external_id=external_id, name=external_id, position=UNPLACED)
            known[external_id] = status
            new.append(status)
        state = status.state
        if _apply(status, given.get(external_id), chosen) and not is_new:
            changed.append(status)
            remapped |= state != status.state
    Status.objects.bulk_create(new)
    Status.objects.bulk_update(changed, ["name", "state", "is_chosen", "position"])
    written = sum(1 for status in (*new, *changed) if status.external_id in given)
    return LoadedStatuses({name: status.pk for name, status in known.items()}, written, remapped)
