"""Forms of budgets and of the shares of horizons: they check what was typed, the verbs do what is to be done."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings

from funding.formulas.horizons import Target
from funding.models import Amendment
from portfolio.forms import Attempt
from portfolio.models import Horizon


class BudgetForm(Attempt, forms.Form):
    """The amount of a quarter's budget; `seen` is the amendment that the writer looked at (0: none)."""

    amount = forms.DecimalField(min_value=Decimal(0), max_digits=14, decimal_places=2)
    reason = forms.CharField(max_length=300, required=False)
    seen = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, latest: Amendment | None) -> None:
        known = {"amount": latest.amount, "seen": latest.pk} if latest else {"seen": 0}
        super().__init__(data, initial=known)
        self.fields["amount"].label = f"Budget of the quarter, {settings.CURRENCY}"
        reason = self.fields["reason"]
        reason.label, reason.required = ("Why it changes", True) if latest else ("Why so much", False)
        if data and data.get("seen") == "0":
            # Who saw no budget could not know that a reason is needed: they are told that there is one now.
            reason.required = False
        reason.error_messages["required"] = "Say why the budget changes: an amendment keeps its reason."


class SharesForm(Attempt, forms.Form):
    """Which share of spend each horizon should have, and by how much it may be off."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, targets: Mapping[str, Target]) -> None:
        super().__init__(data)
        for horizon in Horizon:
            known = targets.get(horizon.value)
            self.fields[horizon.value] = forms.IntegerField(
                label=f"{horizon.label}, %", min_value=0, max_value=100, required=False, initial=known and known.share
            )
            self.fields[f"{horizon.value}_tolerance"] = forms.IntegerField(
                label="May be off by, points", min_value=0, max_value=100, required=False,
                initial=known.tolerance if known else 5,
            )  # fmt: skip

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Of each horizon the field of its share and that of its tolerance."""
        return [(self[horizon.value], self[f"{horizon.value}_tolerance"]) for horizon in Horizon]

    @property
    def given(self) -> dict[str, dict[str, int]]:
        """What was typed, as the verb takes it; no share at all: no targets."""
        data = self.cleaned_data
        shares = {h.value: data[h.value] for h in Horizon if data.get(h.value) is not None}
        keys = {h.value: f"{h.value}_tolerance" for h in Horizon}
        tolerances = {h: data[key] for h, key in keys.items() if data.get(key) is not None}
        return {"shares": shares, "tolerances": tolerances}
