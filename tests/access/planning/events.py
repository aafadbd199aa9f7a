"""Who may open what: the days of planning: agenda, timer, votes, links without login."""

from tests.access.people import Row

ROUTES: dict[str, list[Row]] = {}
