"""Who may open what: the rows of tests/test_access.py, one file per app, and what they name."""

from tests.access import connectors, core, funding, impediments, metrics, okrs, planning, portfolio, portfolio_api
from tests.access.people import PEOPLE, Row
from tests.access.props import Props

ROUTES: dict[str, list[Row]] = {}
for _app in (connectors, core, funding, impediments, metrics, okrs, planning, portfolio, portfolio_api):
    assert not ROUTES.keys() & _app.ROUTES.keys()
    ROUTES |= _app.ROUTES

__all__ = ["PEOPLE", "ROUTES", "Props", "Row"]
