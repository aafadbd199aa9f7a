"""Until which day the costs page looks ahead."""

from datetime import date, timedelta

from django.http import QueryDict

from core.templatetags.ui import Choice, Entry
from metrics.forms import day_text, parse_day

# Nobody knows what is blocked in years.
MOST_DAYS = 730
USUAL_DAYS = 28


def until_of(params: QueryDict, today: date, problems: dict[str, str]) -> date:
    """The day in `until`; the usual, with a message in `problems`, for what cannot be used."""
    usual = today + timedelta(USUAL_DAYS)
    text = params.get("until", "").strip()
    if not text:
        return usual
    try:
        until = parse_day(text)
    except ValueError as error:
        problems["until"] = str(error)
        return usual
    if not today < until <= today + timedelta(MOST_DAYS):
        problems["until"] = f"{until} is not one of the {MOST_DAYS} days after {today}."
        return usual
    return until


def until_picker(until: date, today: date) -> dict[str, object]:
    """What the picker offers: some weeks, or any day."""
    choices = [
        Choice(f"In {weeks} weeks", {"until": _said(today, weeks)}, current=until == today + timedelta(7 * weeks))
        for weeks in (2, 4, 8, 13)
    ]
    return {
        "until": until,
        "until_text": day_text(until),
        "until_choices": choices,
        "until_fields": [Entry("until", "Until the end of", until.isoformat())],
    }


def _said(today: date, weeks: int) -> str | None:
    return None if 7 * weeks == USUAL_DAYS else (today + timedelta(7 * weeks)).isoformat()
