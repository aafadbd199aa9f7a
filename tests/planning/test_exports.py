"""A plan to take away: the CSV comes back unchanged, cells are no formulas, sheets stand where they are told."""

import csv
import io

import pytest
from django.test import Client
from openpyxl import load_workbook

from core import imports
from planning.exports.sheets import CARD, GROUP, GUTTER, HEAD, LOAD, MARGIN, TOP, WIDTH, sheets
from planning.exports.sheets import COLUMNS as COLUMN_HEAD
from planning.queries.board import board_of
from tests.cast import Cast
from tests.planning.cast import Planned, make_planned


@pytest.fixture
def plan(cast: Cast) -> Planned:
    made = make_planned(cast)
    risky = made.card("=HYPERLINK(1)", made.falcon, 1, key="PAY-1", size=8)
    other = made.card("Ledger split", made.heron, 3, key="PAY-2")
    made.card("Idea", key="PAY-3")
    made.need(other, risky)
    return made


def fetch(client: Client, cast: Cast, ending: str) -> bytes:
    client.force_login(cast.pmo)
    answer = client.get(f"/planning/pi-26-1/files/plan.{ending}")
    assert answer.status_code == 200
    assert f"payments-train-pi-26-1.{ending}".removeprefix("") in answer.headers["Content-Disposition"]
    return answer.getvalue()


def test_the_csv_can_be_imported_again(client: Client, cast: Cast, plan: Planned) -> None:
    text = fetch(client, cast, "csv")
    rows = list(csv.DictReader(io.StringIO(text.decode())))
    assert [(row["key"], row["row"], row["iteration"]) for row in rows] == [
        ("PAY-1", "Falcon", "Iteration 1"),
        ("PAY-2", "Heron", "Iteration 3"),
        ("PAY-3", "Parking lot", ""),
    ]
    assert rows[0]["title"] == "'=HYPERLINK(1)"
    assert rows[0]["needs"] == "=HYPERLINK(1) needs Ledger split of Heron: conflict, agreed".replace("=", "'=", 1)
    run = imports.start(actor=None, kind="plan-cards", file=io.BytesIO(text), scope="increment:pi-26-1")
    assert (run.created, run.changed, run.unchanged, run.problems) == (0, 0, 3, [])


def test_no_cell_of_the_workbook_is_a_formula(client: Client, cast: Cast, plan: Planned) -> None:
    sheet = load_workbook(io.BytesIO(fetch(client, cast, "xlsx"))).worksheets[0]
    assert [cell.value for cell in sheet["B"]] == ["title", "'=HYPERLINK(1)", "Ledger split", "Idea"]
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}


def test_paper_and_pictures_are_no_tables(client: Client, cast: Cast, plan: Planned) -> None:
    client.force_login(cast.pmo)
    for ending in ("pdf", "png", "doc"):
        assert client.get(f"/planning/pi-26-1/files/plan.{ending}").status_code == 404


def test_where_cards_and_strings_stand(cast: Cast, plan: Planned) -> None:
    (sheet,) = sheets(board_of(plan.increment, cast.pmo))
    # Six iterations and the unplanned: seven columns beside the names of the rows.
    width = (WIDTH - 2 * MARGIN - HEAD) / 7
    first = sheet.cards[0]
    top = MARGIN + TOP + COLUMN_HEAD + GROUP + LOAD
    assert (first.lines, first.small) == (("=HYPERLINK(1)",), first.small)
    assert (first.x, first.y) == pytest.approx((MARGIN + HEAD + GUTTER, top))
    # From the right edge of what provides (iteration 3) to the left edge of what needs it (iteration 1).
    (line,) = sheet.lines
    assert line.schedule == "conflict"
    assert (line.x, line.y) == pytest.approx((first.x, first.y + CARD / 2))
    start = MARGIN + HEAD + 2 * width + (width - GUTTER)
    assert line.path.startswith(f"M{start:.2f} ")


def test_many_rows_need_sheets_that_name_the_other_end(cast: Cast, plan: Planned) -> None:
    for n in range(24):
        plan.card(f"Filler {n}", plan.falcon, 1)
    made = sheets(board_of(plan.increment, cast.pmo))
    assert len(made) > 1
    cards = {box.lines[0]: box.note for sheet in made for box in sheet.cards}
    assert cards["Ledger split"] == "→ PAY-1"
    assert cards["=HYPERLINK(1)"] == "← PAY-2"
    assert len(sheets(board_of(plan.increment, cast.pmo), is_one=True)) == 1
