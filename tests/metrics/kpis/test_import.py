"""Values of key figures from a file: checked dry, imported whole or not at all, rolled back."""

from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from core import imports
from core.models import ImportRun
from metrics.models import Kpi
from tests.cast import Cast
from tests.metrics.kpis.test_actions import DAY, figure, record

GOOD = "kpi,on,value,note\nclaims,2025-03-03,40,as it was\nclaims,2025-03-04,43.5,\nclaims,2025-03-05,44,new\n"


@pytest.fixture
def claims(cast: Cast) -> Kpi:
    kpi = figure(cast, slug="claims", name="Claims")
    record(kpi, DAY, 40, note="as it was")
    record(kpi, DAY.replace(day=4), 41, note="by hand")
    return kpi


def start(cast: Cast, text: str) -> ImportRun:
    return imports.start(actor=cast.coach, kind="kpi-values", file=BytesIO(text.encode()), name="values.csv")


def rows(kpi: Kpi) -> list[tuple[int, float, str, str]]:
    return [(one.on.day, one.value, one.note, one.origin) for one in kpi.values.all()]


BEFORE = [(3, 40, "as it was", "hand"), (4, 41, "by hand", "hand")]


def test_checked_imported_rolled_back(cast: Cast, claims: Kpi) -> None:
    run = start(cast, GOOD)
    assert (run.created, run.changed, run.unchanged, run.problems) == (1, 1, 1, [])
    assert rows(claims) == BEFORE
    imports.apply(actor=cast.coach, run=run)
    assert rows(claims) == [(3, 40, "as it was", "hand"), (4, 43.5, "", "file"), (5, 44, "new", "file")]
    again = start(cast, GOOD)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 3)
    run.refresh_from_db()
    imports.roll_back(actor=cast.coach, run=run)
    assert rows(claims) == BEFORE


def test_not_rolled_back_over_a_correction(cast: Cast, claims: Kpi) -> None:
    run = start(cast, GOOD)
    imports.apply(actor=cast.coach, run=run)
    record(claims, DAY.replace(day=5), 45)
    run.refresh_from_db()
    with pytest.raises(ValidationError, match="Changed since: Claims on 5 Mar 2025"):
        imports.roll_back(actor=cast.coach, run=run)
    assert [row[1] for row in rows(claims)] == [40, 43.5, 45]


def test_problems_by_line_and_nothing_written(cast: Cast, claims: Kpi) -> None:
    twice = ["claims,2025-03-05,44", "claims,2025-03-05,45"]
    bad = [*twice, "none,2025-03-05,1", "claims,soon,many", "claims,2999-01-01,1"]
    run = start(cast, "\n".join(["kpi,on,value", *bad]))
    assert [(one["line"], one["column"]) for one in run.problems] == [
        *((3, "kpi"), (4, "kpi"), (5, "on"), (5, "value"), (6, "on")),
    ]
    with pytest.raises(ValidationError):
        imports.apply(actor=cast.coach, run=run)
    assert rows(claims) == BEFORE


def test_figures_of_others_are_not_there(cast: Cast, claims: Kpi) -> None:
    figure(cast, slug="uptime", name="Uptime", stream=cast.platform)
    assert start(cast, "kpi,on,value\nuptime,2025-03-05,44\n").problems[0]["column"] == "kpi"
    with pytest.raises(PermissionDenied):
        imports.start(actor=cast.viewer, kind="kpi-values", file=BytesIO(GOOD.encode()))


def test_through_the_pages(client: Client, cast: Cast, claims: Kpi) -> None:
    client.force_login(cast.coach)
    file = BytesIO(GOOD.encode())
    file.name = "values.csv"
    sent = client.post("/imports/kpi-values/", {"file": file}, follow=True)
    assert sent.status_code == 200
    run = ImportRun.objects.get()
    client.post(f"/imports/kpi-values/{run.pk}/apply/")
    assert claims.values.count() == 3
    client.post(f"/imports/kpi-values/{run.pk}/roll-back/")
    assert rows(claims) == BEFORE
