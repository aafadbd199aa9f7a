"""The forms of objectives and risks."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.db.models import QuerySet

from planning.forms.versions import UNSEEN, Seen, VersionField
from planning.models import Card, Increment, Lane, LaneKind, Objective, Risk, Roam
from planning.queries.risks import COLUMNS
from planning.rules import Reach
from portfolio.forms.base import day_input


def _lanes(increment: Increment, mine: Reach, kinds: Sequence[str]) -> QuerySet[Lane]:
    """The rows of these kinds that somebody may change."""
    return increment.lanes.filter(kind__in=kinds, pk__in=mine.lanes)


def _cards(increment: Increment, lane: Lane | None, linked: Sequence[int] = ()) -> QuerySet[Card]:
    """The cards to choose from: of a row first of all, for the train those of all rows."""
    cards = increment.cards.filter(removed_at=None).select_related("lane", "iteration")
    own = cards.filter(lane=lane) | cards.filter(pk__in=linked) if lane else cards
    return own.order_by("lane__position", "lane", "iteration__number", "rank")


class CardChoices(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return card_words(obj)


class CardChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return card_words(obj)


def card_words(card: Card) -> str:
    """A card as it is chosen from a list."""
    key = f"{card.key} " if card.key else ""
    where = card.iteration.name if card.iteration else "unplanned"
    return f"{key}{card.title} ({card.lane.name if card.lane else 'parking lot'}, {where})"


class ObjectiveForm(Seen, forms.Form):
    """An objective; a new one says whose it is."""

    title = forms.CharField(
        label="Objective", max_length=200, help_text="What will be true when the increment is over, and for whom."
    )
    lane = forms.ModelChoiceField(Lane.objects.none(), label="Whose", required=False, empty_label="The whole train")
    is_committed = forms.BooleanField(
        label="Committed",
        required=False,
        initial=True,
        help_text="Uncommitted: the team works at it, but does not promise it. It counts when it comes about.",
    )
    cards = CardChoices(
        Card.objects.none(),
        label="Cards it needs",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="It lands when all of them land: from that comes its chance.",
    )
    version = VersionField()

    def __init__(
        self,
        data: Any = None,
        *,
        increment: Increment,
        mine: Reach,
        objective: Objective | None = None,
        lane: Lane | None = None,
    ) -> None:
        linked = [card.pk for card in objective.cards.all()] if objective else []
        start: dict[str, Any] = {"lane": lane, "is_committed": increment.state != "committed"}
        if objective:
            names = ("title", "is_committed", "version")
            start = {name: getattr(objective, name) for name in names} | {"cards": linked}
        super().__init__(data, initial=start, auto_id="objective-%s")
        whose = objective.lane if objective else lane
        cast("CardChoices", self.fields["cards"]).queryset = _cards(increment, whose, linked)
        cast("forms.ModelChoiceField[Lane]", self.fields["lane"]).queryset = _lanes(increment, mine, [LaneKind.TEAM])
        del self.fields["lane" if objective else "version"]

    @property
    def said(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class ValuesForm(Seen, forms.Form):
    """Business values of several objectives, planned or actual, as they are said aloud one after the other."""

    def __init__(self, data: Any = None, *, objectives: Sequence[Objective], is_actual: bool) -> None:
        super().__init__(data, auto_id="value-%s")
        self.objectives, self.is_actual = objectives, is_actual
        column, least = ("actual_value", 0) if is_actual else ("planned_value", 1)
        for one in objectives:
            self.fields[f"value-{one.pk}"] = forms.IntegerField(
                label=one.title,
                required=False,
                min_value=least,
                max_value=10,
                initial=getattr(one, column),
                error_messages={"min_value": f"From {least} to 10.", "max_value": f"From {least} to 10."},
            )
            self.fields[f"version-{one.pk}"] = VersionField(required=False, initial=one.version)

    @property
    def rows(self) -> list[tuple[Objective, forms.BoundField, forms.BoundField]]:
        """Each objective with its field and the version that was seen."""
        return [(one, self[f"value-{one.pk}"], self[f"version-{one.pk}"]) for one in self.objectives]

    @property
    def changed(self) -> list[tuple[Objective, int | None, int | None]]:
        """The objectives that get another value: each with the value and the version that was seen."""
        data = self.cleaned_data
        return [
            (one, data[f"value-{one.pk}"], data[f"version-{one.pk}"]) for one in self.objectives if self._is_new(one)
        ]

    def _is_new(self, one: Objective) -> bool:
        """Whether another value was typed; what was not on the page that was sent stays."""
        name = f"value-{one.pk}"
        return name in self.data and name in self.changed_data

    def clean(self) -> dict[str, Any]:
        found = dict(super().clean() or {})
        if any(self._is_new(one) and not found.get(f"version-{one.pk}") for one in self.objectives):
            self.add_error("version", UNSEEN)
        return found

    def renewed(self, objectives: Sequence[Objective]) -> "ValuesForm":
        """The same again on what is there now."""
        data = {**self.data.dict()} if hasattr(self.data, "dict") else {**self.data}
        data |= {f"version-{one.pk}": one.version for one in objectives}
        return ValuesForm(data, objectives=objectives, is_actual=self.is_actual)


class AnswerFields(Seen, forms.Form):
    """What an answer to a risk says."""

    owner_name = forms.CharField(label="Owner", max_length=120, required=False)
    due_on = forms.DateField(label="Until", required=False, widget=day_input())
    plan = forms.CharField(
        label="Plan", required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What is done so that it does not happen, or does not hurt.",
    )  # fmt: skip
    version = VersionField()


class RiskForm(AnswerFields):
    """A risk, with what was answered."""

    text = forms.CharField(
        label="What may happen", max_length=300, help_text="In a sentence: because of what, what, and what then."
    )
    lane = forms.ModelChoiceField(
        Lane.objects.none(), label="Whose plan", required=False, empty_label="The whole train"
    )
    card = CardChoice(Card.objects.none(), label="Card it threatens", required=False, empty_label="None in particular")
    roam = forms.ChoiceField(label="Answer", choices=Roam.choices, required=False)
    field_order = ("text", "lane", "card", "roam", "owner_name", "due_on", "plan", "version")

    def __init__(
        self,
        data: Any = None,
        *,
        increment: Increment,
        mine: Reach,
        risk: Risk | None = None,
        lane: Lane | None = None,
        card: Card | None = None,
    ) -> None:
        names = ("text", "lane", "card", "roam", "owner_name", "due_on", "plan", "version")
        start = {name: getattr(risk, name) for name in names} if risk else {"lane": lane, "card": card}
        super().__init__(data, initial=start, auto_id="risk-%s")
        kinds = [LaneKind.TEAM, LaneKind.EXTERNAL]
        cast("forms.ModelChoiceField[Lane]", self.fields["lane"]).queryset = _lanes(increment, mine, kinds)
        cast("CardChoice", self.fields["card"]).queryset = _cards(increment, None)
        if risk is None:
            del self.fields["version"]

    @property
    def said(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class RoamForm(AnswerFields):
    """Into which column of the board; an owned one asks who and until when, a mitigated one what is done."""

    roam = forms.ChoiceField(choices=[(name, one.label) for name, one in COLUMNS.items()], widget=forms.HiddenInput)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, risk: Risk, to: str | None = None, version: str = ""
    ) -> None:
        start = {name: getattr(risk, name) for name in ("owner_name", "due_on", "plan")}
        start |= {"roam": to, "version": version or risk.version}
        super().__init__(data, initial=start, auto_id="roam-%s")
        self.risk = risk
        self.column = COLUMNS.get(str(data.get("roam") if data else to))
        for name in self._spare():
            del self.fields[name]
        for name in self.asked:
            self.fields[name].required = True

    @property
    def asked(self) -> list[str]:
        """What this answer needs to say."""
        return {Roam.OWNED: ["owner_name", "due_on"], Roam.MITIGATED: ["plan"]}.get(self.column or Roam.OPEN, [])

    def _spare(self) -> list[str]:
        return [name for name in ("owner_name", "due_on", "plan") if name not in self.asked]

    @property
    def asks(self) -> bool:
        """Whether the questions were not even put yet: a card was dropped into that column."""
        return bool(self.asked) and not set(self.asked) & set(self.data) and bool(self.data.get("version"))

    @property
    def said(self) -> dict[str, Any]:
        return {**self.cleaned_data, "roam": COLUMNS[self.cleaned_data["roam"]].value}

    def renewed(self, risk: Risk) -> "RoamForm":
        """The same again on what is there now: one click applies it over what somebody else did."""
        fields = {name: self.data[name] for name in self.fields if name in self.data}
        return RoamForm(fields | {"version": risk.version}, risk=risk)
