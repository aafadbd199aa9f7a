"""Forms that steer the portfolio: moving an initiative, limits, approvals, thresholds, reviews, themes."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils import timezone

from portfolio.forms.base import Attempt, ThingForm, day_input
from portfolio.models import Initiative, Stage, Theme, ValueStream, Verdict

# The stages that can have a limit.
OPEN_STAGES = [stage for stage in Stage if stage != Stage.DONE]


class StageForm(Attempt, forms.Form):
    """Where an initiative goes. What is done needs to say what was decided; passing a limit needs a reason."""

    stage = forms.ChoiceField(choices=Stage.choices, widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    verdict = forms.ChoiceField(
        label="What was decided about it?", choices=Verdict.choices, widget=forms.RadioSelect, required=False
    )
    on = forms.DateField(label="Last day", widget=day_input(), required=False)
    override = forms.CharField(
        label="Reason for passing the limit", max_length=300, required=False, help_text="It stays in the history."
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, initiative: Initiative) -> None:
        today = timezone.localdate()
        super().__init__(data, initial={"version": initiative.version, "on": today}, auto_id="move-%s")
        self.initiative = initiative
        self.is_chosen = bool(data and data.get("stage") in Stage.values)
        self.is_done = bool(data and data.get("stage") == Stage.DONE)
        if not self.is_done:
            del self.fields["on"], self.fields["verdict"]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if self.is_done and not given.get("verdict") and "verdict" not in self.errors:
            self.add_error("verdict", "Say what was decided about its hypothesis.")
        return given

    @property
    def label(self) -> str:
        """The stage that was chosen, for people."""
        return Stage(self.data["stage"]).label if self.is_chosen else ""

    @property
    def asks_reason(self) -> bool:
        return "override" in self.errors or bool(self.is_chosen and self.data.get("override"))

    def renewed(self, initiative: Initiative) -> "StageForm":
        """The same again on what is there now: one click applies it over what somebody else did."""
        fields = {name: self.data.get(name, "") for name in self.fields}
        return StageForm(fields | {"version": initiative.version}, initiative=initiative)


class ApprovalForm(Attempt, forms.Form):
    amount = forms.DecimalField(max_digits=14, decimal_places=2, min_value=Decimal("0.01"))
    reason = forms.CharField(label="What for", max_length=300)

    def __init__(self, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, auto_id="approval-%s", **kwargs)
        self.fields["amount"].label = f"Up to, {settings.CURRENCY}"


class VerdictForm(Attempt, forms.Form):
    """An answer to a request: `approve` is the button that was pressed."""

    approve = forms.ChoiceField(choices=[("1", "Approve"), ("0", "Refuse")], widget=forms.HiddenInput)
    note = forms.CharField(label="Note", max_length=300, required=False)

    @property
    def is_yes(self) -> bool:
        return cast(str, self.cleaned_data["approve"]) == "1"


class ReviewForm(Attempt, forms.Form):
    on = forms.DateField(label="Reviewed on", widget=day_input(), initial=timezone.localdate)
    note = forms.CharField(label="What was seen", max_length=500, required=False)

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id="review-%s")


class ThemeForm(ThingForm):
    class Meta:
        model = Theme
        fields = ["name", "slug", "description", "position", "started_on"]
        labels = {"slug": "Short name", "started_on": "First day", "position": "Place in lists"}
        help_texts = {"position": "Smaller numbers come first; equal ones go by name."}
        widgets = {"started_on": day_input(), "description": forms.Textarea(attrs={"rows": 3})}


class LimitsForm(Attempt, forms.Form):
    """A field per stage for the whole portfolio (where the reader may) and for each value stream; empty: no limit."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        places: Sequence[ValueStream | None],
        limits: Mapping[tuple[int | None, str], int],
    ) -> None:
        super().__init__(data)
        self.places = places
        for place in places:
            for stage in OPEN_STAGES:
                where = place.name if place else "the portfolio"
                field = forms.IntegerField(label=f"{stage.label} of {where}", required=False, min_value=1)
                field.max_value = 1000
                field.initial = limits.get((place.pk if place else None, stage))
                field.widget.attrs |= {"aria-label": field.label, "min": 1, "max": 1000}
                self.fields[_cell(place, stage)] = field

    @property
    def rows(self) -> list[tuple[ValueStream | None, list[forms.BoundField]]]:
        return [(place, [self[_cell(place, stage)] for stage in OPEN_STAGES]) for place in self.places]

    @property
    def wanted(self) -> list[tuple[ValueStream | None, Stage, int | None]]:
        """Every cell that was changed: place, stage, limit."""
        cells = [(place, stage, _cell(place, stage)) for place in self.places for stage in OPEN_STAGES]
        return [(place, stage, self.cleaned_data[name]) for place, stage, name in cells if name in self.changed_data]


def _cell(place: ValueStream | None, stage: Stage) -> str:
    return f"{place.slug if place else '-'}:{stage}"


class ThresholdForm(Attempt, forms.Form):
    """Above which cost an initiative needs an approval; empty: no rule (of a stream: that of the portfolio)."""

    amount = forms.DecimalField(max_digits=14, decimal_places=2, min_value=Decimal(0), required=False)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, place: ValueStream | None, amount: Decimal | None
    ) -> None:
        where = place.slug if place else "-"
        super().__init__(data, initial={"amount": amount}, auto_id=f"threshold-{where}-%s")
        self.place, self.where = place, where
        name = place.name if place else "The portfolio"
        self.fields["amount"].widget.attrs["aria-label"] = f"{name}: approval above, {settings.CURRENCY}"
