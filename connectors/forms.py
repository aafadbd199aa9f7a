"""Forms of sources: a tool's settings, made from its connector's fields, and the mapping of its statuses and types."""

import secrets
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from connectors import rules
from connectors.protocol import Field
from metrics.models import FlowState, ItemKind, Source
from portfolio.models import Service, Team

MAX_UPLOAD = 100 * 1024 * 1024
# An uploaded file that no source uses after this time goes.
UPLOAD_KEPT_SECONDS = 24 * 3600
SCHEDULES = [(5, "every 5 minutes"), (15, "every 15 minutes"), (60, "every hour"), (1440, "every day"), (0, "by hand")]
STATES = [("", "Not mapped (counts as active)"), *FlowState.choices]


def uploads() -> Path:
    """Where uploaded files lie; sources refer to them by path."""
    folder = Path(settings.VMO_HOME) / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def keep_upload(upload: UploadedFile) -> Path:
    """Store an uploaded file under a name nobody can guess; takes away those that no source came to use."""
    folder = uploads()
    # A file of work or of certificates: whatever setting names it.
    used = {str(value) for stored in Source.objects.values_list("settings", flat=True) for value in stored.values()}
    for old in folder.iterdir():
        if str(old) not in used and time.time() - old.stat().st_mtime > UPLOAD_KEPT_SECONDS:
            old.unlink(missing_ok=True)
    path = folder / f"{secrets.token_urlsafe(12)}.csv"
    with path.open("wb") as file:
        for chunk in upload.chunks():
            file.write(chunk)
    return path


def _widget(field: Field) -> forms.Widget:
    off = {"autocomplete": "off", "spellcheck": "false"}
    match field.kind:
        case "secret":
            # What was just typed comes back after an error; a stored secret never does.
            return forms.PasswordInput(render_value=True, attrs={"autocomplete": "new-password"})
        case "long":
            return forms.Textarea(attrs={"rows": 4, **off})
        case "number":
            return forms.TextInput(attrs={"inputmode": "decimal"})
        case "choice":
            return forms.Select(choices=field.choices)
        case "url" | "path" | "pattern" | "zone":
            return forms.TextInput(attrs=off)
    return forms.TextInput()


def _form_field(field: Field, is_stored: bool) -> forms.Field:
    if field.kind == "bool":
        return forms.BooleanField(label=field.label, required=False, help_text=field.help)
    is_kept = is_stored and field.kind == "secret"
    text = f"{field.help} Leave empty to keep the stored one.".strip() if is_kept else field.help
    required = field.required and not is_kept
    return forms.CharField(label=field.label, required=required, help_text=text, widget=_widget(field), strip=False)


def key_of(setting: str) -> str:
    """The form's name of a tool's setting: apart from the form's own, which tools may use for theirs ("team")."""
    return f"setting-{setting}"


class SettingsForm(forms.Form):
    """Where a source's data go, and the tool's own settings (`key_of` names their fields)."""

    name = forms.CharField(max_length=120, help_text="How the source is called on every page.")
    team = forms.ModelChoiceField(Team.objects.none(), help_text="Whose work it is, where the tool does not say.")
    service = forms.ModelChoiceField(
        Service.objects.none(),
        required=False,
        empty_label="None",
        help_text="What its deployments and incidents belong to.",
    )
    schedule_minutes = forms.TypedChoiceField(label="Sync", coerce=int, choices=SCHEDULES, initial=15)
    incident_window_hours = forms.IntegerField(
        label="Incident window",
        min_value=1,
        max_value=24 * 30,
        initial=24,
        help_text="Hours after a deployment in which an incident without a deployment's name is put down to it.",
    )

    def __init__(
        self, *args: Any, tool: str, teams: Iterable[Team], source: Source | None = None, **kwargs: Any
    ) -> None:
        self.tool = tool
        self.source = source
        super().__init__(*args, **kwargs)
        self.tool_fields = rules.connector(tool).fields
        own = [team.pk for team in teams]
        self.fields["team"].queryset = Team.objects.filter(pk__in=own)  # type: ignore[attr-defined]
        self.fields["service"].queryset = Service.objects.filter(team__in=own)  # type: ignore[attr-defined]
        if source is not None:
            del self.fields["team"]
        for field in self.tool_fields:
            self.fields[key_of(field.name)] = _form_field(field, source is not None)
            self.fields[key_of(field.name)].initial = self._stored(field)
        self._add_upload()
        own_first = ["name", "team", "service", "upload", *(key_of(field.name) for field in self.tool_fields)]
        self.order_fields([*own_first, "schedule_minutes", "incident_window_hours"])

    def _stored(self, field: Field) -> object:
        value = self.source.settings.get(field.name, field.default) if self.source else field.default
        return value in rules.TRUE if field.kind == "bool" else value

    def _add_upload(self) -> None:
        """A tool that reads a file can be given one here; it fills the path."""
        if not any(field.kind == "path" for field in self.tool_fields):
            return
        self.fields["upload"] = forms.FileField(
            label="File", required=False, help_text=f"Up to {MAX_UPLOAD // 1024 // 1024} MB; it stays on this server."
        )
        for field in self.tool_fields:
            if field.kind == "path":
                self.fields[key_of(field.name)].required = False

    def clean_upload(self) -> UploadedFile | None:
        upload: UploadedFile | None = self.cleaned_data.get("upload")
        if upload and (upload.size or 0) > MAX_UPLOAD:
            raise ValidationError(f"This file has {(upload.size or 0) / 1024 / 1024:.0f} MB; allowed are 100 MB.")
        return upload

    def clean(self) -> dict[str, Any]:
        """Check the tool's settings by its own rules, each message at its field; store an uploaded file."""
        data = super().clean() or self.cleaned_data
        path = next((key_of(field.name) for field in self.tool_fields if field.kind == "path"), "")
        if path and data.get("upload"):
            data[path] = str(keep_upload(data["upload"]))
            # The file came with this post only: the next one says where it lies.
            self.data = {**self.data.dict(), path: data[path]} if isinstance(self.data, QueryDict) else self.data
        try:
            rules.clean(self.tool, self.tool_settings(), kept=self._kept())
        except ValidationError as error:
            self._add(error)
        return data

    def _kept(self) -> Mapping[str, str]:
        """Stand-ins for stored secrets: an empty field keeps them."""
        return {field.name: "kept" for field in self.tool_fields if self.source and field.kind == "secret"}

    def _add(self, error: ValidationError) -> None:
        for name, messages in error.message_dict.items():
            if key_of(name) in self.fields and key_of(name) not in self.errors:
                self.add_error(key_of(name), messages)

    def tool_settings(self) -> dict[str, object]:
        return {field.name: self.cleaned_data.get(key_of(field.name), "") for field in self.tool_fields}

    def tool_error(self, message: str, field: str) -> None:
        """Show what the tool said, at the setting it is about."""
        self.add_error(next((name for name in (key_of(field), field) if name in self.fields), None), message)


class StatusLine(NamedTuple):
    """A status to map: `key` is unique in the form, `used` how many items or moves have it."""

    key: str
    name: str
    state: str | None = None
    used: int = 0


def status_lines(statuses: Iterable[Any]) -> list[StatusLine]:
    """Lines of stored statuses, as connectors.queries.statuses reads them."""
    return [StatusLine(str(row.pk), row.name, row.state, row.items) for row in statuses]


class MappingForm(forms.Form):
    """The state and the place of each status. Works on stored statuses and on those of a preview."""

    def __init__(self, *args: Any, statuses: Iterable[StatusLine], **kwargs: Any) -> None:
        """`statuses` in the workflow's order."""
        super().__init__(*args, **kwargs)
        self.statuses = list(statuses)
        self.names = {line.key: line.name for line in self.statuses}
        for place, line in enumerate(self.statuses, 1):
            self.fields[f"state-{line.key}"] = forms.ChoiceField(
                label=f"State of {line.name}", choices=STATES, required=False, initial=line.state or ""
            )
            self.fields[f"place-{line.key}"] = forms.IntegerField(
                label=f"Place of {line.name}", min_value=1, max_value=999, initial=place, required=False
            )

    @property
    def lines(self) -> list[tuple[StatusLine, forms.BoundField, forms.BoundField]]:
        return [(line, self[f"state-{line.key}"], self[f"place-{line.key}"]) for line in self.statuses]

    def ordered(self) -> list[tuple[str, str]]:
        """(key, state or "") in the order that was typed; equal places keep their order."""
        data = self.cleaned_data
        keys = sorted(self.names, key=lambda key: data.get(f"place-{key}") or 999)
        return [(key, data.get(f"state-{key}") or "") for key in keys]

    def chosen(self) -> list[tuple[int, str | None]]:
        """(primary key, state or None) of stored statuses, in order."""
        return [(int(key), state or None) for key, state in self.ordered()]


class BlockedForm(forms.Form):
    """Which statuses mean that an item in them is blocked."""

    blocked = forms.MultipleChoiceField(
        label="Items in these statuses are blocked", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: QueryDict | None = None, *, statuses: Iterable[Any]) -> None:
        """`statuses` are stored ones, in the workflow's order."""
        rows = list(statuses)
        super().__init__(data, initial={"blocked": [str(row.pk) for row in rows if row.is_blocked]})
        self.fields["blocked"].choices = [(str(row.pk), row.name) for row in rows]  # type: ignore[attr-defined]
        self.has_statuses = bool(rows)

    def chosen(self) -> list[int]:
        """Their primary keys."""
        return [int(key) for key in self.cleaned_data["blocked"]]


class TypesForm(forms.Form):
    """What each of the tool's item types counts as."""

    def __init__(self, *args: Any, types: Iterable[Mapping[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.types = {f"type-{n}": row for n, row in enumerate(types)}
        for name, row in self.types.items():
            self.fields[name] = forms.ChoiceField(
                label=row["tool_type"], choices=ItemKind.choices, initial=row["kind"], help_text=f"{row['n']} items"
            )

    def mapping(self) -> dict[str, str]:
        return {row["tool_type"]: self.cleaned_data[name] for name, row in self.types.items()}
