"""The form that logs what data propose: filled in, to be corrected by whoever knows better."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.utils import timezone

from accounts.models import User
from impediments.models import Category, Proposal
from impediments.proposals import blockable
from impediments.queries.people import teams_to_log
from metrics.models import WorkItem
from portfolio.forms import Attempt, day_input
from portfolio.models import Team


class AcceptForm(Attempt, forms.Form):
    """`said` is what accept_proposal takes."""

    what = forms.CharField(label="What is in the way?", max_length=200)
    category = forms.ChoiceField(choices=[("", "Choose…"), *Category.choices])
    team = forms.ModelChoiceField(Team.objects.none(), help_text="Its calendar runs the clocks.")
    since = forms.DateField(label="Since when?", widget=day_input(), help_text="The first day that data show it.")
    items = forms.ModelMultipleChoiceField(
        WorkItem.objects.none(),
        label="What does it block?",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Each counts as blocked from that day on, or from the later day on which it began to wait, was "
        "marked or became too old itself, while it is in progress.",
    )
    asked = forms.CharField(label="What is asked, and of whom?", max_length=300, required=False)
    description = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), required=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, proposal: Proposal, user: User) -> None:
        items = blockable(proposal, user)
        super().__init__(data, initial=_initial(proposal, items))
        self.proposal = proposal
        _choose(self.fields["team"], teams_of(proposal, user))
        _choose(self.fields["items"], WorkItem.objects.filter(pk__in=[item.pk for item in items]).order_by("key"))
        if not items:
            del self.fields["items"]

    @property
    def said(self) -> dict[str, Any]:
        """What the verb takes; a day that was left as proposed is the instant that was proposed."""
        said = {"items": []} | self.cleaned_data
        if said["since"] == _day(self.proposal):
            said["since"] = self.proposal.since_at
        return said


def _choose(field: forms.Field, rows: Any) -> None:
    cast(forms.ModelChoiceField, field).queryset = rows


def _day(proposal: Proposal) -> Any:
    zone = proposal.team.zone if proposal.team else None
    return timezone.localdate(proposal.since_at, zone)


def _initial(proposal: Proposal, items: Sequence[WorkItem]) -> dict[str, Any]:
    fields = {name: getattr(proposal, name) for name in ("what", "category", "team")}
    return fields | {"since": _day(proposal), "items": items, "description": proposal.why}


def teams_of(proposal: Proposal, user: User) -> Any:
    """The teams of its value stream that `user` may log impediments of."""
    mine = [team.pk for team in teams_to_log(user) if team.stream_id == proposal.stream_id]
    return Team.objects.filter(pk__in=mine)


class DismissProposalForm(Attempt, forms.Form):
    reason = forms.CharField(label="Why is it none?", max_length=300, required=False)
