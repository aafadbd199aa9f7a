"""What the list of initiatives can be asked: filters, order, groups."""

from collections.abc import Mapping
from typing import Any

from django import forms

from accounts.models import User
from portfolio.models import Horizon, Initiative, Stage, Theme, ValueStream, ValueType

SORTS = ("rank", "name", "stream", "theme", "stage", "horizon", "type", "wsjf", "cost", "due", "owner")
GROUPS = {
    "": "No groups",
    "theme": "By theme",
    "stream": "By value stream",
    "stage": "By stage",
    "horizon": "By horizon",
    "value_type": "By type of value",
    "owner": "By owner",
}
STAGES = [("", "Open"), *Stage.choices, ("all", "Open and done")]


def _choice(label: str, choices: Any, none: str = "") -> forms.ChoiceField:
    given = ([("", none)] if none else []) + list(choices)
    return forms.ChoiceField(label=label, choices=given, required=False)


class ListForm(forms.Form):
    """The filters of the list; what cannot be used is said at the field and left out of `asked`."""

    q = forms.CharField(label="Search", required=False, max_length=200, widget=forms.TextInput({"type": "search"}))
    stream = forms.ModelChoiceField(ValueStream.objects.none(), to_field_name="slug", required=False)
    theme = forms.ModelChoiceField(Theme.objects.all(), to_field_name="slug", required=False, empty_label="Any")
    stage = _choice("Stage", STAGES)
    horizon = _choice("Horizon", [*Horizon.choices, ("none", "None")], "Any")
    value_type = _choice("Type of value", ValueType.choices, "Any")
    owner = forms.ModelChoiceField(User.objects.none(), required=False, empty_label="Anybody")
    group = _choice("Groups", GROUPS.items())
    sort = _choice("Order", [(way + name, name) for name in SORTS for way in ("", "-")], "Rank")

    def __init__(self, data: Mapping[str, Any], *, user: User) -> None:
        super().__init__(data)
        streams, owners = self.fields["stream"], self.fields["owner"]
        streams.label, streams.empty_label = "Value stream", "All"  # type: ignore[attr-defined]
        streams.queryset = ValueStream.objects.for_user(user)  # type: ignore[attr-defined]
        own = Initiative.objects.for_user(user).exclude(owner=None).order_by()
        owners.queryset = User.objects.filter(pk__in=own.values("owner")).order_by("name")  # type: ignore[attr-defined]

    @property
    def asked(self) -> dict[str, Any]:
        """The values that can be used."""
        self.is_valid()
        return self.cleaned_data
