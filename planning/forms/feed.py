"""The filters of a board's log."""

from typing import Any, cast

from django import forms

from planning.models import Increment
from planning.queries.feed import Asked, writers

KINDS = [
    ("", "Everything"),
    ("card", "Cards"),
    ("dependency", "Dependencies"),
    ("objective", "Objectives"),
    ("risk", "Risks"),
    ("capacity", "Capacity by hand"),
    ("lane", "Rows"),
    ("iteration", "Iterations"),
    ("increment", "The increment"),
]


class FeedForm(forms.Form):
    """What is wrong in the address is not asked for."""

    q = forms.CharField(label="Words", required=False, max_length=100, widget=forms.TextInput({"type": "search"}))
    who = forms.ChoiceField(label="Who", required=False)
    kind = forms.ChoiceField(label="What", choices=KINDS, required=False)
    card = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, increment: Increment) -> None:
        super().__init__(data, auto_id="feed-%s")
        people = [("", "Everybody"), ("me", "Me"), ("portal", "The portal"), *writers(increment)]
        cast(forms.ChoiceField, self.fields["who"]).choices = people

    @property
    def asked(self) -> Asked:
        """The filters that hold."""
        self.is_valid()
        given = self.cleaned_data
        return Asked(given.get("who") or "", given.get("kind") or "", given.get("card"), given.get("q") or "")
