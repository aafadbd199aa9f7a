"""Forms of the settings: limits, calls to other programs; and of files that are attached."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from django import forms

from core.models import Hook
from impediments.attachments import ACCEPT, MOST_BYTES, WORDS
from impediments.limits import DEFAULTS, Limits
from impediments.models import Category, Level
from portfolio.forms.base import Attempt
from portfolio.models import ValueStream

LEVELS = (Level.TEAM, Level.PMO, Level.BOARD)
MOST_HOURS = Decimal(9999)
ALL = "all"


def _cell(category: str, level: int) -> str:
    return f"{category or ALL}-{level}"


def short(hours: Decimal | None) -> str:
    """Hours as people write them: 8, 7.5."""
    return "" if hours is None else f"{hours.normalize():f}"


class LimitsForm(Attempt, forms.Form):
    """Hours per category and level; empty: those of all categories, and of these the default."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, limits: Limits) -> None:
        super().__init__(data)
        self.limits = limits
        for category in ("", *Category.values):
            for level in LEVELS:
                self.fields[_cell(category, level)] = self._field(category, level)

    def _field(self, category: str, level: Level) -> forms.Field:
        label = f"{Category(category).label if category else 'All categories'}, level {level}, hours"
        field = forms.DecimalField(
            label=label, required=False, min_value=Decimal("0.25"), max_value=MOST_HOURS, decimal_places=2
        )
        own = self.limits.has_own(level, category)
        field.initial = short(self.limits.of(level, category)) if own else None
        without = self.limits.of(level, "") if category else DEFAULTS[level]
        field.widget.attrs |= {"aria-label": label, "placeholder": short(without), "step": "any"}
        return field

    @property
    def rows(self) -> list[tuple[str, list[forms.BoundField]]]:
        """A line per category, the one for all first."""
        names = [("", "All categories"), *Category.choices]
        return [(str(label), [self[_cell(key, level)] for level in LEVELS]) for key, label in names]

    @property
    def wanted(self) -> list[tuple[str, int, Decimal | None]]:
        """Every cell that was changed: category, level, hours (None: no own any more)."""
        cells = [(category, level) for category in ("", *Category.values) for level in LEVELS]
        changed = set(self.changed_data)
        return [(c, int(v), self.cleaned_data[_cell(c, v)]) for c, v in cells if _cell(c, v) in changed]


class HookForm(Attempt, forms.Form):
    """A program that is told; its address is a secret, so a known one is never shown again."""

    name = forms.CharField(max_length=120, help_text="How people know it: the chat room, say.")
    url = forms.CharField(
        label="Address",
        max_length=500,
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
        help_text="The incoming webhook's address, beginning with https://, as the chat tool shows it.",
    )
    stream = forms.ChoiceField(label="Whose impediments", required=False)
    is_active = forms.BooleanField(label="Switched on", required=False, initial=True)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        hook: Hook | None = None,
        streams: Sequence[ValueStream] = (),
        for_all: bool = False,
    ) -> None:
        known = {"name": hook.name, "is_active": hook.is_active} if hook else {}
        super().__init__(data, initial=known)
        self.streams = {one.slug: one for one in streams}
        everything = [("", "All value streams")] if for_all else []
        field = cast(forms.ChoiceField, self.fields["stream"])
        field.choices = [*everything, *((one.slug, one.name) for one in streams)]
        field.required = not for_all
        if hook is None:
            del self.fields["is_active"]
        else:
            del self.fields["stream"]
            self.fields["url"].required = False
            self.fields["url"].help_text = "Empty: the one it has. It is a secret and not shown again."

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is given."""
        found = dict(self.cleaned_data)
        return found | {"stream": self.streams.get(found["stream"])} if "stream" in found else found


class AttachForm(Attempt, forms.Form):
    """A file of an impediment."""

    file = forms.FileField(
        label="Add a file",
        help_text=WORDS.capitalize() + ".",
        max_length=255,
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
        error_messages={"empty": "The file is empty."},
    )

    @property
    def content(self) -> bytes:
        """Of a file that is too large only so much that the verb sees it: it says so in words."""
        return bytes(self.cleaned_data["file"].read(MOST_BYTES + 1))
