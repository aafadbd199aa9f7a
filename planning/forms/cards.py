"""The forms of cards: where one stands, what it says."""

from collections.abc import Mapping
from typing import Any

from django import forms

from planning.actions.placing import place_words
from planning.models import Card, Increment, Iteration, Lane
from planning.queries.board import cell_named
from planning.queries.faces import cell_key
from planning.rules import Reach
from portfolio.forms.base import Attempt

Place = tuple[Lane | None, Iteration | None]


def places(increment: Increment, mine: Reach, now: str = "") -> list[tuple[str, Any]]:
    """The cells that somebody may move a card to, by row; rows that take nothing in are left out but for `now`."""
    columns = list(increment.iterations.all())
    found: list[tuple[str, Any]] = []
    for lane in increment.lanes.all():
        if mine.may(lane.pk) and (not lane.left_on or now.startswith(f"{lane.pk}-")):
            cells = [(cell_key(lane.pk, one.pk), f"{lane.name}, {one.name}") for one in columns]
            found.append((lane.name, [*cells, (cell_key(lane.pk, None), f"{lane.name}, unplanned")]))
    return [("Not in a row", [("parking", "Parking lot")]), *found]


class CellField(forms.CharField):
    """A cell by its name ("3-17", "3-none", "parking") as (row, iteration)."""

    def __init__(self, increment: Increment, **options: Any) -> None:
        super().__init__(max_length=30, **options)
        self.increment = increment

    def clean(self, value: Any) -> Any:
        """The row and the iteration; both are looked at again by the verb."""
        text = super().clean(value)
        found = cell_named(self.increment, text)
        if found is None:
            raise forms.ValidationError("This place is not on the board any more: choose another one.")
        return found


class MoveForm(Attempt, forms.Form):
    """Where a card is to stand: in which cell, and before how many others (`rank`; empty: at the end)."""

    rank = forms.IntegerField(required=False, min_value=0, max_value=100_000, widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, card: Card, mine: Reach) -> None:
        self.card = card
        now = cell_key(card.lane_id, card.iteration_id)
        super().__init__(data, initial={"cell": now, "version": card.version}, auto_id="move-%s")
        select = forms.Select(choices=places(card.increment, mine, now))
        self.fields["cell"] = CellField(card.increment, label="Place", widget=select)
        self.order_fields(["cell"])

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given."""
        lane, iteration = self.cleaned_data["cell"]
        kept = {name: self.cleaned_data[name] for name in ("rank", "version")}
        return {"lane": lane, "iteration": iteration} | kept

    @property
    def to(self) -> str:
        """The place that was asked for, in words."""
        return place_words(*self.cleaned_data["cell"])

    def renewed(self, card: Card, mine: Reach) -> "MoveForm":
        """The same again on what is there now: one click applies it over what somebody else did."""
        fields = {name: self.data[name] for name in ("cell", "rank") if name in self.data}
        form = MoveForm(fields | {"version": card.version}, card=card, mine=mine)
        form.is_valid()
        return form
