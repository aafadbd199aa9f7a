"""What a form says of the row that it changes: the version that its writer saw."""

from typing import Any

from django import forms

from portfolio.forms.base import Attempt

UNSEEN = "This form came without the version of what it changes: open it again."
MOST = 2**31 - 1


class VersionField(forms.IntegerField):
    """Hidden. `least` 0: there may have been no such row when the writer looked."""

    def __init__(self, *, least: int = 1, required: bool = True, initial: int | None = None) -> None:
        texts = dict.fromkeys(("required", "invalid", "min_value", "max_value"), UNSEEN)
        super().__init__(
            required=required,
            initial=initial,
            min_value=least,
            max_value=MOST,
            widget=forms.HiddenInput,
            error_messages=texts,
        )


class Seen(Attempt):
    """A form that changes what is there. That it does not say which version is told above the form: no field that
    somebody sees can show it."""

    def add_error(self, field: str | None, error: Any) -> None:
        """At the field, or above the form."""
        is_hidden = field is not None and field.startswith("version")
        super().add_error(None if is_hidden else field, error)
