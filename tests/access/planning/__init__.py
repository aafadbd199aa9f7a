"""Planning, with its API."""

from tests.access.people import Row
from tests.access.planning import board, chances, dependencies, events, files, increments, promises

ROUTES: dict[str, list[Row]] = {}
for _part in (board, chances, dependencies, events, files, increments, promises):
    assert not ROUTES.keys() & _part.ROUTES.keys()
    ROUTES |= _part.ROUTES
