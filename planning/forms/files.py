"""Which synced items are to become features of a plan."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms

from metrics.models import Source
from planning.imports import Query
from portfolio.models import Team


class QueryForm(forms.Form):
    """The query in the address; `said` is what it asks for."""

    source = forms.ModelChoiceField(Source.objects.none(), required=False, empty_label="Every source")
    team = forms.ModelChoiceField(Team.objects.none(), required=False, empty_label="Every team", to_field_name="slug")
    kind = forms.CharField(label="Type or kind", required=False, max_length=100)
    label = forms.CharField(required=False, max_length=100)
    parent = forms.CharField(label="Key of the parent", required=False, max_length=100)
    with_done = forms.BooleanField(label="Also what is finished or closed", required=False)

    def __init__(self, *args: object, sources: Sequence[Source], teams: Sequence[Team], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name, model, rows in (("source", Source, sources), ("team", Team, teams)):
            field = cast("forms.ModelChoiceField[Any]", self.fields[name])
            field.queryset = model._default_manager.filter(pk__in=[row.pk for row in rows])

    @property
    def said(self) -> Query:
        """What is asked for; nothing more than everything while a field is wrong."""
        return Query(**{name: value for name, value in self.cleaned_data.items() if value})
