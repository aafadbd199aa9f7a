"""How somebody looks at a board, and the order of its rows for everybody."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from planning.models import Lane
from portfolio.forms.base import Attempt

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


class OrderForm(Attempt, forms.Form):
    """The place of each row from 1; `seen` is the order in which the writer saw them."""

    seen = RowsField(max_length=4000, widget=forms.HiddenInput)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, rows: Sequence[Lane], wanted: Sequence[Lane] = ()
    ) -> None:
        """`wanted`: the order to begin with, where it is not the present one."""
        super().__init__(data, initial={"seen": ",".join(str(row.pk) for row in rows)}, auto_id="order-%s")
        places = {row.pk: n for n, row in enumerate(wanted or rows, start=1)}
        self.rows = rows
        for row in rows:
            # A row that the writer did not see has no place among those sent: what was seen is stale, the verb says.
            self.fields[f"place-{row.pk}"] = forms.IntegerField(
                label=f"Place of {row}",
                min_value=1,
                max_value=9999,
                initial=places[row.pk],
                required=data is None or f"place-{row.pk}" in data,
            )

    @property
    def lines(self) -> list[tuple[Lane, forms.BoundField]]:
        """Each row with the field of its place."""
        return [(row, self[f"place-{row.pk}"]) for row in self.rows]

    @property
    def said(self) -> dict[str, list[int]]:
        """What the verb is given. A row that was given the place of another stands there, and the other gives way."""
        was = {row.pk: n for n, row in enumerate(self.rows, start=1)}
        now = {pk: self.cleaned_data[f"place-{pk}"] or n for pk, n in was.items()}
        gives_way = {pk: (now[pk] > was[pk]) - (now[pk] < was[pk]) for pk in was}
        order = sorted(was, key=lambda pk: (now[pk], gives_way[pk], was[pk]))
        return {"order": order, "seen": self.cleaned_data["seen"]}

    def renewed(self, rows: Sequence[Lane]) -> "OrderForm":
        """The same places again, of the rows that are there now."""
        data = dict(self.data.items())
        data["seen"] = ",".join(str(row.pk) for row in rows)
        for n, row in enumerate(rows, start=1):
            data.setdefault(f"place-{row.pk}", str(n))
        return OrderForm(data, rows=rows)
