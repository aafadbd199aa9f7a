"""Forms of decisions: deciding, raising, handing over, and the filter of the log."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.conf import settings

from accounts.models import User
from portfolio.forms.base import Attempt, day_input
from portfolio.models import CostKind, Decision, DecisionKind, Initiative, ValueStream, Verdict
from portfolio.queries.decisions import LogFilter
from portfolio.rules import can

# What people raise; the others come with what they are about.
RAISED = (DecisionKind.FUND, DecisionKind.PIVOT, DecisionKind.REVIEW, DecisionKind.BUDGET, DecisionKind.OTHER)


class DecideForm(Attempt, forms.Form):
    """One option, why, and when to look again; `move` where stopping can move the initiative."""

    choice = forms.ChoiceField(label="What is decided?", widget=forms.RadioSelect)
    move = forms.BooleanField(required=False)
    reason = forms.CharField(
        label="Why",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text="A sentence for those who read the log later.",
    )
    review_on = forms.DateField(
        label="Look again on",
        required=False,
        widget=day_input(),
        help_text="Then it comes back as a decision that is due. Empty: it does not.",
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, decision: Decision, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        options = [(option["key"], option["label"]) for option in decision.options]
        cast(forms.ChoiceField, self.fields["choice"]).choices = options
        initiative = decision.initiative
        if initiative is None or initiative.ended_on or Verdict.STOP not in dict(options):
            del self.fields["move"]
            return
        running = initiative.features.filter(ended_on=None).count()
        features = f" and close its {running} open feature{'' if running == 1 else 's'}" if running else ""
        self.fields["move"].label = f"If stopped: move {initiative.name} to done{features}"
        self.fields["move"].initial = True

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given; moving goes with stopping only."""
        found = self.cleaned_data
        return found | {"move": bool(found.get("move")) and found["choice"] == Verdict.STOP}


class RaiseForm(Attempt, forms.Form):
    """A question; `about` is "portfolio", "stream:3" or "initiative:5"."""

    about = forms.ChoiceField(label="About")
    kind = forms.ChoiceField(choices=[(kind.value, kind.label) for kind in RAISED])
    question = forms.CharField(max_length=300, help_text="As it can be answered with one of the options.")
    why = forms.CharField(label="Why now", required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
    options = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=1500,
        help_text="One a line, from 2 to 6. Empty: the usual ones of its kind.",
    )
    cost_kind = forms.ChoiceField(
        label="What waiting costs",
        required=False,
        choices=[("", "Not said"), *CostKind.choices],
        help_text="One kind: costs of different kinds are never added.",
    )
    cost_per_week = forms.DecimalField(required=False, min_value=0, max_digits=14, decimal_places=2)
    owner = forms.ModelChoiceField(User.objects.filter(is_active=True), required=False, empty_label="Nobody yet")
    due_on = forms.DateField(label="Decide by", required=False, widget=day_input())

    def __init__(self, data: Mapping[str, Any] | None = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        streams = [one for one in ValueStream.objects.for_user(user) if can(user, "manage_portfolio", one)]
        self.streams = {f"stream:{one.pk}": one for one in streams}
        rows = Initiative.objects.filter(stream__in=streams, ended_on=None).order_by("stream", "name")
        self.initiatives = {f"initiative:{one.pk}": one for one in rows}
        self.fields["about"].choices = self._places(can(user, "manage_portfolio"))  # type: ignore[attr-defined]
        self.fields["cost_per_week"].label = f"Cost of a week of waiting, {settings.CURRENCY}"
        if not any(can(user, "see_money", one) for one in streams):
            del self.fields["cost_kind"], self.fields["cost_per_week"]

    def _places(self, everywhere: bool) -> list[Any]:
        whole = [("portfolio", "The whole portfolio")] if everywhere else []
        streams = [(key, one.name) for key, one in self.streams.items()]
        initiatives = [(key, one.name) for key, one in self.initiatives.items()]
        return [*whole, ("Value streams", streams), ("Initiatives", initiatives)]

    def clean_options(self) -> list[dict[str, str]] | None:
        lines = [line.strip() for line in self.cleaned_data["options"].splitlines() if line.strip()]
        return [{"key": str(number), "label": line} for number, line in enumerate(lines, 1)] or None

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given."""
        found = dict(self.cleaned_data)
        about = found.pop("about")
        return found | {"initiative": self.initiatives.get(about), "stream": self.streams.get(about)}


class AssignForm(Attempt, forms.Form):
    owner = forms.ModelChoiceField(User.objects.filter(is_active=True), required=False, empty_label="Nobody yet")
    due_on = forms.DateField(label="Decide by", required=False, widget=day_input())


class DismissForm(Attempt, forms.Form):
    reason = forms.CharField(label="Why nothing is to be decided", required=False, max_length=300)


class LogForm(forms.Form):
    """The filter of the log; everything is optional."""

    q = forms.CharField(label="Words", required=False, widget=forms.TextInput(attrs={"type": "search"}), max_length=100)
    kind = forms.ChoiceField(required=False, choices=[("", "All kinds"), *DecisionKind.choices])
    first = forms.DateField(label="From", required=False, widget=day_input())
    last = forms.DateField(label="To", required=False, widget=day_input())
    dismissed = forms.BooleanField(label="Dismissed ones too", required=False)

    def wanted(self, stream: ValueStream | None) -> LogFilter:
        """The filter; what cannot be read shows its message and does not filter."""
        self.is_valid()
        found = self.cleaned_data
        return LogFilter(
            text=found.get("q", "").replace("\0", ""),
            kind=found.get("kind", ""),
            stream=stream,
            first=found.get("first"),
            last=found.get("last"),
            with_dismissed=bool(found.get("dismissed")),
        )


def initial_of(decision: Decision) -> dict[str, Any]:
    """Who is asked and by when, for AssignForm."""
    return {"owner": decision.owner_id, "due_on": decision.due_on}
