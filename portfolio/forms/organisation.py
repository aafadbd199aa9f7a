"""Forms of the organisation pages."""

import re
import zoneinfo
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone

from accounts.models import User
from portfolio.forms.base import Attempt, ThingForm, day_input, time_input
from portfolio.models import (
    Grant,
    Membership,
    Role,
    Service,
    Team,
    ValueStream,
    WorkingCalendar,
)
from portfolio.rules import can

WEEKDAYS = [
    (1, "Monday"),
    (2, "Tuesday"),
    (3, "Wednesday"),
    (4, "Thursday"),
    (5, "Friday"),
    (6, "Saturday"),
    (7, "Sunday"),
]


class StreamForm(ThingForm):
    class Meta:
        model = ValueStream
        fields = ["name", "slug", "description", "started_on", "position"]
        labels = {"slug": "Short name", "started_on": "First day", "position": "Place in lists"}
        help_texts = {"position": "Smaller numbers come first; equal ones go by name."}
        widgets = {"started_on": day_input(), "description": forms.Textarea(attrs={"rows": 3})}


class TeamForm(ThingForm):
    timezone = forms.ChoiceField(
        label="Time zone",
        choices=[(name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones())],
        help_text="A day of this team ends at midnight there.",
    )

    class Meta:
        model = Team
        fields = ["name", "slug", "stream", "timezone", "calendar", "cost_per_day", "planning_unit"]
        fields += ["iteration_days", "iteration_starts_on", "started_on"]
        labels = {
            "slug": "Short name",
            "stream": "Value stream",
            "started_on": "First day",
            "planning_unit": "Plans in",
            "iteration_days": "Length of an iteration, days",
            "iteration_starts_on": "An iteration begins on",
        }
        help_texts = {
            "iteration_days": "From 1 to 92, usually 7, 14 or 21.",
            "iteration_starts_on": "Any one of them: the others follow before and after it without a gap.",
        }
        widgets = {"started_on": day_input(), "iteration_starts_on": day_input()}

    def __init__(self, data: Mapping[str, Any] | None = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        team: Team | None = kwargs.get("instance")
        allowed = [s.pk for s in ValueStream.objects.all() if can(user, "manage_teams", s)]
        own = [team.stream_id] if team else []
        stream = cast("forms.ModelChoiceField[ValueStream]", self.fields["stream"])
        stream.empty_label = "Choose a value stream"
        stream.queryset = ValueStream.objects.filter(pk__in=allowed + own)
        calendar = cast("forms.ModelChoiceField[WorkingCalendar]", self.fields["calendar"])
        calendar.required, calendar.empty_label = False, "Monday to Friday, 9 to 17, no holidays"
        self.fields["cost_per_day"].label = f"Cost per working day, {settings.CURRENCY}"
        self.fields["cost_per_day"].help_text = "Seen by leaders, the PMO and administrators only."
        if not can(user, "see_money", team or (stream.queryset.first() if allowed else None)):
            del self.fields["cost_per_day"]
        self.initial.setdefault("timezone", settings.TIME_ZONE)
        days = cast(forms.IntegerField, self.fields["iteration_days"])
        days.validators = [MinValueValidator(1), MaxValueValidator(92)]


class ServiceForm(ThingForm):
    class Meta:
        model = Service
        fields = ["name", "slug"]
        labels = {"slug": "Short name"}


class EndForm(Attempt, forms.Form):
    on = forms.DateField(label="Last day", widget=day_input(), initial=timezone.localdate)


class CalendarForm(ThingForm):
    weekdays = forms.TypedMultipleChoiceField(
        label="Working days", coerce=int, choices=WEEKDAYS, widget=forms.CheckboxSelectMultiple, initial=[1, 2, 3, 4, 5]
    )

    class Meta:
        model = WorkingCalendar
        fields = ["name", "weekdays", "day_starts", "day_ends"]
        labels = {"day_starts": "The day starts at", "day_ends": "The day ends at"}
        widgets = {"day_starts": time_input(), "day_ends": time_input()}


class HolidaysForm(Attempt, forms.Form):
    lines = forms.CharField(
        label="Add holidays",
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text="One a line, the day first: “2026-12-25 Christmas” or “25.12.2026 Christmas”.",
        max_length=20_000,
    )

    def clean_lines(self) -> list[tuple[date, str]]:
        lines = cast(str, self.cleaned_data["lines"]).splitlines()
        parsed = [(n, line, read_day(line)) for n, line in enumerate(lines, 1) if line.strip()]
        bad = [
            ValidationError(f"Line {n}, “{line[:40]}”: no day such as 2026-12-25.")
            for n, line, day in parsed
            if not day
        ]
        if bad:
            raise ValidationError(bad[:5])
        return list({day[0]: day for _, _, day in parsed if day}.values())


def read_day(line: str) -> tuple[date, str] | None:
    """The day and the name on a line of a holiday list; None when it does not start with a day."""
    found = re.match(r"\s*(\d{4}-\d\d?-\d\d?|\d\d?\.\d\d?\.\d{4})(?:[\s,;:]+(.*))?$", line)
    if not found:
        return None
    pattern = "%Y-%m-%d" if "-" in found[1] else "%d.%m.%Y"
    try:
        return datetime.strptime(found[1], pattern).date(), (found[2] or "").strip()[:80]  # noqa: DTZ007
    except ValueError:
        return None


class MemberForm(Attempt, forms.Form):
    """A person's time in a team; `last` empty is until further notice."""

    user = forms.ModelChoiceField(
        label="Person", queryset=User.objects.filter(is_active=True), empty_label="Choose a person"
    )
    first = forms.DateField(label="First day", widget=day_input(), initial=timezone.localdate)
    last = forms.DateField(label="Last day", widget=day_input(), required=False)
    share = forms.IntegerField(
        label="Share of a week, %", min_value=1, max_value=100, initial=100, help_text="100 is full time."
    )

    @classmethod
    def of(cls, membership: Membership, data: Mapping[str, Any] | None = None) -> "MemberForm":
        """The form that changes a membership; whose it is stays."""
        end = membership.during.upper
        last = end - timedelta(days=1) if end else None
        form = cls(data, initial={"first": membership.during.lower, "last": last, "share": membership.share})
        del form.fields["user"]
        return form


class InviteForm(Attempt, forms.Form):
    name = forms.CharField(max_length=120)
    email = forms.EmailField(label="E-mail", help_text="Also the login.")


class PersonForm(ThingForm):
    class Meta:
        model = User
        fields = ["name", "email"]
        labels = {"email": "E-mail"}
        help_texts = {"email": "Also the login."}


class GrantForm(Attempt, forms.Form):
    """A role and where it holds: "portal", "stream:3" or "team:5"."""

    role = forms.ChoiceField(choices=Role.choices, initial=Role.VIEWER)
    place = forms.ChoiceField(label="Where")

    def __init__(self, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        streams = [(f"stream:{s.pk}", s.name) for s in ValueStream.objects.all()]
        teams = [(f"team:{t.pk}", t.name) for t in Team.objects.all()]
        place = cast(forms.ChoiceField, self.fields["place"])
        place.choices = [("portal", "The whole portal"), ("Value streams", streams), ("Teams", teams)]

    def clean(self) -> dict[str, Any]:
        kind, _, pk = self.cleaned_data.get("place", "").partition(":")
        self.cleaned_data["stream"] = ValueStream.objects.get(pk=pk) if kind == "stream" else None
        self.cleaned_data["team"] = Team.objects.get(pk=pk) if kind == "team" else None
        return self.cleaned_data


def place_text(grant: Grant) -> str:
    """Where a grant holds, as GrantForm reads it."""
    if grant.stream_id:
        return f"stream:{grant.stream_id}"
    return f"team:{grant.team_id}" if grant.team_id else "portal"


class AuditForm(forms.Form):
    """The filter of the audit trail; everything is optional."""

    q = forms.CharField(label="What", required=False, widget=forms.TextInput(attrs={"type": "search"}))
    who = forms.CharField(label="Who", required=False, widget=forms.TextInput(attrs={"type": "search"}))
    first = forms.DateField(label="From", required=False, widget=day_input())
    last = forms.DateField(label="To", required=False, widget=day_input())
