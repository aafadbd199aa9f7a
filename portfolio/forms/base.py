"""What the forms of the nouns share: they check what was typed, the verbs do what is to be done."""

import copy
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError

T = TypeVar("T")
SLUG_HELP = "In addresses and commands, e.g. “payments”. Made from the name when left empty; it does not change later."


def day_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def time_input() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class Attempt(forms.BaseForm):
    """Shows what a verb refuses at the field it is about."""

    def attempt(self, verb: Callable[[], T]) -> T | None:
        """The verb's result, or None after it raised ValidationError and the form has the messages."""
        try:
            return verb()
        except ValidationError as error:
            by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
            for name, texts in by_field.items():
                for text in texts:
                    self.add_error(name if name in self.fields else None, text)
            return None

    def accepts(self, verb: Callable[[], object]) -> bool:
        """Whether the verb was done; for verbs whose result nobody needs."""
        return self.attempt(verb) is not None

    def does(self, verb: Callable[[], None]) -> bool:
        """The same for verbs that leave nothing behind."""

        def done() -> bool:
            verb()
            return True

        return self.accepts(done)


class NothingForm(Attempt, forms.Form):
    """A button without fields: it shows what its verb refuses."""


class ThingForm(Attempt, forms.ModelForm):
    """A model's form that leaves the instance it was given alone: changing it is the verb's business."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, instance: Any = None, **kwargs: Any) -> None:
        super().__init__(data, instance=copy.copy(instance), **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False
            self.fields["slug"].help_text = SLUG_HELP
            if instance is not None:
                del self.fields["slug"]
