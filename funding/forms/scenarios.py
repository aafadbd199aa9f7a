"""Forms of scenarios: they check what was typed, the verbs in funding/actions/scenarios.py do what is to be done."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django import forms
from django.conf import settings
from django.utils import timezone

from funding.actions.scenarios import Funded
from funding.queries.scenarios import Column, Line
from portfolio.forms import Attempt, day_input
from portfolio.models import Initiative, Stage, ValueStream
from portfolio.quarters import Quarter

# Quarters that scenarios are made for: the one that runs and so many after it.
AHEAD = 4


def quarters() -> list[Quarter]:
    """The quarters that a scenario can be of."""
    found = [Quarter.of(timezone.localdate())]
    for _ in range(AHEAD):
        found.append(found[-1].next)
    return found


class CopyForm(Attempt, forms.Form):
    """A name for the copy; of the present also the quarter."""

    name = forms.CharField(max_length=120, label="Name of the scenario", help_text="Such as “Half of it for Platform”.")
    quarter = forms.ChoiceField(label="Of which quarter")

    def __init__(self, data: Mapping[str, Any] | None = None, *, with_quarter: bool = True, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if with_quarter:
            offered = quarters()
            self.fields["quarter"].choices = [(one.slug, one.name) for one in offered]  # type: ignore[attr-defined]
            self.initial.setdefault("quarter", offered[1].slug)
        else:
            del self.fields["quarter"]

    def clean_quarter(self) -> Quarter:
        return Quarter.read(self.cleaned_data["quarter"])


def money_field(label: str, *, required: bool) -> forms.DecimalField:
    return forms.DecimalField(label=label, min_value=Decimal(0), max_digits=14, decimal_places=2, required=required)


class Row(NamedTuple):
    """An initiative with its two fields."""

    line: Line
    funded: forms.BoundField
    amount: forms.BoundField


class FundingForm(Attempt, forms.Form):
    """What a scenario funds: a budget per value stream, a tick and an amount per initiative, one more initiative."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    name = forms.CharField(max_length=120)
    description = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), required=False, label="What it tries out")

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, column: Column, streams: Sequence[ValueStream]
    ) -> None:
        super().__init__(data)
        self.column, self.streams = column, streams
        scenario = column.scenario
        self.initial = {name: getattr(scenario, name) for name in ("version", "name", "description")}
        for stream in streams:
            label = f"Budget of {stream.name}, {settings.CURRENCY}"
            self.fields[f"budget_{stream.pk}"] = money_field(label, required=True)
            self.initial[f"budget_{stream.pk}"] = column.budgets.get(stream.pk, Decimal(0))
        for line in column.lines:
            self._add(line)
        held = [line.initiative.pk for line in column.lines]
        rest = Initiative.objects.exclude(stage=Stage.DONE).exclude(pk__in=held).select_related("stream")
        more = forms.ModelChoiceField(rest, required=False, label="Add an initiative", empty_label="None")
        more.label_from_instance = lambda obj: f"{obj.name} ({obj.stream.name}, {obj.get_stage_display().lower()})"  # type: ignore[method-assign]
        self.fields["more"] = more

    def _add(self, line: Line) -> None:
        one = line.initiative
        self.fields[f"funded_{one.pk}"] = forms.BooleanField(label=f"Fund {one.name}", required=False)
        self.fields[f"amount_{one.pk}"] = money_field(f"With how much in the quarter: {one.name}", required=False)
        self.initial.update({f"funded_{one.pk}": line.is_funded, f"amount_{one.pk}": line.amount})

    @property
    def budget_rows(self) -> list[tuple[ValueStream, forms.BoundField]]:
        return [(stream, self[f"budget_{stream.pk}"]) for stream in self.streams]

    @property
    def rows(self) -> list[Row]:
        lines = [(line, line.initiative.pk) for line in self.column.lines]
        return [Row(line, self[f"funded_{pk}"], self[f"amount_{pk}"]) for line, pk in lines]

    @property
    def given(self) -> dict[str, Any]:
        """What was typed, as the verb takes it."""
        data = self.cleaned_data
        initiatives: dict[Initiative, Funded] = {
            line.initiative: (data[f"funded_{line.initiative.pk}"], data[f"amount_{line.initiative.pk}"])
            for line in self.column.lines
        }
        if data.get("more"):
            initiatives[data["more"]] = (True, None)
        budgets = {stream: data[f"budget_{stream.pk}"] for stream in self.streams}
        own = {name: data[name] for name in ("version", "name", "description")}
        return own | {"budgets": budgets, "initiatives": initiatives}


class AdoptForm(Attempt, forms.Form):
    """Why this one; `version` and `seen` are the scenario and the budgets that the actor looked at."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(label="Why this one", widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
    review_on = forms.DateField(label="Look at it again on", widget=day_input(), required=False)
    start = forms.BooleanField(
        label="Start what it funds of the backlog now",
        required=False,
        help_text="Never past an approval or a limit: what has to wait is listed.",
    )
