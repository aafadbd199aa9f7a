"""Forms whose answers live in the address: what is asked of a forecast, and what if."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from metrics.forecasts import SAMPLE_DAYS, Question, WhatIf
from metrics.forecasts.questions import FEWEST_SAMPLE_DAYS, HORIZON_DAYS, MOST_ITEMS, MOST_LIMIT, MOST_SAMPLE_DAYS
from metrics.forms import Asked, day_text
from metrics.formulas.stats import DRAWN
from portfolio.forms import Attempt, day_input

WEEKS_AHEAD = 12
MOST_PEOPLE = 100
# Question.only_features: as usual, yes, no.
FINISHES = [("", "as usual"), ("true", "of features"), ("false", "all")]


class InAddress(forms.Form):
    """A form filled from the address. What is not said there has its default, and so has, for what is computed, what
    cannot be used: its field keeps what was typed, with the message beside it.
    """

    def __init__(self, params: QueryDict, defaults: Mapping[str, object], **kwargs: Any) -> None:
        super().__init__(QueryDict(mutable=True), auto_id="ask-%s", **kwargs)
        self.defaults = dict(defaults)
        self.data = data = QueryDict(mutable=True)
        for name, field in self.fields.items():
            _as_text(field.widget)
            usual = [] if defaults.get(name) is None else [str(defaults[name])]
            data.setlist(name, [text for text in params.getlist(name) if text.strip()] or usual)

    def said(self, name: str) -> Any:
        """What the field says; its default where it says nothing that can be used."""
        value = None if name in self.errors else self.cleaned_data.get(name)
        return self.defaults.get(name) if value in (None, "", []) else value


def _as_text(widget: forms.Widget) -> None:
    """A browser shows nothing of what is no number in a field for numbers; a field for text keeps it."""
    if isinstance(widget, forms.NumberInput):
        widget.input_type = "text"
        widget.attrs = {"inputmode": "decimal"}


def kept(params: QueryDict, *own: str) -> list[tuple[str, str]]:
    """What the address says beside the form's own fields, for its hidden inputs."""
    return [(name, text) for name, texts in params.lists() if name not in own for text in texts if text]


class QuestionForm(InAddress):
    """Without a number of items, what the scope has in hand is asked for."""

    items = forms.IntegerField(
        label="When for so many?", min_value=1, max_value=MOST_ITEMS, required=False,
        help_text="items; all that is open, unless you say so",
    )  # fmt: skip
    by = forms.DateField(label="How many items by?", widget=day_input(), help_text="the end of that day")
    sample_days = forms.IntegerField(
        label="Days sampled", min_value=FEWEST_SAMPLE_DAYS, max_value=MOST_SAMPLE_DAYS, help_text="up to yesterday"
    )
    wip_limit = forms.IntegerField(
        label="Features at once", min_value=1, max_value=MOST_LIMIT, help_text="per team; the rest wait their turn"
    )
    share = forms.IntegerField(
        label="Share of the work, %", min_value=1, max_value=100, help_text="of the finishes, how many go to this"
    )

    only_features = forms.TypedChoiceField(
        label="Finishes that count", choices=FINISHES, coerce=lambda text: text == "true", empty_value=None,
        required=False, help_text="as usual: for features and initiatives those of features, for items all",
    )  # fmt: skip

    def __init__(self, params: QueryDict, today: date) -> None:
        self.today = today
        usual = {"by": today + timedelta(weeks=WEEKS_AHEAD), "sample_days": SAMPLE_DAYS, "wip_limit": 1, "share": 100}
        super().__init__(params, usual)

    def show(self, name: str, value: object) -> None:
        """Show in an empty field what was taken instead."""
        if self.said(name) is None and name not in self.errors:
            cast(QueryDict, self.data).setlist(name, [str(value)])

    def clean_by(self) -> date:
        day: date = self.cleaned_data["by"]
        if day <= self.today:
            raise ValidationError(f"Choose a day after {day_text(self.today)}: a forecast looks ahead.")
        if (day - self.today).days > HORIZON_DAYS:
            raise ValidationError(f"Choose a day within ten years of {day_text(self.today)}.")
        return day


class WhatIfForm(InAddress):
    """What is imagined to be different; nothing said: no variant."""

    persons = forms.DecimalField(
        label="People more (or fewer)", min_value=-MOST_PEOPLE, max_value=MOST_PEOPLE, decimal_places=2,
        required=False, help_text="full-time people: 0.5 is half a week, −1 one less",
    )  # fmt: skip
    team = forms.ChoiceField(label="In which team", required=False)
    drop_items = forms.IntegerField(
        label="Items dropped", min_value=0, max_value=MOST_ITEMS, required=False, help_text="of the items asked for"
    )
    what_if_wip_limit = forms.IntegerField(
        label="Features at once instead", min_value=1, max_value=MOST_LIMIT, required=False
    )
    drop_features = forms.TypedMultipleChoiceField(
        label="Features dropped", coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    unblock = forms.BooleanField(label="As if nothing had been blocked", required=False)

    def __init__(
        self, params: QueryDict, features: Sequence[tuple[int, str]], teams: Sequence[tuple[str, str]]
    ) -> None:
        super().__init__(params, {})
        self._offer("drop_features", list(features), bool(features))
        self._offer("team", [("", "every team"), *teams], len(teams) > 1)
        if not features:
            del self.fields["what_if_wip_limit"]

    def _offer(self, name: str, choices: Sequence[tuple[Any, str]], is_needed: bool) -> None:
        """Offer these choices; without a need there is no such field."""
        if is_needed:
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields[name]

    def what_if(self) -> WhatIf:
        """What can be used of what was said."""
        return WhatIf(
            team=self.said("team") or "",
            people=round(100 * (self.said("persons") or 0)),
            unblock=bool(self.said("unblock")),
            drop_items=self.said("drop_items") or 0,
            drop_features=tuple(self.said("drop_features") or ()),
            wip_limit=self.said("what_if_wip_limit"),
        )


def question_of(asked: Asked, form: QuestionForm, what_if: WhatIf) -> Question:
    """What is asked of the engine: everything the address says that can be used."""
    return Question(
        items=form.said("items"),
        by=form.said("by"),
        facets=asked.facets,
        share=form.said("share"),
        only_features=form.said("only_features"),
        wip_limit=form.said("wip_limit"),
        sample_days=form.said("sample_days"),
        ranks=tuple(sorted({*DRAWN, *asked.ranks})),
        what_if=what_if,
    )


class CommitForm(Attempt, forms.Form):
    """What is committed to, until when, and what the people say themselves."""

    subject = forms.ChoiceField(label="What")
    due_on = forms.DateField(label="By the end of", widget=day_input())
    votes = forms.DecimalField(
        label="Team’s vote", min_value=1, max_value=5, decimal_places=2, required=False,
        help_text="mean of the fists of five, such as 3.6; nobody’s own vote is asked or kept",
    )  # fmt: skip

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        subjects: Sequence[tuple[str, str]],
        initial: Mapping[str, object],
    ) -> None:
        super().__init__(data, initial=dict(initial), auto_id="commit-%s")
        self.fields["subject"].choices = list(subjects)  # type: ignore[attr-defined]
