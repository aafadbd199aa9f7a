"""Who may open what: the board and its cards."""

from tests.access.people import Row

ROUTES: dict[str, list[Row]] = {}
