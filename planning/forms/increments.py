"""Forms of increments: made, changed, their iterations, their steps, their end."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.utils import timezone

from planning.actions.iterations import MOST, MOST_DAYS, Span, check_year, laid_out
from planning.forms.versions import UNSEEN, Seen, VersionField
from planning.models import CheckList, Increment, IncrementState, Iteration, Objective, Train
from portfolio.forms.base import Attempt, day_input

USUAL_DAYS, USUAL_COUNT = 14, 5


def _vision() -> forms.CharField:
    return forms.CharField(label="What it is for", required=False, widget=forms.Textarea(attrs={"rows": 3}))


class NewForm(Attempt, forms.Form):
    """An increment; its iterations are laid out from a length and a count, and can be changed one by one later."""

    name = forms.CharField(max_length=80, help_text="As people call it, e.g. PI 26.2.")
    vision = _vision()
    first_on = forms.DateField(label="First day", widget=day_input(), validators=[check_year])
    days = forms.IntegerField(label="Days of an iteration", min_value=1, max_value=MOST_DAYS)
    count = forms.IntegerField(label="Iterations with features", min_value=1, max_value=MOST - 1)
    with_ip = forms.BooleanField(
        label="And one of innovation and planning",
        required=False,
        help_text="The last iteration: it carries no features.",
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, train: Train, after: Increment | None) -> None:
        super().__init__(data, initial=_as_before(train, after))

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given."""
        found = dict(self.cleaned_data)
        days, count, with_ip = (found.pop(name) for name in ("days", "count", "with_ip"))
        return found | {"iterations": laid_out(found.pop("first_on"), days, count, with_ip=with_ip)}


def _as_before(train: Train, after: Increment | None) -> dict[str, Any]:
    """As the increment before: it goes on the day after its last one, with iterations as long and as many."""
    rows = list(after.iterations.all()) if after else []
    if not rows:
        team = next((seat.team for seat in train.seats.select_related("team")), None)
        days = team.iteration_days if team else USUAL_DAYS
        return {"first_on": _monday(timezone.localdate()), "days": days, "count": USUAL_COUNT, "with_ip": True}
    length = (rows[1].first_on if len(rows) > 1 else rows[0].last_on + timedelta(days=1)) - rows[0].first_on
    return {
        "first_on": _next_day(rows[-1], rows[0]),
        "days": min(max(length.days, 1), MOST_DAYS),
        "count": sum(not row.is_ip for row in rows),
        "with_ip": any(row.is_ip for row in rows),
    }


def _next_day(last: Iteration, first: Iteration) -> date:
    """The day after, or the next day of the week on which the increment before began."""
    after = last.last_on + timedelta(days=1)
    return after + timedelta(days=(first.first_on.weekday() - after.weekday()) % 7)


def _monday(today: date) -> date:
    return today + timedelta(days=-today.weekday() % 7)


class EditForm(Seen, forms.Form):
    """What an increment says of itself."""

    name = forms.CharField(max_length=80)
    vision = _vision()
    wip_limit = forms.IntegerField(
        label="Features that a team works at once",
        min_value=1,
        max_value=20,
        help_text="For the landing chances. With 1, a team finishes one before it begins the next.",
    )
    version = VersionField()

    def __init__(self, data: Mapping[str, Any] | None = None, *, increment: Increment) -> None:
        names = ("name", "vision", "wip_limit", "version")
        super().__init__(data, initial={name: getattr(increment, name) for name in names})


class IterationRow(forms.Form):
    """One iteration; an empty line is none."""

    pk = forms.IntegerField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(max_length=40, required=False)
    first_on = forms.DateField(label="First day", widget=day_input(), validators=[check_year])
    last_on = forms.DateField(label="Last day", widget=day_input(), validators=[check_year])
    is_ip = forms.BooleanField(label="Innovation and planning", required=False)

    def clean(self) -> dict[str, Any]:
        found = dict(super().clean() or {})
        first, last = found.get("first_on"), found.get("last_on")
        if first and last and last < first:
            self.add_error("last_on", "The last day is before the first.")
        return found


_Rows = forms.formset_factory(IterationRow, extra=2, can_delete=True, max_num=MOST + 2, validate_max=True)


class IterationsForm(Seen, forms.Form):
    """All iterations of an increment at once; ticked ones are removed, with two empty lines for more."""

    version = VersionField()

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, increment: Increment, cards: Mapping[int, int] | None = None
    ) -> None:
        super().__init__(data, initial={"version": increment.version})
        # By iteration, how many cards its removal would make unplanned.
        self.cards = cards or {}
        known = [_values(row) for row in increment.iterations.all()]
        self.rows = _Rows(cast(Any, data), initial=known, prefix="rows", form_kwargs={"use_required_attribute": False})

    def is_valid(self) -> bool:
        rows = self.rows.is_valid()
        return super().is_valid() and rows

    @property
    def lines(self) -> list[tuple[forms.Form, int]]:
        """Each line with the number of cards in its iteration."""
        return [(row, self.cards.get(row.initial.get("pk", 0), 0)) for row in self.rows.forms]

    @property
    def spans(self) -> list[Span]:
        """What the verb is given."""
        kept = [form.cleaned_data for form in self.rows.forms if form.cleaned_data.get("first_on")]
        return [Span(**{name: row[name] for name in _NAMES}) for row in kept if not row.get("DELETE")]


_NAMES = ("first_on", "last_on", "name", "is_ip", "pk")


def _values(row: Iteration) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _NAMES}


class StepForm(Seen, forms.Form):
    """To another state; back only with a reason."""

    to = forms.ChoiceField(choices=IncrementState.choices, widget=forms.HiddenInput)
    reason = forms.CharField(label="Why", required=False, max_length=200, help_text="It is kept in the log.")
    version = VersionField()

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, increment: Increment, to: str, is_back: bool = False
    ) -> None:
        super().__init__(data, initial={"to": to, "version": increment.version})
        self.fields["reason"].required = is_back
        if not is_back:
            del self.fields["reason"]


class CloseForm(Seen, forms.Form):
    """The end of an increment: actual business values, and where what did not land goes on."""

    carry_into = forms.ModelChoiceField(
        Increment.objects.none(),
        label="Carry what did not land into",
        required=False,
        empty_label="No increment: leave it",
        help_text="Unfinished cards become new, unplanned cards of their team there.",
    )
    version = VersionField()

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, increment: Increment, objectives: Sequence[Objective]
    ) -> None:
        super().__init__(data, initial={"version": increment.version})
        cast("forms.ModelChoiceField[Increment]", self.fields["carry_into"]).queryset = into(increment)
        self.objectives = objectives
        for one in objectives:
            self.fields[f"objective-{one.pk}"] = self._value(one)
            self.fields[f"version-{one.pk}"] = VersionField(required=False, initial=one.version)

    def _value(self, one: Objective) -> forms.Field:
        field = forms.IntegerField(label=one.title, required=False, min_value=0, max_value=10, initial=one.actual_value)
        field.widget.attrs |= {"aria-label": f"Actual business value of {one.title}, 0 to 10", "inputmode": "numeric"}
        return field

    @property
    def lines(self) -> list[tuple[Objective, forms.BoundField, forms.BoundField]]:
        """A line per objective: its value, and the version that was seen."""
        return [(one, self[f"objective-{one.pk}"], self[f"version-{one.pk}"]) for one in self.objectives]

    @property
    def _valued(self) -> list[Objective]:
        """The objectives that get another value; one that was not on the page that was sent keeps its own."""
        names = {one.pk: f"objective-{one.pk}" for one in self.objectives}
        return [one for one in self.objectives if names[one.pk] in self.data and names[one.pk] in self.changed_data]

    def clean(self) -> dict[str, Any]:
        found = dict(super().clean() or {})
        if not all(found.get(f"version-{one.pk}") for one in self._valued):
            self.add_error("version", UNSEEN)
        return found

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given."""
        data, valued = self.cleaned_data, self._valued
        return {
            "actual_values": {one.pk: data[f"objective-{one.pk}"] for one in valued},
            "saw": {one.pk: data[f"version-{one.pk}"] for one in valued},
            "carry_into": data["carry_into"],
            "version": data["version"],
        }

    def renewed(self, increment: Increment, objectives: Sequence[Objective]) -> "CloseForm":
        """The same again on what is there now."""
        data = {name: self.data[name] for name in self.fields if name in self.data} | {"version": increment.version}
        data |= {f"version-{one.pk}": one.version for one in objectives}
        return CloseForm(data, increment=increment, objectives=objectives)


def into(increment: Increment) -> Any:
    """The increments that something may be carried into: open ones of the same train."""
    others = Increment.objects.filter(train=increment.train_id).exclude(pk=increment.pk)
    return others.exclude(state=IncrementState.CLOSED).order_by("-made_at")


class CarryForm(Seen, forms.Form):
    """Which increment goes on with what did not land."""

    into = forms.ModelChoiceField(Increment.objects.none(), label="Carry into", empty_label="Choose an increment")
    version = VersionField()

    def __init__(self, data: Mapping[str, Any] | None = None, *, increment: Increment) -> None:
        super().__init__(data, initial={"version": increment.version})
        cast("forms.ModelChoiceField[Increment]", self.fields["into"]).queryset = into(increment)


class CheckForm(Attempt, forms.Form):
    """A line for a checklist."""

    list = forms.ChoiceField(choices=CheckList.choices, widget=forms.HiddenInput)
    text = forms.CharField(label="Another line", max_length=200)
