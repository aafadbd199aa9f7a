"""The form of a check-in: a value, how confident one is, a line, what is in the way, and which day it is about."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from metrics.forms import parse_day
from okrs.models import CheckIn, KeyResult, KeyResultKind
from okrs.queries.due import day_of
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
        self,
        data: Mapping[str, Any] | None = None,
        *,
        key_result: KeyResult,
        given: CheckIn | None,
        last: CheckIn | None,
        on: date | None = None,
    ) -> None:
        super().__init__(data, initial=_initial(key_result, given, last, on))
        self.given = given
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


def _initial(key_result: KeyResult, given: CheckIn | None, last: CheckIn | None, on: date | None) -> dict[str, Any]:
    """What stands in the form: the check-in that is corrected, else the last value and the day."""
    if given is None:
        return {"on": on or day_of(key_result), "value": _number(key_result, last)}
    names = ("confidence", "note", "blocker", "on")
    return {"value": _number(key_result, given)} | {name: getattr(given, name) for name in names}


def _number(key_result: KeyResult, said: CheckIn | None) -> str | None:
    """As people type it: 42, not 42.0."""
    if said is None:
        return "0" if key_result.kind == KeyResultKind.MILESTONE else None
    return f"{said.value:.15g}"


def asked_day(params: Mapping[str, str]) -> date | None:
    """The day that the address names (?on=2026-11-02); None for none, and for nonsense."""
    try:
        return parse_day(params.get("on", ""))
    except ValueError:
        return None
