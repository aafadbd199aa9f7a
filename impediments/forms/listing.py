"""What the board and the list of impediments can be asked: filters and order."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms

from accounts.models import User
from impediments.models import Category, Impediment, Level, State
from impediments.queries.listing import ALL, OPEN, ORDERS, USUAL, Asked
from impediments.queries.words import level_text
from portfolio.models import Team, ValueStream

STATES = [("", "Open"), *State.choices, (ALL, "Open and resolved")]
PAST_STATES = [("", "Open"), (State.RESOLVED.value, "Resolved"), (ALL, "Open and resolved")]
AGES = [("", "Any"), *((str(days), f"{days} working days or more") for days in (5, 10, 20))]


def _choice(label: str, choices: Any, none: str = "") -> forms.ChoiceField:
    given = ([("", none)] if none else []) + list(choices)
    return forms.ChoiceField(label=label, choices=given, required=False)


class ListForm(forms.Form):
    """The filters; what cannot be used is said at the field and narrows nothing."""

    q = forms.CharField(label="Search", required=False, max_length=200, widget=forms.TextInput({"type": "search"}))
    state = _choice("State", STATES)
    level = _choice("Level", [(str(one.value), level_text(one)) for one in Level], "Any")
    category = _choice("Kind", Category.choices, "Any")
    stream = forms.ModelChoiceField(
        ValueStream.objects.none(), label="Value stream", to_field_name="slug", required=False, empty_label="All"
    )
    team = forms.ModelChoiceField(Team.objects.none(), to_field_name="slug", required=False, empty_label="All")
    owner = _choice("Who acts", [])
    age = _choice("Age", AGES)
    sort = _choice("Order", [(way + name, name) for name in ORDERS for way in ("", "-")], "Usual")

    def __init__(self, data: Mapping[str, Any], *, user: User, is_past: bool = False) -> None:
        super().__init__(data)
        self.user = user
        teams = Team.objects.for_user(user).filter(impediments__isnull=False).distinct()
        cast("forms.ModelChoiceField[Team]", self.fields["team"]).queryset = teams
        streams = ValueStream.objects.filter(pk__in=teams.order_by().values("stream"))
        cast("forms.ModelChoiceField[ValueStream]", self.fields["stream"]).queryset = streams
        cast(forms.ChoiceField, self.fields["owner"]).choices = self._owners()
        if is_past:
            cast(forms.ChoiceField, self.fields["state"]).choices = PAST_STATES

    def _owners(self) -> list[tuple[str, str]]:
        own = Impediment.objects.for_user(self.user).exclude(owner=None).order_by()
        people = User.objects.filter(pk__in=own.values("owner")).exclude(pk=self.user.pk).order_by("name")
        others = [(str(one.pk), one.name) for one in people]
        return [("", "Anybody"), ("me", "Me"), ("none", "Nobody yet"), *others]

    def clean_q(self) -> str:
        return str(self.cleaned_data["q"]).replace("\0", "")

    @property
    def first(self) -> list[forms.BoundField]:
        """The filters that are always in sight."""
        return [self[name] for name in ("q", "state", "level", "category")]

    @property
    def more(self) -> list[forms.BoundField]:
        """The filters that are folded away."""
        return [self[name] for name in ("stream", "team", "owner", "age")]

    @property
    def is_more(self) -> bool:
        """Whether one of them is in use."""
        return any(field.data or field.errors for field in self.more)

    @property
    def asked(self) -> Asked:
        """What can be used of what was asked."""
        self.is_valid()
        found = self.cleaned_data
        owner = found.get("owner", "")
        return Asked(
            text=found.get("q", ""),
            level=int(found["level"]) if found.get("level") else None,
            category=found.get("category", ""),
            stream=found.get("stream"),
            team=found.get("team"),
            owner=self.user.pk if owner == "me" else owner if owner == "none" else int(owner) if owner else None,
            state=found.get("state") or OPEN,
            age=int(found.get("age") or 0),
            sort=found.get("sort") or USUAL,
        )

    @property
    def is_filtered(self) -> bool:
        """Whether something narrows the list."""
        self.is_valid()
        return any(value for name, value in self.cleaned_data.items() if name != "sort")
