"""Forms of initiatives, features and allocation policies."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.conf import settings
from django.db.models import Case, Q, When

from accounts.models import User
from portfolio.forms.base import Attempt, ThingForm, day_input
from portfolio.models import WSJF_PARTS, Feature, Initiative, Team, Theme, ValueStream, ValueType
from portfolio.queries import hidden_teams
from portfolio.rules import can

MONEY = {"estimated_cost", "cost_of_delay"}
TEXTS = ("hypothesis", "outcome", "business_case")
RANK = ("manual_rank", "manual_rank_reason")


class InitiativeForm(ThingForm):
    """`stream` is whose initiative it is (or becomes); it can move to where `user` may manage work.

    Scores, ranks and themes are there for those who manage the portfolio, money for those who see it. `version` is what
    the writer saw.
    """

    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    class Meta:
        model = Initiative
        fields = ["name", "slug", "stream", "description", "value_type", "horizon", "theme", "owner", "teams"]
        fields += ["started_on", "due_on", "hypothesis", "outcome", "business_case"]
        fields += ["estimated_cost", "cost_of_delay", *WSJF_PARTS, "manual_rank", "manual_rank_reason", "position"]
        labels = {
            "slug": "Short name",
            "description": "In a sentence",
            "stream": "Value stream",
            "theme": "Strategic theme",
            "value_type": "Type of value",
            "teams": "Teams that would work on it",
            "started_on": "First day",
            "due_on": "Due on",
            "manual_rank": "Rank by hand",
            "manual_rank_reason": "Why this rank",
            "position": "Place in lists",
        }
        help_texts = {
            "teams": "Until it has features, forecasts count it with the usual size of an initiative in each of them.",
            "position": "Smaller numbers come first; equal ones go by name.",
            "hypothesis": "If we do this for these people, then that will change.",
            "outcome": "What will be different, and how we shall know.",
            "business_case": "Why it is worth it: in short, with what it replaces.",
            "manual_rank": "1 is first. The rank by WSJF stays beside it.",
        }
        widgets = {
            "started_on": day_input(),
            "due_on": day_input(),
            **{name: forms.Textarea(attrs={"rows": 3}) for name in ("description", *TEXTS)},
            "teams": forms.CheckboxSelectMultiple,
        }

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, user: User, stream: ValueStream, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        initiative: Initiative | None = kwargs.get("instance")
        self._offer_streams(user, stream, initiative)
        self._offer_teams(user, stream, initiative)
        self._offer_people_and_themes(initiative)
        hidden = [] if can(user, "see_money", stream) else list(MONEY)
        hidden += [] if can(user, "manage_portfolio", stream) else [*WSJF_PARTS, *RANK, "theme"]
        for name in [*hidden, *([] if initiative else ["version"])]:
            del self.fields[name]
        for name in MONEY & self.fields.keys():
            self.fields[name].label = f"{self.fields[name].label}, {settings.CURRENCY}"

    def _offer_streams(self, user: User, stream: ValueStream, initiative: Initiative | None) -> None:
        allowed = [s.pk for s in ValueStream.objects.for_user(user) if can(user, "manage_work", s)]
        choice = cast("forms.ModelChoiceField[ValueStream]", self.fields["stream"])
        choice.queryset = ValueStream.objects.filter(pk__in=[*allowed, stream.pk])
        choice.empty_label = None
        choice.initial = stream.pk
        if initiative is None and len(allowed) < 2:
            del self.fields["stream"]
        elif initiative is None:
            choice.required = False

    def _offer_teams(self, user: User, stream: ValueStream, initiative: Initiative | None) -> None:
        chosen = list(initiative.teams.values_list("pk", flat=True)) if initiative else []
        teams = cast("forms.ModelMultipleChoiceField[Team]", self.fields["teams"])
        teams.queryset = Team.objects.for_user(user).filter(Q(stream=stream, ended_on=None) | Q(pk__in=chosen))
        self.hidden_teams = hidden_teams(initiative, user) if initiative else []
        if not teams.queryset.exists():
            del self.fields["teams"]

    def _offer_people_and_themes(self, initiative: Initiative | None) -> None:
        owner = cast("forms.ModelChoiceField[User]", self.fields["owner"])
        own = [initiative.owner_id] if initiative and initiative.owner_id else []
        owner.queryset = User.objects.filter(Q(is_active=True) | Q(pk__in=own)).order_by("name")
        owner.empty_label = "Nobody yet"
        theme = cast("forms.ModelChoiceField[Theme]", self.fields["theme"])
        served = [initiative.theme_id] if initiative and initiative.theme_id else []
        theme.queryset = Theme.objects.filter(Q(ended_on=None) | Q(pk__in=served))
        theme.empty_label = "None"

    def clean_teams(self) -> list[Team]:
        return [*self.cleaned_data["teams"], *self.hidden_teams]

    @property
    def given(self) -> dict[str, Any]:
        """What the verbs take: a field that is not offered is not written."""
        return {name: value for name, value in self.cleaned_data.items() if name != "stream" or value}

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields under headings, for the template."""
        named = {
            "What it is": ["name", "slug", "description", "stream", "owner", "value_type", "horizon", "theme"],
            "Why": list(TEXTS),
            "When and who": ["started_on", "due_on", "teams"],
            "Money": ["estimated_cost", "cost_of_delay"],
            "WSJF": [*WSJF_PARTS, *RANK],
            "Lists": ["position"],
        }
        rows = {head: [self[name] for name in names if name in self.fields] for head, names in named.items()}
        return [(head, fields) for head, fields in rows.items() if fields]


class FeatureForm(ThingForm):
    class Meta:
        model = Feature
        fields = ["name", "initiative", "value_type", "guessed_items", "started_on", "due_on"]
        labels = {
            "value_type": "Type of value",
            "guessed_items": "How many items it will have, by guess",
            "started_on": "First day",
            "due_on": "Due on",
        }
        help_texts = {
            "guessed_items": "Counts only while it has no items. Without a guess it counts with the usual size of "
            "such features.",
        }
        widgets = {"started_on": day_input(), "due_on": day_input()}

    def __init__(self, data: Mapping[str, Any] | None = None, *, user: User, team: Team, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        feature: Feature | None = kwargs.get("instance")
        own = [feature.initiative_id] if feature and feature.initiative_id else []
        choice = cast("forms.ModelChoiceField[Initiative]", self.fields["initiative"])
        choice.empty_label = "None"
        open_ones = Initiative.objects.for_user(user).filter(ended_on=None)
        kept = Initiative.objects.filter(Q(pk__in=open_ones.order_by().values("pk")) | Q(pk__in=own))
        is_own = Case(When(stream=team.stream_id, then=0), default=1)
        choice.queryset = kept.select_related("stream").order_by(is_own, "stream__name", "position", "name")
        choice.label_from_instance = lambda obj: f"{obj.name} ({obj.stream.name})"  # type: ignore[method-assign]
        self.fields["guessed_items"].widget.attrs["min"] = 1


class MoveForm(Attempt, forms.Form):
    """Where a feature goes in its team's queue: `to` a place, or `by` places further back."""

    to_place = forms.IntegerField(required=False, min_value=1, max_value=100_000)
    by_places = forms.IntegerField(required=False, min_value=-100_000, max_value=100_000)

    @property
    def to(self) -> int | None:
        return cast("int | None", self.cleaned_data.get("to_place"))

    @property
    def by(self) -> int:
        return self.cleaned_data.get("by_places") or 0


class AllocationForm(Attempt, forms.Form):
    """A field per kind of work, in per cent, and the tolerance in percentage points."""

    tolerance = forms.IntegerField(
        label="Tolerance, percentage points",
        min_value=0,
        max_value=100,
        help_text="By how much a share may be off before the page says so.",
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, stream: ValueStream) -> None:
        shares = dict(stream.allocations.values_list("value_type", "share"))
        super().__init__(data, initial=shares | {"tolerance": stream.allocation_tolerance})
        for kind, label in ValueType.choices:
            field = forms.IntegerField(label=f"{label}, %", min_value=0, max_value=100, required=False)
            self.fields[kind] = field
        self.order_fields([*ValueType.values, "tolerance"])

    @property
    def shares(self) -> dict[str, int]:
        """The cleaned shares by kind; an empty field is 0."""
        return {kind: self.cleaned_data.get(kind) or 0 for kind in ValueType.values}

    @property
    def kinds(self) -> list[forms.BoundField]:
        return [self[kind] for kind in ValueType.values]
