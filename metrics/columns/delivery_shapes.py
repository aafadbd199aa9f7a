"""What the delivery formulas read: deployments, incidents and changes as NumPy arrays. No database, no clock.

Instants are seconds since 1970 (float64; NaN: has not happened by `as_of`), days are day numbers (columns/zones.py) in
the zone of the service's team. Places that point to a deployment hold NONE where there is none.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NONE = -1


@dataclass(frozen=True, slots=True)
class DeploymentColumns:
    """Deployments that finished from the window's first day to `as_of`, by finish.

    `place` numbers (service, environment); `undone_at` is the finish of the deployment that rolled this one back.
    `is_over` is false for running and cancelled ones, `reached` true if production was reached (whatever came of it).
    """

    ids: Ints
    service: Ints
    place: Ints
    finished: Floats
    day: Ints
    is_production: Flags
    is_over: Flags
    success: Flags
    reached: Flags
    unplanned: Flags
    is_rollback: Flags
    undone_at: Floats


@dataclass(frozen=True, slots=True)
class IncidentColumns:
    """Incidents known at `as_of`. `deployment` and `fix` are the ids of the deployments that the tool named."""

    ids: Ints
    service: Ints
    started: Floats
    resolved: Floats
    # Seconds after a deployment in which an incident that names none is put down to it.
    reach: Floats
    deployment: Ints
    fix: Ints


@dataclass(frozen=True, slots=True)
class ChangeColumns:
    """Changes deployed in the window, by finish. `pull`: the id of the pull request; without, its times are NaN.

    `service` is given where parts of a wider scope are made of them (columns/parts.py).
    """

    ids: Ints
    pull: Ints
    day: Ints
    authored: Floats
    deployed: Floats
    first_commit: Floats
    opened: Floats
    reviewed: Floats
    merged: Floats
    service: Ints | None = None


@dataclass(frozen=True, slots=True)
class DeliveryColumns:
    """A scope's delivery facts. `day_at` is the scope's local day at `as_of`, `whole_day` the last that is over.

    Until `same_until` (µs, exclusive) everything is the same for a later as_of, if no new facts come.
    `has_source`: a source delivers deployments to this scope (it has one of its services, or delivered some).
    """

    day_at: int
    whole_day: int
    has_source: bool
    deployments: DeploymentColumns
    incidents: IncidentColumns
    changes: ChangeColumns
    same_until: int
