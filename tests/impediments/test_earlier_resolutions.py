"""What an earlier resolution said stays: in the list and the analysis of a past instant, after it was reopened."""

import importlib

import pytest
from django.db import connection

from impediments import actions, queries
from impediments.analysis import cases
from impediments.models import Impediment, Period
from impediments.queries.listing import head, lines
from metrics.forms import Asked
from metrics.measurement import Window
from portfolio.queries import find_scope
from tests.cast import Cast
from tests.funding.cast import at
from tests.impediments.clocks_cast import logged

pytestmark = pytest.mark.django_db


@pytest.fixture
def twice(cast: Cast) -> Impediment:
    """Resolved on the 8th as a process, in the way again from the 12th to the 20th of May, then of a supplier."""
    one = logged(cast, "2025-05-06 08:00", what="Licence")
    actions.resolve(
        actor=cast.member, impediment=one, resolution="Bought", root_cause="process", at=at("2025-05-08 10:00")
    )
    actions.reopen(actor=cast.member, impediment=one, at=at("2025-05-12 10:00"))
    return one


def again(cast: Cast, one: Impediment) -> None:
    actions.resolve(
        actor=cast.member, impediment=one, resolution="Another vendor", root_cause="supplier", at=at("2025-05-20 10:00")
    )


def told(cast: Cast, when: str) -> list[object]:
    """When and how it was resolved, as the list's file of an instant says."""
    found = queries.seen(cast.leader, at(when))
    (line,) = lines(queries.rows_of(found, cast.leader, at(when), is_past=True))
    names = head([])
    return [line[names.index("resolved")], line[-3], line[-2]]


def roots(cast: Cast, last: str) -> list[str]:
    start, end = at("2025-05-01").date(), at(last).date()
    asked = Asked(find_scope("stream:payments", None), Window(start, end), None)
    return [case.root for case in cases(asked, cast.leader, at("2025-06-01")).all]


def test_the_list_of_a_past_instant_says_how_it_was_resolved_then(cast: Cast, twice: Impediment) -> None:
    first = [at("2025-05-08 10:00"), "Bought", "process"]
    assert told(cast, "2025-05-09") == first
    assert told(cast, "2025-05-13") == [None, "", ""]
    again(cast, twice)
    assert told(cast, "2025-05-09") == first
    assert told(cast, "2025-05-21") == [at("2025-05-20 10:00"), "Another vendor", "supplier"]


def test_so_does_the_analysis(cast: Cast, twice: Impediment) -> None:
    assert roots(cast, "2025-05-09") == ["Process or approval takes long"]
    assert roots(cast, "2025-05-14") == [""]
    again(cast, twice)
    assert roots(cast, "2025-05-09") == ["Process or approval takes long"]
    assert roots(cast, "2025-05-21") == ["Supplier or partner"]


def test_what_is_undone_was_not_said(cast: Cast, twice: Impediment) -> None:
    again(cast, twice)
    row = Impediment.objects.get()
    actions.undo_resolve(actor=cast.member, impediment=row, version=row.version)
    said = Period.objects.order_by("from_at").values_list("resolution", "root_cause")
    assert list(said) == [("Bought", "process"), ("", "")]


def test_those_that_are_resolved_get_what_they_say(cast: Cast, twice: Impediment) -> None:
    again(cast, twice)
    Period.objects.update(resolution="", root_cause="")
    fill = importlib.import_module("impediments.migrations.0004_period_resolutions").FILL
    with connection.cursor() as cursor:
        cursor.execute(fill)
    said = Period.objects.order_by("from_at").values_list("resolution", "root_cause")
    # The first was taken back by reopening: nobody knows it any more.
    assert list(said) == [("", ""), ("Another vendor", "supplier")]
