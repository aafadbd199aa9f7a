"""No question takes longer than a page may: what would is refused in words, or answered without its figures."""

from dataclasses import replace

from metrics.forecasts.questions import DEFAULT_DAYS, BadQuestion, Question
from metrics.formulas.forecast.cost import MOST, cost, cost_of_counting
from metrics.formulas.forecast.shapes import Inputs

TOO_MUCH = "too many items to forecast within a second"


def bounded(inputs: Inputs, question: Question) -> Inputs:
    """The inputs, or as much of them as the engine can answer in time (formulas/forecast/cost.py).

    Raises BadQuestion for a day too far ahead and for too many items, where the question says them.
    """
    if cost(inputs) <= MOST:
        return inputs
    slim = _without_figures(_without_counting(inputs))
    if cost(slim) <= MOST:
        return slim
    if question.items and any(target.id == "items" for target in inputs.targets):
        raise BadQuestion({"items": f"These are {TOO_MUCH}: ask for fewer."})
    targets = tuple(replace(one, parts=(), reason=one.reason or TOO_MUCH) for one in slim.targets)
    return replace(slim, lines=(), targets=targets, counting=(), reason=slim.reason or TOO_MUCH)


def _without_counting(inputs: Inputs) -> Inputs:
    """Without “how many by”, where that is what takes long."""
    if inputs.by is None or cost_of_counting(inputs) <= MOST / 2:
        return inputs
    if (inputs.by - inputs.today).days > DEFAULT_DAYS:
        raise BadQuestion({"by": f"{inputs.by} is too far ahead for so many finishes a day: choose an earlier day."})
    return replace(inputs, counting=(), notes=(*inputs.notes, "how many are finished by a day would take too long"))


def _without_figures(inputs: Inputs) -> Inputs:
    """Without the curve and the fan of each day, where they are what takes long."""
    if cost(inputs) <= MOST:
        return inputs
    targets = tuple(replace(target, detail=False) for target in inputs.targets)
    return replace(inputs, targets=targets, notes=(*inputs.notes, "the figure of each day would take too long"))
