"""Who may open what: trains, increments, their states, checklists and looking back."""

from tests.access.people import Row

ROUTES: dict[str, list[Row]] = {}
