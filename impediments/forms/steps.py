"""What is done to an impediment on its way: moved, resolved, raised, paused, merged, handed over."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.db.models import Case, When

from accounts.models import User
from impediments.models import Impediment, Level, RootCause, State
from impediments.notices import readers
from impediments.queries import items, words
from metrics.models import WorkItem
from portfolio.forms.base import Attempt, day_input
from portfolio.models import Team

# So many can be chosen from; the others are found by their number.
NEAREST = 50


class MoveForm(Attempt, forms.Form):
    """Into which column. Resolved asks how and why; waiting may say until when."""

    state = forms.ChoiceField(choices=State.choices, widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    resolution = forms.CharField(
        label="How was it resolved?",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=5000,
        help_text="A sentence for those who meet it again.",
        error_messages={"required": "Say in a sentence how it was resolved."},
    )
    root_cause = forms.ChoiceField(
        label="Why could it happen?",
        choices=[("", "Choose…"), *RootCause.choices],
        error_messages={"required": "Choose why it could happen."},
    )
    promised_on = forms.DateField(
        label="Promised for", required=False, widget=day_input(), help_text="When others said they would be done."
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, impediment: Impediment, to: str | None = None) -> None:
        """`to` is the column whose questions are asked before anything was said."""
        state = data.get("state") if data else to
        start = {"version": impediment.version, "promised_on": impediment.promised_on, "state": to}
        super().__init__(data, initial=start, auto_id="move-%s")
        self.impediment = impediment
        self.column = State(state) if state in State.values else None
        self.resolves = state == State.RESOLVED
        self.waits = state == State.WAITING and impediment.is_open
        for name in (() if self.resolves else ("resolution", "root_cause")) + (() if self.waits else ("promised_on",)):
            del self.fields[name]

    @property
    def asks(self) -> bool:
        """Whether the questions of a resolution were not even put yet: a card was dropped into that column."""
        return self.resolves and not {"resolution", "root_cause"} & set(self.data)

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given."""
        return {name: value for name, value in self.cleaned_data.items() if name != "promised_on"}

    @property
    def promised(self) -> dict[str, Any]:
        """The date that was promised, where it was asked for."""
        return {"promised_on": self.cleaned_data["promised_on"]} if self.waits and "promised_on" in self.data else {}

    def renewed(self, impediment: Impediment) -> "MoveForm":
        """The same again on what is there now: one click applies it over what somebody else did."""
        fields = {name: self.data[name] for name in self.fields if name in self.data}
        return MoveForm(fields | {"version": impediment.version}, impediment=impediment)


class LevelForm(Attempt, forms.Form):
    """Who acts from now on, and why."""

    level = forms.TypedChoiceField(label="Who should act?", coerce=int, widget=forms.RadioSelect)
    reason = forms.CharField(
        label="Why", max_length=300, help_text="Who acts now should know. The clock of the new level begins anew."
    )
    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, impediment: Impediment, **kwargs: Any) -> None:
        super().__init__(data, initial={"version": impediment.version}, auto_id="level-%s", **kwargs)
        others = [(one.value, words.level_text(one)) for one in Level if one != impediment.level]
        cast(forms.ChoiceField, self.fields["level"]).choices = others


class PauseForm(Attempt, forms.Form):
    """Stops the level's clock."""

    reason = forms.CharField(
        label="What does it wait for?", max_length=300, help_text="The age goes on; only the level’s clock stands."
    )
    until_on = forms.DateField(
        label="Until",
        required=False,
        widget=day_input(),
        help_text="On that day the clock runs again by itself. Empty: until somebody resumes it.",
    )
    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, impediment: Impediment) -> None:
        super().__init__(data, initial={"version": impediment.version}, auto_id="pause-%s")


class HandForm(Attempt, forms.Form):
    """Who acts; nobody is an answer too."""

    owner = forms.ModelChoiceField(User.objects.none(), label="Who acts?", required=False, empty_label="Nobody yet")

    def __init__(self, data: Mapping[str, Any] | None = None, *, impediment: Impediment) -> None:
        super().__init__(data, initial={"owner": impediment.owner_id}, auto_id="hand-%s")
        people = cast("forms.ModelChoiceField[User]", self.fields["owner"])
        people.queryset = readers(impediment).order_by("name")


class MergeForm(Attempt, forms.Form):
    """The impediment that it is the same as: one of the nearest, or any that the reader sees, by its number."""

    into = forms.ModelChoiceField(Impediment.objects.none(), label="The same as", empty_label="Choose…", required=False)
    number = forms.IntegerField(
        label="or its number",
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        help_text="Of VMO-12 it is 12.",
        error_messages={"invalid": "Give its number alone: of VMO-12 it is 12."},
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, impediment: Impediment, user: User) -> None:
        super().__init__(data, auto_id="merge-%s")
        team = impediment.team
        near = Case(When(team=team, then=0), When(team__stream=team.stream_id, then=1), default=2)
        others = Impediment.objects.for_user(user).exclude(pk=impediment.pk)
        self.others = others.select_related("team")
        choice = cast("forms.ModelChoiceField[Impediment]", self.fields["into"])
        choice.queryset = self.others
        nearest = self.others.exclude(state=State.RESOLVED).order_by(near, "-logged_at", "-pk")[:NEAREST]
        found = [(one.pk, f"{one.what} ({one.team}, VMO-{one.pk})") for one in nearest]
        cast(forms.Select, choice.widget).choices = [("", "Choose…"), *found]

    def clean_number(self) -> Impediment | None:
        """The impediment with this number."""
        number = self.cleaned_data["number"]
        found = None if number is None else self.others.filter(pk=number).first()
        if number is not None and found is None:
            raise forms.ValidationError(f"You see no other impediment VMO-{number}.")
        return found

    def clean(self) -> dict[str, Any]:
        """Nothing chosen is a slip, and so are two different ones."""
        given = self.cleaned_data
        chosen = {given.get("into"), given.get("number")} - {None}
        if not self.errors and len(chosen) != 1:
            text = "Choose one of these, or give a number: not both." if chosen else "Choose one, or give its number."
            self.add_error("into", text)
        return given

    @property
    def chosen(self) -> Impediment:
        """The one that was chosen, either way."""
        found: Impediment = self.cleaned_data["into"] or self.cleaned_data["number"]
        return found


class ItemsForm(Attempt, forms.Form):
    """More items that it blocks, or (`items` alone) some that it blocks no more."""

    items = forms.ModelMultipleChoiceField(
        WorkItem.objects.none(),
        required=False,
        error_messages={"invalid_choice": "One of the items is not there (any more): choose again."},
    )
    keys = forms.CharField(
        label="By their keys", required=False, max_length=600, help_text="For instance FAL-12, HER-3."
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, user: User) -> None:
        super().__init__(data, auto_id="items-%s")
        seen = WorkItem.objects.filter(team__in=Team.objects.for_user(user).order_by())
        cast("forms.ModelMultipleChoiceField[WorkItem]", self.fields["items"]).queryset = seen
        self.user = user

    def clean_keys(self) -> list[WorkItem]:
        """The items that are named."""
        return items.named(self.user, self.cleaned_data["keys"])

    def clean(self) -> dict[str, Any]:
        """Nothing chosen is a slip."""
        given = self.cleaned_data
        if not self.errors and not given.get("items") and not given.get("keys"):
            self.add_error("keys", "Tick an item, or give a key.")
        return given

    @property
    def chosen(self) -> list[WorkItem]:
        """What was ticked and what was named, each once."""
        both = [*self.cleaned_data["items"], *self.cleaned_data["keys"]]
        return list({item.pk: item for item in both}.values())


class CommentForm(Attempt, forms.Form):
    text = forms.CharField(
        label="Comment",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=10_000,
        help_text="Name people with an @ (“@Ada Keller”): they are told.",
    )

    def __init__(self, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, auto_id="comment-%s", **kwargs)
