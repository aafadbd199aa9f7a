"""Who may open what: dependencies between teams."""

from tests.access.people import Row

ROUTES: dict[str, list[Row]] = {}
