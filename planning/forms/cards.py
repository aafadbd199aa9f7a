"""The forms of cards: where one stands, what it says."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.db.models import Q

from accounts.models import User
from planning.actions.placing import place_words
from planning.forms.versions import Seen, VersionField
from planning.models import Card, Increment, Iteration, Lane, Unit
from planning.queries.board import cell_named
from planning.queries.faces import cell_key
from planning.rules import Reach
from portfolio.forms.base import ThingForm, day_input
from portfolio.models import Feature

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


class MoveForm(Seen, forms.Form):
    """Where a card is to stand: in which cell, and before how many others (`rank`; empty: at the end)."""

    rank = forms.IntegerField(required=False, min_value=0, max_value=100_000, widget=forms.HiddenInput)
    version = VersionField()

    def __init__(self, data: Mapping[str, Any] | None = None, *, card: Card, mine: Reach) -> None:
        self.card = card
        now = cell_key(card.lane_id, card.iteration_id)
        super().__init__(data, initial={"cell": now, "version": card.version}, auto_id="move-%s")
        # Only worked out where the form is shown; a move on the board shows none.
        select = forms.Select(choices=lambda: places(card.increment, mine, now))  # type: ignore[arg-type]
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


class FeatureField(forms.ModelChoiceField):
    """A feature that data know, with its team's name."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.team.name}: {obj.name}"


class CardForm(Seen, ThingForm):
    """What a card says. A new one also says where it stands (`cell`)."""

    version = VersionField()
    feature = FeatureField(
        Feature.objects.none(),
        required=False,
        empty_label="None",
        help_text="What the data know it as: its unfinished items are what is left to do, and its landing chance.",
    )

    url = forms.URLField(
        label="Address", required=False, max_length=500, assume_scheme="https", help_text="Where there is more to read."
    )

    class Meta:
        model = Card
        fields = ["title", "key", "kind", "size", "unit", "value_type", "feature", "description", "done_on"]
        labels = {"done_on": "Delivered on", "value_type": "Kind of value", "unit": "Counted in"}
        help_texts = {
            "key": "As its tool or the team calls it; once per increment.",
            "size": "Empty: not estimated yet, so it adds nothing to the load.",
        }
        widgets = {"description": forms.Textarea(attrs={"rows": 4}), "done_on": day_input()}

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        increment: Increment,
        user: User,
        mine: Reach,
        instance: Card | None = None,
        cell: str = "parking",
    ) -> None:
        self.increment, self.card = increment, instance
        # A new card has its increment at once: the model looks at it.
        start = instance or Card(increment=increment)
        super().__init__(data, instance=start, auto_id="card-%s")
        cast("forms.ModelChoiceField[Feature]", self.fields["feature"]).queryset = _features(increment, user, instance)
        if instance is None:
            select = forms.Select(choices=places(increment, mine))
            self.fields["cell"] = CellField(increment, label="Place", initial=cell, widget=select)
            self.order_fields(["title", "cell"])
            del self.fields["version"], self.fields["done_on"]
            self.initial["unit"] = _unit(increment, cell)
        else:
            self.initial["version"] = instance.version

    def validate_unique(self) -> None:
        """The verb says it, at the field."""

    def validate_constraints(self) -> None:
        """The verb and the database see to that."""

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given."""
        given = dict(self.cleaned_data)
        place = given.pop("cell", None)
        return given | ({"lane": place[0], "iteration": place[1]} if place else {})

    def renewed(self, card: Card, user: User, mine: Reach) -> "CardForm":
        """The same again on what is there now: what was typed stays."""
        fields = {name: self.data[name] for name in self.fields if name in self.data}
        form = CardForm(
            fields | {"version": card.version}, increment=self.increment, user=user, mine=mine, instance=card
        )
        form.is_valid()
        return form


def _features(increment: Increment, user: User, card: Card | None) -> Any:
    """Features of the board's teams that the reader sees and that no other card stands for; of a card its own first."""
    teams = increment.lanes.exclude(team=None).values("team")
    taken = Card.objects.filter(increment=increment, removed_at=None).exclude(feature=None)
    others = taken.exclude(pk=card.pk) if card else taken
    seen = Feature.objects.for_user(user).filter(team__in=teams, ended_on=None)
    own = Feature.objects.filter(pk=card.feature_id) if card and card.feature_id else Feature.objects.none()
    found = seen.exclude(pk__in=others.values("feature")).values("pk")
    return (
        Feature.objects.filter(Q(pk__in=found) | Q(pk__in=own.values("pk")))
        .select_related("team")
        .order_by("team__name", "rank", "pk")
    )


def _unit(increment: Increment, cell: str) -> str:
    """What the team of a cell plans in."""
    place = cell_named(increment, cell)
    team = place[0].team if place and place[0] else None
    return team.planning_unit if team else Unit.POINTS
