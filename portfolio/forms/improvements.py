"""Forms of improvement actions."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from portfolio.forms.base import Attempt, day_input
from portfolio.models import Action, ActionState
from portfolio.queries.improvements import places_to_improve

T = TypeVar("T")
PORTAL = "portal"


def place_value(action: Action) -> str:
    """A place as ActionForm reads it: "portal", "stream:3" or "team:5"."""
    if action.team_id:
        return f"team:{action.team_id}"
    return f"stream:{action.stream_id}" if action.stream_id else PORTAL


class ActionForm(Attempt, forms.Form):
    """What will be changed, where, by whom, until when. `action`: the one to change; it may stay where it is."""

    name = forms.CharField(label="What will you change?", max_length=200, help_text="Begin with a verb.")
    place = forms.ChoiceField(label="Where")
    owner = forms.ModelChoiceField(User.objects.filter(is_active=True), required=False, empty_label="Nobody yet")
    due_on = forms.DateField(label="Until", required=False, widget=day_input())
    description = forms.CharField(
        label="Why, and how you will see that it helped",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=4000,
    )
    version = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, user: User, action: Action | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        everywhere, streams, teams = places_to_improve(user, timezone.localdate())
        self.places: dict[str, dict[str, Any]] = {
            **({PORTAL: {"team": None, "stream": None}} if everywhere else {}),
            **{f"stream:{one.pk}": {"team": None, "stream": one} for one in streams},
            **{f"team:{one.pk}": {"team": one, "stream": None} for one in teams},
        }
        if action is not None:
            self.places.setdefault(place_value(action), {"team": action.team, "stream": action.stream})
        cast(forms.ChoiceField, self.fields["place"]).choices = self._choices()
        if action is None:
            del self.fields["version"]

    def _choices(self) -> list[Any]:
        """The places under headings, the whole portal first."""
        whole = [(key, "The whole portal") for key in self.places if key == PORTAL]
        streams = [(key, one["stream"].name) for key, one in self.places.items() if one["stream"]]
        teams = [(key, one["team"].name) for key, one in self.places.items() if one["team"]]
        groups = (("Value streams", streams), ("Teams", teams))
        return [*whole, *((label, lines) for label, lines in groups if lines)]

    @property
    def is_possible(self) -> bool:
        """Whether there is any place to choose."""
        return bool(self.places)

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given."""
        found = dict(self.cleaned_data)
        return found | self.places[found.pop("place")]

    def attempt(self, verb: Callable[[], T]) -> T | None:
        """What is refused of a team or a value stream is said at the place."""
        return super().attempt(lambda: _at_place(verb))


def _at_place(verb: Callable[[], T]) -> T:
    try:
        return verb()
    except ValidationError as error:
        if not hasattr(error, "error_dict"):
            raise
        places = {"team": "place", "stream": "place"}
        told: dict[str, Any] = {places.get(name, name): texts for name, texts in error.message_dict.items()}
        raise ValidationError(told) from error


def initial_of(action: Action) -> dict[str, Any]:
    """An action as its form shows it."""
    fields = {name: getattr(action, name) for name in ("name", "due_on", "description", "version")}
    return fields | {"place": place_value(action), "owner": action.owner_id}


class CloseForm(Attempt, forms.Form):
    """How it ended."""

    state = forms.ChoiceField(
        label="How did it end?",
        widget=forms.RadioSelect,
        initial=ActionState.DONE,
        choices=[(ActionState.DONE, "Done"), (ActionState.DROPPED, "Dropped: it will not be done")],
    )
    outcome = forms.CharField(
        label="What came of it",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=4000,
        help_text="If it is dropped: why.",
    )
    version = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
