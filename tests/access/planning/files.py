"""Who may open what: imports and exports of a plan."""

from tests.access.people import Row

ROUTES: dict[str, list[Row]] = {}
