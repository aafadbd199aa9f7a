"""The form of a check-in: a value, how confident one is, a line, what is in the way, and which day it is about."""

from collections.abc import Mapping
from typing import Any

from django import forms

from okrs.models import CheckIn, KeyResult, KeyResultKind
from okrs.rules import today
from portfolio.forms import Attempt, day_input

CONFIDENCE = [(number, str(number)) for number in range(11)]
REACHED = [("0", "Not yet"), ("1", "Reached")]


class CheckInForm(Attempt, forms.Form):
    """The last value stands in it; `given` is the check-in that is corrected."""

    value = forms.FloatField()
    confidence = forms.TypedChoiceField(
        label="How confident are you that it will be reached?",
        choices=CONFIDENCE,
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose from 0 (no hope) to 10 (certain)."},
    )
    note = forms.CharField(label="In one line: what happened?", max_length=300, required=False)
    blocker = forms.CharField(label="What is in the way?", max_length=300, required=False)
    on = forms.DateField(label="Day", widget=day_input(), help_text="A day that has a check-in is corrected.")

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, key_result: KeyResult, given: CheckIn | None, last: float | None
    ) -> None:
        super().__init__(data, initial=_initial(key_result, given, last))
        self.key_result = key_result
        if key_result.updates_itself:
            del self.fields["value"]
        elif key_result.kind == KeyResultKind.MILESTONE:
            self.fields["value"] = forms.TypedChoiceField(
                label="Is it reached?", choices=REACHED, coerce=float, widget=forms.RadioSelect
            )
            self.order_fields(["value", "confidence", "note", "blocker", "on"])
        else:
            self.fields["value"].label = f"Value, {key_result.unit}" if key_result.unit else "Value"
            self.fields["value"].widget.attrs |= {"step": "any", "inputmode": "decimal"}

    @property
    def said(self) -> dict[str, Any]:
        """What the verb takes."""
        return {"value": None, **self.cleaned_data}


def _initial(key_result: KeyResult, given: CheckIn | None, last: float | None) -> dict[str, Any]:
    """What stands in the form: the check-in that is corrected, else the last value and today."""
    objective = key_result.objective
    if given is None:
        day = min(today(objective), objective.cycle.ends_on)
        return {"on": day, "value": _number(last)}
    names = ("confidence", "note", "blocker", "on")
    return {"value": _number(given.value)} | {name: getattr(given, name) for name in names}


def _number(value: float | None) -> str | None:
    """As people type it: 42, not 42.0."""
    return None if value is None else f"{value:.15g}"
