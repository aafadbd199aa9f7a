"""How somebody looks at a board."""

from typing import Any

from django import forms

DENSITIES = [("airy", "Airy"), ("dense", "Dense")]


class RowsField(forms.CharField):
    """Ids of rows, apart by commas."""

    def clean(self, value: Any) -> Any:
        """The ids as numbers."""
        said = [part.strip() for part in super().clean(value).split(",") if part.strip()]
        if not all(part.isdecimal() and len(part) < 19 for part in said):
            raise forms.ValidationError("Rows are named by their numbers.")
        return [int(part) for part in said]


class LookForm(forms.Form):
    """What is not sent stays as it is."""

    lanes = RowsField(required=False, max_length=4000)
    folded = RowsField(required=False, max_length=4000)
    density = forms.ChoiceField(choices=DENSITIES, required=False)

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given."""
        return {name: self.cleaned_data[name] for name in self.fields if name in self.data and self._counts(name)}

    def _counts(self, name: str) -> bool:
        return name != "density" or bool(self.cleaned_data[name])
