"""Forms of baselines and expectations. They check what was typed; the verbs in metrics/actions/standards.py do it."""

from collections.abc import Mapping
from typing import Any

from django import forms

from metrics.models import Baseline, Expectation, ItemKind
from portfolio.forms import Attempt, day_input


class BaselineForm(Attempt, forms.Form):
    """When a process changed, and why."""

    starts_on = forms.DateField(
        label="The process changed on",
        widget=day_input(),
        help_text="The limits begin anew with the first full week from this day on.",
    )
    reason = forms.CharField(label="What changed", max_length=200, help_text="Such as “WIP limit halved”.")
    ends_on = forms.DateField(
        label="Last day that makes the limits",
        widget=day_input(),
        required=False,
        help_text="Left empty, all weeks from the change on do; at least 8 full weeks are needed.",
    )

    @classmethod
    def of(cls, baseline: Baseline, data: Mapping[str, Any] | None = None) -> "BaselineForm":
        """The form that changes a baseline."""
        names = ("starts_on", "reason", "ends_on")
        return cls(data, initial={name: getattr(baseline, name) for name in names})


class NewBaselineForm(BaselineForm):
    for_all = forms.BooleanField(label="It changed for all five charts", required=False)


class ExpectationForm(Attempt, forms.Form):
    """What may be expected from a day on; `kind` empty is all types."""

    kind = forms.ChoiceField(
        label="Type",
        required=False,
        choices=[("", "All types without their own"), *ItemKind.choices],
    )
    percent = forms.IntegerField(label="Share, %", min_value=1, max_value=99, initial=85)
    days = forms.IntegerField(label="Days or less", min_value=1, help_text="Calendar days; the same day is 1.")
    valid_from = forms.DateField(label="From", widget=day_input())

    @classmethod
    def of(cls, expectation: Expectation, data: Mapping[str, Any] | None = None) -> "ExpectationForm":
        """The form that corrects an expectation; of which type it is stays."""
        names = ("percent", "days", "valid_from")
        form = cls(data, initial={name: getattr(expectation, name) for name in names})
        del form.fields["kind"]
        return form
