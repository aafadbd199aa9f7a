"""Which lines of a ledger are shown."""

from typing import Any

from django import forms

from portfolio.models import Horizon


class LedgerFilter(forms.Form):
    """Words in a line's text or key, a horizon, an initiative by its short name; all may be empty."""

    q = forms.CharField(label="Search", max_length=200, required=False)
    horizon = forms.ChoiceField(label="Horizon", choices=[("", "All"), *Horizon.choices], required=False)
    initiative = forms.CharField(max_length=80, required=False, widget=forms.HiddenInput)

    @property
    def chosen(self) -> dict[str, Any]:
        """What can be used of it."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
