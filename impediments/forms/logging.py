"""Logging an impediment, and changing what was said: four fields that must be filled, the rest is folded away."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from impediments.models import Category, Impediment
from impediments.notices import readers
from impediments.queries import items
from metrics.models import WorkItem
from portfolio.forms.base import Attempt, day_input
from portfolio.models import Team

EXTERNAL = [("", "As usual for its category"), ("yes", "Outside the organisation"), ("no", "Inside the organisation")]


def _texts(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class SaidForm(Attempt, forms.Form):
    """What is said about an impediment, when it is logged and afterwards."""

    what = forms.CharField(
        label="What is in the way?",
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": "No access to the test system", "autocomplete": "off"}),
    )
    category = forms.ChoiceField(label="Of what kind is it?", choices=[("", "Choose…"), *Category.choices])
    team = forms.ModelChoiceField(
        Team.objects.none(), label="Which team does it slow down?", empty_label="Choose…", to_field_name="slug"
    )
    since = forms.DateField(label="Since when?", widget=day_input())
    description = forms.CharField(
        label="What else should one know?", required=False, widget=_texts(3), max_length=10_000
    )
    asked = forms.CharField(
        label="What is asked, and of whom?",
        required=False,
        max_length=300,
        help_text="In one line: leaders read it first.",
    )
    owner = forms.ModelChoiceField(User.objects.none(), label="Who acts?", required=False, empty_label="Nobody yet")
    promised_on = forms.DateField(
        label="Promised for", required=False, widget=day_input(), help_text="When it ends, if somebody said so."
    )
    is_external = forms.ChoiceField(label="Where does the cause lie?", required=False, choices=EXTERNAL)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        user: User,
        teams: list[Team],
        team: Team | None,
        owner: User | None = None,
        **kwargs: Any,
    ) -> None:
        """`teams`: those to choose from; `team`: whose people may be asked to act (`owner` may in any case)."""
        super().__init__(data, **kwargs)
        self.user, self.chosen = user, team
        ids = [one.pk for one in teams]
        cast("forms.ModelChoiceField[Team]", self.fields["team"]).queryset = Team.objects.filter(pk__in=ids)
        people = cast("forms.ModelChoiceField[User]", self.fields["owner"])
        found = readers(Impediment(team=team, owner=owner)).order_by("name") if team else User.objects.none()
        people.queryset = found

    def clean_is_external(self) -> bool | None:
        return {"yes": True, "no": False}.get(self.cleaned_data["is_external"])

    @property
    def more(self) -> list[forms.BoundField]:
        """The fields that are folded away."""
        return [self[name] for name in ("asked", "owner", "promised_on", "description", "is_external")]

    @property
    def is_more(self) -> bool:
        """Whether somebody has to look at them."""
        names = {field.name for field in self.more} | {"keys"}
        return bool(names & set(self.errors)) or any(self.initial.get(name) for name in names)


class LogForm(SaidForm):
    """Beside what is said: the items that it blocks, ticked among the team's or named by their keys."""

    items = forms.ModelMultipleChoiceField(
        WorkItem.objects.none(),
        required=False,
        error_messages={"invalid_choice": "One of the items is not there (any more): choose again."},
    )
    keys = forms.CharField(
        label="Other items it blocks, by their keys",
        required=False,
        max_length=600,
        help_text="Of any team that you see, for instance FAL-12, HER-3.",
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, user=user, **kwargs)
        seen = WorkItem.objects.filter(team__in=Team.objects.for_user(user).order_by())
        cast("forms.ModelMultipleChoiceField[WorkItem]", self.fields["items"]).queryset = seen
        self.fields["since"].initial = timezone.localdate(timezone=self.chosen.zone if self.chosen else None)

    def clean_keys(self) -> list[WorkItem]:
        """The items that are named. Refused, by name, when one is not there."""
        return items.named(self.user, self.cleaned_data["keys"])

    @property
    def ticked(self) -> list[int]:
        """The items that were ticked, whether the rest of the form is right or not."""
        given = self.data.getlist("items") if isinstance(self.data, QueryDict) else self.initial.get("items", [])
        return [int(one) for one in map(str, given) if one.isdecimal() and len(one) < 19]

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given."""
        found = dict(self.cleaned_data)
        named = found.pop("keys")
        return found | {"items": list({item.pk: item for item in [*found["items"], *named]}.values())}


class ChangeForm(SaidForm):
    """What was said, to be changed; `version` is what the writer saw."""

    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given; where the cause lies only when it was said."""
        found = dict(self.cleaned_data)
        return found if found["is_external"] is not None else {k: v for k, v in found.items() if k != "is_external"}

    def renewed(self, impediment: Impediment) -> "ChangeForm":
        """The same again on what is there now: one click applies it over what somebody else did."""
        data = {name: self.data.get(name, "") for name in self.fields} | {"version": impediment.version}
        teams = list(cast("forms.ModelChoiceField[Team]", self.fields["team"]).queryset or [])
        return ChangeForm(data, user=self.user, teams=teams, team=impediment.team, owner=impediment.owner)


def initial_of(one: Impediment) -> dict[str, Any]:
    """What was said about it, for ChangeForm."""
    names = ("what", "category", "description", "asked", "promised_on", "version")
    return {name: getattr(one, name) for name in names} | {
        "team": one.team.slug,
        "owner": one.owner_id,
        "since": timezone.localdate(one.since_at, one.team.zone),
        "is_external": "yes" if one.is_external else "no",
    }
