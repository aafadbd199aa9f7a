"""Forms of one's own account."""

from datetime import date
from typing import Any, cast

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from accounts import rules
from accounts.models import ApiToken, User

LAST_YEAR = 2099


def client_address(request: HttpRequest | None) -> str:
    return request.META.get("REMOTE_ADDR", "") if request else ""


class LoginForm(AuthenticationForm):
    """E-mail and password; after some wrong ones it asks to wait."""

    error_messages = {
        "invalid_login": "This e-mail and password do not match. Upper and lower case count in the password.",
        "inactive": "This account was deactivated. An administrator can activate it again.",
    }

    def __init__(self, request: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"] = forms.EmailField(
            label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
        )

    def clean(self) -> dict[str, Any]:
        email, address = self.cleaned_data.get("username", ""), client_address(self.request)
        if wait := rules.minutes_to_wait(email, address):
            minutes = "1 minute" if wait == 1 else f"{wait} minutes"
            raise ValidationError(f"Too many wrong passwords. Try again in {minutes}, or reset your password.")
        try:
            cleaned = super().clean()
        except ValidationError:
            rules.count_failure(email, address)
            raise
        rules.forget_failures(email, address)
        return cleaned


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["name", "theme", "digest"]
        labels = {"digest": "Weekly digest by e-mail"}
        help_texts = {"digest": "On Mondays: only what changed and what needs a decision. Nothing to say, no mail."}
        widgets = {"theme": forms.RadioSelect, "name": forms.TextInput(attrs={"autocomplete": "name"})}


class ThemeForm(forms.Form):
    theme = forms.ChoiceField(choices=[("system", "As the system"), ("light", "Light"), ("dark", "Dark")])
    next = forms.CharField(required=False)


class TokenForm(forms.ModelForm):
    last_day = forms.DateField(
        required=False,
        label="Works until",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The last day it works. Without one it works until it is revoked.",
    )

    class Meta:
        model = ApiToken
        fields = ["name"]
        help_texts = {"name": "What it is for, e.g. “nightly report”."}

    def clean_last_day(self) -> date | None:
        day = cast("date | None", self.cleaned_data["last_day"])
        if day and day < timezone.localdate():
            raise ValidationError("This day is over.")
        if day and day.year > LAST_YEAR:
            raise ValidationError("Leave it empty for a token that works until it is revoked.")
        return day
