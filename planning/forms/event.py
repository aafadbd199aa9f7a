"""The forms of the event: timer, agenda, votes, wall links."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from planning.actions.timers import MOST_MINUTES
from planning.agenda import Part, read
from planning.forms.versions import Seen, VersionField
from planning.formulas.confidence import FINGERS
from planning.models import AgendaItem, Increment, JoinLink, Lane, LaneKind
from portfolio.forms.base import Attempt, time_input

# Empty lines below an agenda, to add parts.
MORE_LINES = 3
MOST_BYTES = 200_000


class TimerForm(Seen, forms.Form):
    """Start the timer for so many minutes."""

    minutes = forms.IntegerField(min_value=1, max_value=MOST_MINUTES, initial=10)
    title = forms.CharField(label="What for", max_length=120, required=False)
    version = VersionField(least=0)
    item = forms.ModelChoiceField(AgendaItem.objects.none(), required=False, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, increment: Increment, version: int = 0) -> None:
        super().__init__(data, initial={"version": version}, auto_id="timer-%s")
        items: Any = self.fields["item"]
        items.queryset = increment.agenda.all()


class MoreForm(Attempt, forms.Form):
    """So many minutes more or less."""

    minutes = forms.IntegerField(min_value=-60, max_value=MOST_MINUTES)


class PartForm(forms.Form):
    """A line of the agenda; an empty one is none. `place` orders the parts of a day."""

    day = forms.IntegerField(min_value=1, max_value=5, initial=1, required=False)
    starts_at = forms.TimeField(label="Starts at", required=False, widget=time_input())
    title = forms.CharField(max_length=120, required=False)
    minutes = forms.IntegerField(min_value=1, max_value=MOST_MINUTES, required=False)
    place = forms.IntegerField(label="Order", min_value=0, max_value=10_000, required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        has_title, has_minutes = bool(said.get("title")), bool(said.get("minutes"))
        if has_title and not has_minutes and "minutes" not in self.errors:
            self.add_error("minutes", "How long does it take?")
        # A title that was emptied takes the part out; minutes without one on a new line are a slip.
        if has_minutes and not has_title and not self.initial.get("title") and "title" not in self.errors:
            self.add_error("title", "What is done then?")
        return said

    @property
    def ordered(self) -> list[forms.BoundField]:
        """Its fields as the table has them."""
        return [self[name] for name in ("day", "place", "starts_at", "title", "minutes")]

    @property
    def part(self) -> Part | None:
        """What was typed; None where the title was left empty."""
        said = self.cleaned_data
        if not said.get("title"):
            return None
        return Part(said.get("day") or 1, said["title"], said["minutes"], said.get("starts_at"))


class PartsForm(forms.BaseFormSet):
    """All lines of the agenda, in the order that was typed."""

    def parts(self) -> list[Part]:
        """What is to be written, by day and order."""
        lines = sorted(
            self.forms, key=lambda form: (form.cleaned_data.get("day") or 1, _place(form.cleaned_data.get("place")))
        )
        return [part for form in lines if (part := form.part)]


def _place(typed: int | None) -> int:
    return 10_000 if typed is None else typed


def parts_form(data: Mapping[str, Any] | None, parts: list[Part]) -> Any:
    """The agenda as a form: a line per part, and some empty ones."""
    made: Any = forms.formset_factory(PartForm, formset=PartsForm, extra=MORE_LINES, max_num=90, absolute_max=90)
    start = [part._asdict() | {"place": place} for place, part in enumerate(parts, 1)]
    return made(data, initial=start, prefix="parts")


class AgendaFileForm(Attempt, forms.Form):
    """An agenda from a file; it is looked at before anything is written."""

    file = forms.FileField(
        label="CSV file", help_text="With the columns day, start, title and minutes; start may be left empty."
    )

    def clean_file(self) -> list[Part]:
        """The parts in it."""
        given = self.cleaned_data["file"]
        if given.size > MOST_BYTES:
            raise ValidationError("This file is larger than an agenda can be (200 kB).")
        try:
            return read(given.read().decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise ValidationError("This file is not text in UTF-8.") from None


class PollForm(Attempt, forms.Form):
    """Open a vote of a team or of the train."""

    lane = forms.ModelChoiceField(
        Lane.objects.none(), label="Who votes", required=False, empty_label="The train (after its teams)"
    )
    names = forms.CharField(
        label="Invited names",
        required=False,
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="One a line: only these may vote, each once. Empty: whoever has the link votes, once per device.",
    )
    even_so = forms.BooleanField(label="Even though not all teams have voted", required=False)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, increment: Increment, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        lanes: Any = self.fields["lane"]
        lanes.queryset = increment.lanes.filter(kind=LaneKind.TEAM, left_on=None)

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given."""
        return self.cleaned_data | {"names": self.cleaned_data["names"].splitlines()}


class VoteForm(Attempt, forms.Form):
    """A voter's phone: fingers, a name where some were invited, a word."""

    fingers = forms.TypedChoiceField(
        label="How sure are you that this plan works out?",
        coerce=int,
        choices=list(
            zip(
                FINGERS[::-1],
                (
                    "I would bet on it",
                    "Quite sure",
                    "Sure enough",
                    "Doubtful: I want to say why",
                    "No: I want to say why",
                ),
                strict=True,
            )
        ),
        widget=forms.RadioSelect,
        error_messages={"required": "Show from 1 to 5 fingers."},
    )
    name = forms.CharField(
        label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}), required=False
    )
    comment = forms.CharField(
        label="What would raise it?", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, asks_name: bool) -> None:
        super().__init__(data)
        if asks_name:
            self.fields["name"].required = True
        else:
            del self.fields["name"]

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given."""
        return self.cleaned_data


class LinkForm(Attempt, forms.ModelForm):
    """A link for a wall."""

    days = forms.TypedChoiceField(
        label="Until",
        coerce=int,
        initial=3,
        choices=[(1, "tomorrow"), (3, "in three days"), (14, "in two weeks"), (84, "in twelve weeks")],
    )

    class Meta:
        model = JoinLink
        fields = ["name"]

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given."""
        days = timedelta(days=self.cleaned_data["days"])
        return {"name": self.cleaned_data["name"], "expires_at": timezone.now() + days}
