"""Forms that say which items belong to a feature. They check what was typed; metrics/actions/epics.py does it."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from metrics.epics import Epic, sources_for, unlinked
from metrics.models import Source
from portfolio.forms import Attempt
from portfolio.models import Initiative, Team


class LinkForm(Attempt, forms.Form):
    """A parent of a source; parents that belong to no feature yet are offered, and others can be typed."""

    source = forms.ModelChoiceField(queryset=Source.objects.none(), empty_label=None)
    parent = forms.CharField(
        label="Epic",
        max_length=200,
        help_text="Its key, as the tool’s items name it: of an issue in Jira the key of its parent or epic.",
        widget=forms.TextInput(attrs={"list": "epics-offered", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, team: Team, user: User) -> None:
        super().__init__(data, auto_id="link-%s")
        sources = sources_for(team.pk)
        choice = cast("forms.ModelChoiceField[Source]", self.fields["source"])
        choice.queryset = Source.objects.filter(pk__in=[source.pk for source in sources])
        self.offered = unlinked(team.pk, user)
        choice.initial = sources[0] if sources else None
        if len(sources) == 1:
            choice.widget = forms.HiddenInput()
        self.is_possible = bool(sources)


class MakeFeaturesForm(Attempt, forms.Form):
    """Which epics become features, under which names; a name is taken only where its epic is."""

    initiative = forms.ModelChoiceField(
        queryset=Initiative.objects.none(), required=False, empty_label="None", label="Part of the initiative"
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, epics: Sequence[Epic], team: Team, user: User) -> None:
        super().__init__(data)
        self.epics = {epic.key: epic for epic in epics}
        for epic in epics:
            self.fields[f"take:{epic.key}"] = forms.BooleanField(required=False, label=epic.parent)
            name = forms.CharField(
                required=False, max_length=200, label=f"Name of {epic.parent}", initial=epic.title or epic.parent
            )
            name.widget.attrs["aria-label"] = name.label
            self.fields[f"name:{epic.key}"] = name
        choice = cast("forms.ModelChoiceField[Initiative]", self.fields["initiative"])
        choice.queryset = Initiative.objects.for_user(user).filter(ended_on=None, stream=team.stream_id)

    @property
    def rows(self) -> list[tuple[Epic, forms.BoundField, forms.BoundField]]:
        """Each epic with its box and its name."""
        return [(epic, self[f"take:{key}"], self[f"name:{key}"]) for key, epic in self.epics.items()]

    def clean(self) -> dict[str, Any]:
        self.chosen: list[tuple[Source, str, str]] = []
        for key, epic in self.epics.items():
            if self.cleaned_data.get(f"take:{key}"):
                name = self.cleaned_data.get(f"name:{key}", "").strip()
                if not name and f"name:{key}" not in self.errors:
                    self.add_error(f"name:{key}", "Give the feature a name.")
                self.chosen.append((epic.source, epic.parent, name))
        if not self.chosen:
            raise ValidationError("Choose at least one epic.")
        return self.cleaned_data
