"""Forms of key figures and of their values. They check what was typed; the verbs in metrics/actions/kpis.py do it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from metrics.forms.asked import past
from metrics.kpis import linkable
from metrics.models import Kpi
from portfolio.forms import Attempt, ThingForm, day_input
from portfolio.models import Initiative, Team, ValueStream
from portfolio.queries import Scope


def day_asked(params: QueryDict, now: datetime) -> tuple[date, bool, str]:
    """The day of `as_of` in an address, whether it is a past one, and what is wrong with it, in words."""
    today = timezone.localdate(now)
    said = params.get("as_of", "").strip()
    try:
        at = past(said, Scope("portfolio", "", "Portfolio", ZoneInfo(settings.TIME_ZONE), ()), now) if said else None
    except ValueError as error:
        return today, False, str(error)
    return (timezone.localdate(at), True, "") if at else (today, False, "")


class KpiForm(ThingForm):
    """What a figure is; `stream` is whose it is. With a measure the portal writes its values."""

    measure = forms.ChoiceField(label="Measure", required=False)

    class Meta:
        model = Kpi
        fields = [
            *("name", "description", "unit", "better", "target", "target_on", "owner", "initiative", "position"),
            *("measure", "team", "percentile", "window_days"),
        ]
        labels = {
            "description": "What it says, and where it comes from",
            "better": "Which way is better",
            "target_on": "To be reached by",
            "initiative": "Leading measure of",
            "position": "Place in lists",
            "team": "Of which team",
            "window_days": "Over the last … days",
        }
        help_texts = {
            "unit": "Such as %, days, EUR or customers; a measure of the portal brings its own.",
            "owner": "May enter values, whatever their role.",
            "initiative": "For a figure that shows early whether an initiative works.",
            "percentile": "From 1 to 99, for measures that have them; empty: the figure itself.",
            "position": "Smaller numbers come first; equal ones go by name.",
        }
        widgets = {"target_on": day_input(), "description": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, data: Mapping[str, Any] | None = None, *, stream: ValueStream, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        measure = cast(forms.ChoiceField, self.fields["measure"])
        measure.choices = [("", "None: people or programs enter its values")] + [
            (metric.key, f"{metric.label}: {metric.question}") for metric in linkable()
        ]
        self._choose("team", Team.objects.filter(stream=stream), "The whole value stream")
        self._choose("initiative", Initiative.objects.filter(stream=stream, ended_on=None), "The value stream itself")
        self._choose("owner", User.objects.filter(is_active=True), "Nobody yet")
        percentile = cast(forms.IntegerField, self.fields["percentile"])
        percentile.widget.attrs |= {"min": 1, "max": 99}

    def _choose(self, name: str, rows: Any, nothing: str) -> None:
        field = cast("forms.ModelChoiceField[Any]", self.fields[name])
        own = getattr(self.instance, f"{name}_id", None)
        field.queryset = rows | rows.model.objects.filter(pk=own) if own else rows
        field.empty_label = nothing

    @property
    def of_measure(self) -> list[forms.BoundField]:
        """The fields that link it to a measure of the portal."""
        return [self[name] for name in ("measure", "team", "percentile", "window_days")]

    @property
    def of_figure(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field not in self.of_measure]

    @property
    def is_linked(self) -> bool:
        """Whether those fields say something, so that they are shown at once."""
        return bool(self["measure"].value()) or any(field.errors for field in self.of_measure)


class ValueForm(Attempt, forms.Form):
    """What a figure was on a day; a day that has a value is corrected."""

    on = forms.DateField(label="Day", widget=day_input())
    value = forms.FloatField(label="Value", widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}))
    note = forms.CharField(label="Note", max_length=300, required=False, help_text="Why it moved, in a line.")

    def __init__(self, data: Mapping[str, Any] | None = None, *, unit: str = "", **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if unit:
            self.fields["value"].label = f"Value, {unit}"
