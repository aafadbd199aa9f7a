"""Forms of trains and the teams in them."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils import timezone

from accounts.models import User
from planning.forms.versions import Seen, VersionField
from planning.models import Train
from planning.queries.trains import possible_teams
from portfolio.forms.base import day_input
from portfolio.models import Team


class _Teams(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Team) -> str:
        return f"{obj.name} ({obj.stream.name})"


class _Team(forms.ModelChoiceField):
    def label_from_instance(self, obj: Team) -> str:
        return f"{obj.name} ({obj.stream.name})"


class TrainForm(Seen, forms.Form):
    """A train; its teams are asked for only when it is made."""

    name = forms.CharField(max_length=120)
    description = forms.CharField(label="What it delivers", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    teams = _Teams(Team.objects.none(), widget=forms.CheckboxSelectMultiple)
    first = forms.DateField(label="They plan together from", widget=day_input())
    version = VersionField()

    def __init__(self, data: Mapping[str, Any] | None = None, *, user: User, train: Train | None = None) -> None:
        given = {"name": train.name, "description": train.description, "version": train.version} if train else {}
        super().__init__(data, initial={"first": timezone.localdate(), **given})
        if train is None:
            cast(_Teams, self.fields["teams"]).queryset = possible_teams(user)
            del self.fields["version"]
        else:
            del self.fields["teams"], self.fields["first"]

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given."""
        return dict(self.cleaned_data)


class SeatForm(Seen, forms.Form):
    """A team in a train, with its days; of a seat that there is only the days."""

    team = _Team(Team.objects.none(), empty_label="Choose a team")
    first = forms.DateField(label="First day in the train", widget=day_input())
    last = forms.DateField(
        label="Last day", required=False, widget=day_input(), help_text="Empty: until further notice."
    )
    version = VersionField()

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        user: User,
        train: Train,
        initial: Mapping[str, Any] | None = None,
        is_known: bool = False,
    ) -> None:
        given = {"first": timezone.localdate(), "version": train.version, **(initial or {})}
        super().__init__(data, initial=given, auto_id="seat-%s")
        if is_known:
            del self.fields["team"]
        else:
            cast(_Team, self.fields["team"]).queryset = possible_teams(user, train)

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given."""
        return dict(self.cleaned_data)
