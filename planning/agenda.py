"""The agenda of a planning event as a file, and the one that comes ready-made."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import NamedTuple

from django.core.exceptions import ValidationError

from core.exports import RISKY
from planning.models import AgendaItem, Increment

COLUMNS = ("day", "start", "title", "minutes")
# So many parts, of so many days; a part takes from 1 to so many minutes.
MOST_PARTS, MOST_DAYS, MOST_MINUTES = 80, 5, 720


class Part(NamedTuple):
    """A part of the event; `starts_at` None: right after the one before it."""

    day: int
    title: str
    minutes: int
    starts_at: time | None = None


# Two days of an usual planning event, with breaks; every team changes it.
STANDARD = (
    Part(1, "Welcome and how the two days go", 30, time(9)),
    Part(1, "Business context", 45),
    Part(1, "Product vision and the features to plan", 60),
    Part(1, "Break", 15),
    Part(1, "Architecture and ways of working", 45),
    Part(1, "Planning context", 15),
    Part(1, "Lunch", 60, time(12, 30)),
    Part(1, "Team breakouts: first plan", 150),
    Part(1, "Break", 15),
    Part(1, "Draft plan review", 60),
    Part(1, "Management review and problem solving", 60),
    Part(2, "Planning adjustments", 30, time(9)),
    Part(2, "Team breakouts: final plan", 120),
    Part(2, "Break", 15),
    Part(2, "Final plan review", 75),
    Part(2, "Lunch", 60),
    Part(2, "Risks of the train (ROAM)", 60),
    Part(2, "Confidence votes: teams, then the train", 30),
    Part(2, "Rework where the votes ask for it", 60),
    Part(2, "Looking back at the event and what happens next", 45),
)


def parts_of(increment: Increment) -> list[Part]:
    """Its agenda, in order."""
    return [Part(one.day, one.title, one.minutes, one.starts_at) for one in increment.agenda.all()]


def marked(parts: Iterable[Part]) -> list[list[object]]:
    """The parts as JSON can keep them."""
    return [[one.day, one.title, one.minutes, f"{one.starts_at:%H:%M}" if one.starts_at else None] for one in parts]


def unmarked(rows: Iterable[Iterable[object]]) -> list[Part]:
    """What `marked` wrote."""
    found = []
    for day, title, minutes, starts_at in rows:
        start = time.fromisoformat(str(starts_at)) if starts_at else None
        found.append(Part(int(str(day)), str(title), int(str(minutes)), start))
    return found


def lines(parts: Iterable[Part]) -> list[list[object]]:
    """The parts as lines of a CSV file, below its head."""
    return [[day, start or "", title, minutes] for day, title, minutes, start in marked(parts)]


def read(text: str) -> list[Part]:
    """The parts of a CSV file: day, start, title, minutes. Raises ValidationError with every problem, by line."""
    sample = text.lstrip("\ufeff").strip()
    head = sample.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(sample), delimiter=";" if head.count(";") > head.count(",") else ",")
    names = [name.strip().lower() for name in rows.fieldnames or ()]
    rows.fieldnames = names
    if missing := [name for name in ("title", "minutes") if name not in names]:
        raise ValidationError(f"The first line names the columns; it lacks {' and '.join(missing)}.")
    found, problems = [], []
    for number, row in enumerate(rows, 2):
        try:
            found.append(_part(row))
        except ValueError as error:
            problems.append(f"Line {number}: {error}")
    if len(found) > MOST_PARTS:
        problems.append(f"An agenda has at most {MOST_PARTS} parts.")
    if not found and not problems:
        problems.append("There is nothing below the first line.")
    if problems:
        raise ValidationError(problems[:20])
    return found


def _part(row: dict[str, str | None]) -> Part:
    """A line of a file. Raises ValueError in words."""
    said = {name: (value or "").strip() for name, value in row.items() if name and isinstance(value, str | None)}
    title = said.get("title", "")
    # As the export writes what a spreadsheet would run.
    title = title[1:] if title[:1] == "'" and title[1:].startswith(RISKY) else title
    if not 0 < len(title) <= AgendaItem._meta.get_field("title").max_length:  # type: ignore[operator]
        raise ValueError("give a title of up to 120 letters.")
    day = _number(said.get("day") or "1", MOST_DAYS, "day")
    return Part(day, title, _number(said.get("minutes", ""), MOST_MINUTES, "minutes"), _time(said.get("start", "")))


def _number(text: str, most: int, name: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and 1 <= int(text) <= most):
        raise ValueError(f"{name} is a whole number from 1 to {most}, not “{text[:20]}”.")
    return int(text)


def _time(text: str) -> time | None:
    if not text:
        return None
    for pattern in ("%H:%M", "%H.%M", "%H:%M:%S"):
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC).time()
        except ValueError:
            continue
    raise ValueError(f"start is a time such as 09:30, not “{text[:20]}”.")
