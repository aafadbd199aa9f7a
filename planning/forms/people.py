"""The forms of capacity: people of a team, when they are away, what was agreed by hand."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from django import forms

from core.imports.cells import day
from planning.forms.versions import Seen, VersionField
from planning.models import Iteration, Lane, Seat
from planning.queries.capacities import Room
from portfolio.forms.base import Attempt, day_input

MOST_LINES = 2000
LINE = "Ada Keller; 2026-01-05; 2026-01-09"


class SeatForm(Seen, forms.Form):
    """A person of a team."""

    name = forms.CharField(label="Name", max_length=120)
    share = forms.IntegerField(
        label="Share of a full week, %", min_value=1, max_value=100, initial=100, help_text="50 for half a week."
    )
    makes_capacity = forms.BooleanField(label="Develops or tests", required=False, initial=True)
    version = VersionField()

    def __init__(self, data: Mapping[str, Any] | None = None, *, seat: Seat | None = None) -> None:
        names = ("name", "share", "makes_capacity", "version")
        start = {name: getattr(seat, name) for name in names} if seat else None
        super().__init__(data, initial=start, auto_id="seat-%s")
        if seat is None:
            del self.fields["version"]

    @property
    def said(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}

    def renewed(self, seat: Seat) -> "SeatForm":
        """The same again on what is there now."""
        return SeatForm(_again(self, {"version": seat.version}), seat=seat)


class AbsenceForm(Attempt, forms.Form):
    """Days on which somebody of a team is away."""

    seat = forms.ModelChoiceField(Seat.objects.none(), label="Who", empty_label="Choose…")
    first_on = forms.DateField(label="First day away", widget=day_input())
    last_on = forms.DateField(label="Last day", required=False, widget=day_input(), help_text="Empty: one day.")

    def __init__(self, data: Mapping[str, Any] | None = None, *, lane: Lane) -> None:
        super().__init__(data, auto_id="away-%s")
        cast("forms.ModelChoiceField[Seat]", self.fields["seat"]).queryset = lane.people.all()


class CapacityForm(Seen, forms.Form):
    """A capacity by hand, and why."""

    amount = forms.DecimalField(label="Capacity", min_value=0, max_digits=7, decimal_places=1)
    reason = forms.CharField(label="Why", max_length=200, help_text="Others see it beside the number.")
    version = VersionField(least=0)

    def __init__(self, data: Mapping[str, Any] | None = None, *, room: Room, iteration: Iteration) -> None:
        known = room.by_hand
        start: dict[str, Any] = {"version": known.version if known else 0, "amount": room.amount}
        start |= {"reason": known.reason} if known else {}
        super().__init__(data, initial=start, auto_id="capacity-%s")
        self.fields["amount"].label = f"Capacity in {iteration.name}, {room.unit}"

    def renewed(self, room: Room, iteration: Iteration) -> "CapacityForm":
        """The same again on what is there now."""
        version = room.by_hand.version if room.by_hand else 0
        return CapacityForm(_again(self, {"version": version}), room=room, iteration=iteration)


def _again(form: forms.Form, more: dict[str, Any]) -> dict[str, Any]:
    """What was typed, with some of it replaced."""
    return {name: form.data[name] for name in form.fields if name in form.data} | more


@dataclass(slots=True)
class Line:
    """A line of pasted absences as it was understood; `problem` says why it was not."""

    number: int
    text: str
    seat: Seat | None = None
    first_on: date | None = None
    last_on: date | None = None
    problem: str = ""


@dataclass(slots=True)
class Pasted:
    """What a paste would do, line by line."""

    lines: list[Line] = field(default_factory=list)

    @property
    def rows(self) -> list[tuple[Seat, date, date]]:
        return [
            (one.seat, one.first_on, one.last_on) for one in self.lines if one.seat and one.first_on and one.last_on
        ]

    @property
    def problems(self) -> list[Line]:
        return [line for line in self.lines if line.problem]


class PasteForm(Attempt, forms.Form):
    """Many absences at once, as they stand in a spreadsheet or a calendar's export."""

    text = forms.CharField(
        label="Absences, one a line",
        required=False,
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 10, "placeholder": f"{LINE}\nFalcon; Ada Keller; 3.2.2026"}),
        help_text="Name, first day, last day (none: one day), apart by semicolon, comma or tab. Where two teams have"
        " somebody of that name, the team first.",
    )
    file = forms.FileField(label="or a CSV file", required=False, help_text="The same lines.")

    def __init__(self, data: Any = None, files: Any = None, *, seats: Sequence[Seat] = ()) -> None:
        super().__init__(data, files, auto_id="paste-%s")
        self.seats = seats

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if file := data.get("file"):
            data["text"] = _decoded(file)
        lines = [line for line in data.get("text", "").splitlines() if line.strip()]
        if not self.errors and not lines:
            self.add_error("text", f"Paste at least one line, such as “{LINE}”.")
        if len(lines) > MOST_LINES:
            self.add_error("text", f"These are {len(lines):,} lines; at most {MOST_LINES:,} are taken at once.")
        return data

    def read(self) -> Pasted:
        """Each line as it is understood."""
        known: dict[str, list[Seat]] = {}
        for seat in self.seats:
            known.setdefault(seat.name.casefold(), []).append(seat)
        lines = enumerate(self.cleaned_data["text"].splitlines(), 1)
        found = [_read(number, text, known) for number, text in lines if text.strip()]
        # The first line may name the columns.
        is_heading = found and found[0].problem and not re.search(r"\d", found[0].text)
        return Pasted(found[1:] if is_heading and len(found) > 1 else found)


def _decoded(file: Any) -> str:
    raw = cast(bytes, file.read(400_000))
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def _read(number: int, text: str, known: Mapping[str, list[Seat]]) -> Line:
    line = Line(number, text.strip()[:200])
    cells = [cell.strip().strip('"').strip() for cell in re.split(r"[;\t,]", text)]
    while cells and not cells[-1]:
        cells.pop()
    names = [cell for cell in cells if not re.search(r"\d", cell) or cell.casefold() in known]
    days = cells[len(names) :]
    if not names or len(names) > 2 or not 1 <= len(days) <= 2:
        line.problem = f"Write it as “{LINE}”."
        return line
    try:
        first, last = day(days[0]), day(days[-1])
    except ValueError as error:
        line.problem = str(error)
        return line
    if last < first:
        line.problem = "The last day is before the first."
        return line
    return _who(line, names, known, first, last)


def _who(line: Line, names: list[str], known: Mapping[str, list[Seat]], first: date, last: date) -> Line:
    found = known.get(names[-1].casefold(), [])
    if len(names) == 2:
        found = [seat for seat in found if seat.lane.name.casefold() == names[0].casefold()]
    if len(found) == 1:
        line.seat, line.first_on, line.last_on = found[0], first, last
    elif found:
        teams = " and ".join(seat.lane.name for seat in found)
        line.problem = f"{names[-1]} is in {teams}: write the team first."
    else:
        line.problem = f"“{' / '.join(names)[:60]}” is in no list that you may change."
    return line
