"""Dependencies: what a list is asked for, a request, and the steps of an answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from planning.forms.versions import Seen, VersionField
from planning.formulas.schedule import LABELS
from planning.models import Agreement, Card, Dependency, Increment, Iteration, Lane
from planning.queries.dependencies import ORDERS, Asked, Line, rows_of_board
from planning.queries.links import Link, narrowed
from planning.rules import Reach
from portfolio.forms.base import Attempt, day_input
from portfolio.models import Team

SCHEDULES = [("", "Any"), *((one.value, label) for one, label in LABELS.items())]
AGREEMENTS = [("", "Any"), *Agreement.choices]


class ListForm(forms.Form):
    """The filters; what cannot be used is said at the field and narrows nothing."""

    q = forms.CharField(label="Search", required=False, max_length=200, widget=forms.TextInput({"type": "search"}))
    row = forms.TypedChoiceField(label="Team or row", coerce=int, required=False, empty_value=None)
    schedule = forms.ChoiceField(choices=SCHEDULES, required=False)
    agreement = forms.ChoiceField(choices=AGREEMENTS, required=False)
    problems = forms.BooleanField(label="Problems only", required=False)
    provider_row = forms.IntegerField(required=False, widget=forms.HiddenInput)
    consumer_row = forms.IntegerField(required=False, widget=forms.HiddenInput)
    sort = forms.ChoiceField(choices=[(way + name, name) for name in ORDERS for way in ("", "-")], required=False)

    def __init__(self, data: Mapping[str, Any], *, rows: Sequence[Lane]) -> None:
        super().__init__(data)
        self.rows = {lane.pk: lane for lane in rows}
        self.fields["row"].choices = [("", "All"), *((lane.pk, lane.name) for lane in rows)]  # type: ignore[attr-defined]

    def clean_q(self) -> str:
        return str(self.cleaned_data["q"]).replace("\0", "")

    @property
    def shown(self) -> list[forms.BoundField]:
        """The filters in their order; the pair of rows comes from the matrix."""
        return [self[name] for name in ("q", "row", "schedule", "agreement")]

    @property
    def asked(self) -> Asked:
        """What can be used of what was asked."""
        self.is_valid()
        found = self.cleaned_data
        return Asked(
            text=found.get("q", ""),
            row=found.get("row"),
            provider_row=found.get("provider_row"),
            consumer_row=found.get("consumer_row"),
            schedule=found.get("schedule", ""),
            agreement=found.get("agreement", ""),
            problems=bool(found.get("problems")),
            sort=found.get("sort", ""),
        )

    @property
    def pair(self) -> str:
        """Which pair of rows is looked at, in words."""
        gives = self.rows.get(self.asked.provider_row or 0)
        needs = self.rows.get(self.asked.consumer_row or 0)
        return f"What {gives} provides to {needs}" if gives and needs else ""

    @property
    def is_filtered(self) -> bool:
        """Whether something narrows the list."""
        self.is_valid()
        return any(value for name, value in self.cleaned_data.items() if name != "sort")


class LinksForm(forms.Form):
    """What of the tools' links is asked for."""

    q = forms.CharField(label="Search", required=False, max_length=200, widget=forms.TextInput({"type": "search"}))
    team = forms.ModelChoiceField(Team.objects.none(), to_field_name="slug", required=False, empty_label="All")
    problems = forms.BooleanField(label="Still waiting only", required=False)
    # A pair of teams, by their slugs, as the table of teams leads here.
    provider = forms.SlugField(required=False, widget=forms.HiddenInput)
    consumer = forms.SlugField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any], *, teams: QuerySet[Team]) -> None:
        super().__init__(data)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]

    def clean_q(self) -> str:
        return str(self.cleaned_data["q"]).replace("\0", "")

    @property
    def shown(self) -> list[forms.BoundField]:
        """The filters in their order."""
        return [self["q"], self["team"]]

    @property
    def is_filtered(self) -> bool:
        """Whether something narrows the list."""
        self.is_valid()
        return any(self.cleaned_data.values())

    @property
    def is_pair(self) -> bool:
        """Whether one pair of teams is looked at."""
        self.is_valid()
        return bool(self.cleaned_data.get("provider") and self.cleaned_data.get("consumer"))

    def narrowed(self, found: Sequence[Link]) -> list[Link]:
        """What can be used of what was asked."""
        self.is_valid()
        said = self.cleaned_data
        team = said["team"].pk if said.get("team") else None
        kept = narrowed(found, team, said.get("q", ""), problems=bool(said.get("problems")))
        pairs = [("provider", "other"), ("consumer", "item")]
        for name, side in pairs:
            if wanted := said.get(name):
                kept = [one for one in kept if getattr(one, side).team.slug == wanted]
        return kept


def cards_of(increment: Increment) -> QuerySet[Card]:
    """The cards of a board that stand in a row, by row."""
    cards = Card.objects.filter(increment=increment, removed_at=None).exclude(lane=None)
    return cards.select_related("lane", "iteration").order_by("lane__position", "lane__name", "title", "pk")


def card_label(card: Card) -> str:
    """A card as it is chosen from a list."""
    name = f"{card.key} {card.title}".strip()
    return f"{name} ({card.iteration.name if card.iteration else 'unplanned'})"


def grouped(cards: Sequence[Card], prefix: str = "") -> dict[int, list[tuple[str, str]]]:
    """Choices by the id of the row."""
    found: dict[int, list[tuple[str, str]]] = {}
    for card in cards:
        found.setdefault(card.lane_id or 0, []).append((f"{prefix}{card.pk}", card_label(card)))
    return found


class RequestForm(Attempt, forms.Form):
    """What a card needs, of whom, and until when."""

    consumer = forms.ChoiceField(label="Card that needs it")
    provider = forms.ChoiceField(
        label="Who provides it",
        help_text="A row, where it is open which card that will be; or a card. It goes from who provides to who needs.",
    )
    what = forms.CharField(
        label="What is needed", required=False, max_length=200, help_text="May be empty where you name a card."
    )
    needed_in = forms.ModelChoiceField(
        Iteration.objects.none(),
        label="Needed in",
        required=False,
        empty_label="Before the card’s iteration ends",
        help_text="The iteration in which it has to be provided: the one before the card’s own is healthy.",
    )
    note = forms.CharField(required=False, max_length=400, widget=forms.Textarea({"rows": 2}))
    is_agreed = forms.BooleanField(
        label="Both sides agreed already", required=False, help_text="Then nobody is asked for an answer."
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, increment: Increment, mine: Reach, initial: Mapping[str, Any]
    ) -> None:
        super().__init__(data, initial=dict(initial), auto_id="need-%s")
        lanes, cards = rows_of_board(increment), list(cards_of(increment))
        self.lanes, self.cards = {one.pk: one for one in lanes}, {one.pk: one for one in cards}
        by_row, own = grouped(cards, "card-"), grouped([card for card in cards if mine.may(card.lane_id)])
        needs = [(lane.name, own[lane.pk]) for lane in lanes if lane.pk in own]
        gives = [
            (lane.name, [(f"row-{lane.pk}", f"{lane.name}: which card is open"), *by_row.get(lane.pk, [])])
            for lane in lanes
            if not lane.left_on
        ]
        self.fields["consumer"].choices = [("", "Choose a card"), *needs]  # type: ignore[attr-defined]
        self.fields["provider"].choices = [("", "Choose a row or a card"), *gives]  # type: ignore[attr-defined]
        self.fields["needed_in"].queryset = increment.iterations.all()  # type: ignore[attr-defined]
        if not mine.manages and len(mine.lanes & {one.pk for one in lanes if one.team_id}) < 2:
            del self.fields["is_agreed"]

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given."""
        found = self.cleaned_data
        kind, _, pk = found["provider"].partition("-")
        named = {"provider": self.cards[int(pk)]} if kind == "card" else {"provider_lane": self.lanes[int(pk)]}
        rest = {name: found[name] for name in ("what", "needed_in", "note")}
        return {
            "consumer": self.cards[int(found["consumer"])],
            **named,
            **rest,
            "is_agreed": bool(found.get("is_agreed")),
        }


class StepForm(Seen, forms.Form):
    """A step of an answer: what it says, on the version that was seen."""

    version = VersionField()

    def __init__(self, data: Mapping[str, Any] | None = None, *, line: Line, name: str = "") -> None:
        self.row, self.line = line.row, line
        super().__init__(data, initial={"version": line.row.version} | self.start(line.row), auto_id=f"{name}-%s")
        for field in ("proposed_in", "needed_in", "iteration"):
            if field in self.fields:
                columns = Iteration.objects.filter(increment=line.row.increment_id)
                self.fields[field].queryset = columns  # type: ignore[attr-defined]

    def start(self, row: Dependency) -> dict[str, Any]:
        """What the fields hold before anybody typed."""
        return {}

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given."""
        return self.cleaned_data

    def renewed(self, line: Line, name: str) -> "StepForm":
        """The same again on what is there now: one click does it over what somebody else did."""
        data = {key: self.data[key] for key in self.fields if key in self.data}
        return type(self)(data | {"version": str(line.row.version)}, line=line, name=name)


def _note(label: str, required: bool = False) -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=400, widget=forms.Textarea({"rows": 2}))


class CounterForm(StepForm):
    """Another iteration than the one asked for."""

    proposed_in = forms.ModelChoiceField(Iteration.objects.none(), label="We can provide it in")
    note = _note("Why, or on what condition")


class AgreeForm(StepForm):
    """With which card: one of the row, or a new one."""

    provider = forms.ChoiceField(label="Card that provides it", required=False)
    title = forms.CharField(label="Or a new card", required=False, max_length=200)
    iteration = forms.ModelChoiceField(
        Iteration.objects.none(), label="New card in", required=False, empty_label="Unplanned"
    )
    note = _note("Note")

    def __init__(self, data: Mapping[str, Any] | None = None, *, line: Line, name: str = "") -> None:
        super().__init__(data, line=line, name=name)
        cards = list(cards_of(line.row.increment).filter(lane=line.provider_lane).exclude(pk=line.row.consumer_id))
        self.cards = {str(card.pk): card for card in cards}
        choices = [("", "A new card"), *((pk, card_label(card)) for pk, card in self.cards.items())]
        self.fields["provider"].choices = choices  # type: ignore[attr-defined]

    def start(self, row: Dependency) -> dict[str, Any]:
        known = row.provider_id if row.provider and row.provider.removed_at is None else ""
        return {"provider": known, "title": "" if known else row.what, "iteration": row.needed_in_id}

    @property
    def said(self) -> dict[str, Any]:
        card = self.cards.get(self.cleaned_data["provider"])
        return self.cleaned_data | {"provider": card, "title": "" if card else self.cleaned_data["title"]}


class DeclineForm(StepForm):
    """No, and why."""

    note = _note("Why", required=True)


class DeliverForm(StepForm):
    """On which day."""

    on = forms.DateField(label="Delivered on", widget=day_input())

    def start(self, row: Dependency) -> dict[str, Any]:
        return {"on": timezone.localdate()}


class AskForm(StepForm):
    """For another iteration, or for something else."""

    what = forms.CharField(label="What is needed", required=False, max_length=200)
    needed_in = forms.ModelChoiceField(
        Iteration.objects.none(), label="Needed in", required=False, empty_label="Before the card’s iteration ends"
    )
    note = _note("Note")

    def start(self, row: Dependency) -> dict[str, Any]:
        return {"what": row.what, "needed_in": row.proposed_in_id or row.needed_in_id}
