"""Forms of participatory budgeting: they check what was typed, the verbs in funding/actions/events.py do it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.conf import settings

from accounts.models import User
from funding.models import Event
from portfolio.forms import Attempt
from portfolio.models import Initiative, Stage


def _money(label: str, *, least: str, required: bool = True) -> forms.DecimalField:
    return forms.DecimalField(
        label=f"{label}, {settings.CURRENCY}", min_value=Decimal(least), max_digits=14, decimal_places=2,
        required=required,
    )  # fmt: skip


class EventForm(Attempt, forms.Form):
    name = forms.CharField(max_length=120, help_text="Such as “What do we fund in spring?”")
    description = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), required=False, label="What it is about")
    budget = forms.DecimalField()

    def __init__(self, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["budget"] = _money("Budget of each group", least="0.01")
        self.fields["budget"].help_text = "Every group works with the whole budget; its people share it equally."


class ItemForm(Attempt, forms.Form):
    initiative = forms.ModelChoiceField(queryset=Initiative.objects.none(), empty_label="Choose an initiative")
    cost = forms.DecimalField()

    def __init__(self, data: Mapping[str, Any] | None = None, *, event: Event) -> None:
        super().__init__(data, auto_id="item-%s")
        rows = Initiative.objects.exclude(stage=Stage.DONE).exclude(pk__in=event.items.values("initiative"))
        cast("forms.ModelChoiceField[Initiative]", self.fields["initiative"]).queryset = rows
        self.fields["cost"] = _money("Cost", least="0.01", required=False)
        self.fields["cost"].help_text = "Left empty: what it is estimated to cost."


class GroupForm(Attempt, forms.Form):
    name = forms.CharField(label="Name of the group", max_length=80)
    people = forms.ModelMultipleChoiceField(queryset=User.objects.none(), widget=forms.CheckboxSelectMultiple)

    def __init__(self, data: Mapping[str, Any] | None = None, *, event: Event) -> None:
        super().__init__(data, auto_id="group-%s")
        seated = event.seats.values("user")
        free = User.objects.filter(is_active=True).exclude(pk__in=seated).order_by("name")
        cast("forms.ModelMultipleChoiceField[User]", self.fields["people"]).queryset = free


class PledgeForm(Attempt, forms.Form):
    """What somebody puts on an item; 0 takes it back."""

    amount = forms.DecimalField()

    def __init__(self, data: Mapping[str, Any] | None = None, *, item_id: int, mine: Decimal | None = None) -> None:
        super().__init__(data, auto_id=f"pledge-{item_id}-%s", initial={"amount": mine or None})
        self.item_id = item_id
        self.fields["amount"] = _money("My pledge", least="0")
