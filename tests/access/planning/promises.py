"""Who may open what: capacity, objectives and risks."""

from tests.access.people import Row

ROUTES: dict[str, list[Row]] = {}
