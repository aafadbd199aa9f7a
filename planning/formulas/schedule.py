"""Whether a dependency can work by its iterations alone; agreement is another matter (DEFINITIONS, planning)."""

from enum import StrEnum


class Schedule(StrEnum):
    """By the iterations of provider and consumer."""

    HEALTHY = "healthy"
    RISK = "risk"
    CONFLICT = "conflict"
    UNPLANNED = "unplanned"

    @property
    def label(self) -> str:
        return LABELS[self]

    @property
    def is_problem(self) -> bool:
        """Whether somebody has to do something about it."""
        return self is not Schedule.HEALTHY


LABELS = {
    Schedule.HEALTHY: "Healthy",
    Schedule.RISK: "At risk",
    Schedule.CONFLICT: "Conflict",
    Schedule.UNPLANNED: "Unplanned",
}
# In a sentence, after "provided": what it means.
MEANINGS = {
    Schedule.HEALTHY: "Provided in an iteration before it is needed",
    Schedule.RISK: "Provided in the iteration that needs it",
    Schedule.CONFLICT: "Provided after the iteration that needs it",
    Schedule.UNPLANNED: "One of the two stands in no iteration",
}


def schedule(provider: int | None, consumer: int | None) -> Schedule:
    """The state of a dependency by the numbers of the two iterations (from 1; None: in none).

    The provider earlier: healthy; in the same one: at risk; later: conflict; either in none: unplanned.
    """
    if provider is None or consumer is None:
        return Schedule.UNPLANNED
    if provider == consumer:
        return Schedule.RISK
    return Schedule.HEALTHY if provider < consumer else Schedule.CONFLICT
