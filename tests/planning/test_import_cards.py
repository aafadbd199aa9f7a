"""Cards from files and from synced items: checked dry, imported whole or not at all, rolled back."""

from decimal import Decimal
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.test import Client

from accounts.models import User
from core import imports
from core.models import ImportRun
from metrics.actions import refresh
from metrics.load import upsert
from metrics.models import EpicLink
from metrics.rows import StatusRow, TransitionRow, WorkItemRow
from planning.actions.cards import change_card
from planning.imports import Query, found, teams_for
from planning.models import Card
from planning.replay import replayed, stored
from portfolio.models import Feature
from tests.cast import Cast
from tests.metrics.cast import at, source
from tests.planning.cast import Planned, make_planned

HEAD = "key,title,row,iteration,kind,size,unit\n"
GOOD = HEAD + (
    "PAY-1,Refund API,Falcon,1,feature,8,\n"
    "PAY-2,Ledger split,heron,Iteration 2,enabler,5,items\n"
    "PAY-3,Bank file,Bank,3,,,\n"
    "PAY-4,Idea,,,,,\n"
)


@pytest.fixture
def plan(cast: Cast) -> Planned:
    """Falcon plans in points."""
    cast.falcon.planning_unit = "points"
    cast.falcon.save()
    return make_planned(cast)


def check(plan: Planned, text: str, actor: User | None = None) -> ImportRun:
    scope = f"increment:{plan.increment.slug}"
    return imports.start(actor=actor, kind="plan-cards", file=BytesIO(text.encode()), name="plan.csv", scope=scope)


def places(plan: Planned) -> list[tuple[str, str, int | None, int]]:
    rows = Card.objects.filter(increment=plan.increment, removed_at=None).order_by("key")
    found = rows.select_related("lane", "iteration")
    return [(c.key, c.lane.name if c.lane else "", c.iteration.number if c.iteration else None, c.rank) for c in found]


def test_checked_imported_the_same_again_rolled_back(plan: Planned) -> None:
    run = check(plan, GOOD)
    assert (run.created, run.changed, run.unchanged, run.problems) == (4, 0, 0, [])
    assert places(plan) == []
    imports.apply(actor=None, run=run)
    assert places(plan) == [
        ("PAY-1", "Falcon", 1, 0),
        ("PAY-2", "Heron", 2, 0),
        ("PAY-3", "Bank", 3, 0),
        ("PAY-4", "", None, 0),
    ]
    # What the team plans in, and what the file says.
    units = Card.objects.filter(key__in=["PAY-1", "PAY-2"]).order_by("key")
    assert [(card.unit, card.size) for card in units] == [("points", Decimal(8)), ("items", Decimal(5))]
    again = check(plan, GOOD)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 4)
    plan.increment.refresh_from_db()
    before = plan.increment.number
    imports.apply(actor=None, run=again)
    plan.increment.refresh_from_db()
    assert plan.increment.number == before, "nothing was written, so there is no line"
    run.refresh_from_db()
    imports.roll_back(actor=None, run=run)
    assert places(plan) == []
    assert replayed(plan.increment) == stored(plan.increment)


def test_what_is_there_is_changed_and_moved(plan: Planned) -> None:
    plan.card("First", plan.falcon, 1, key="PAY-0")
    card = plan.card("Old name", plan.falcon, 1, key="PAY-1", size=3)
    plan.card("Last", plan.falcon, 1, key="PAY-9")
    run = check(plan, HEAD + "pay-1,New name,Falcon,2,,5,\n")
    assert (run.created, run.changed) == (0, 1)
    imports.apply(actor=None, run=run)
    # The row that it left closes up: PAY-9 was third and is second.
    assert places(plan) == [("PAY-0", "Falcon", 1, 0), ("PAY-1", "Falcon", 2, 0), ("PAY-9", "Falcon", 1, 1)]
    card.refresh_from_db()
    assert (card.title, card.size, card.version) == ("New name", Decimal(5), 2)
    run.refresh_from_db()
    imports.roll_back(actor=None, run=run)
    assert places(plan) == [("PAY-0", "Falcon", 1, 0), ("PAY-1", "Falcon", 1, 1), ("PAY-9", "Falcon", 1, 2)]
    card.refresh_from_db()
    assert (card.title, card.size) == ("Old name", Decimal(3))
    assert replayed(plan.increment) == stored(plan.increment)


def test_what_is_wrong_is_told_by_line(plan: Planned) -> None:
    text = HEAD + (
        "PAY-1,One,Falcon,1,,,\n"
        "PAY-1,Twice,Falcon,1,,,\n"
        "PAY-2,Two,Sparrow,1,,,\n"
        "PAY-3,Three,Falcon,9,,,\n"
        "PAY-4,,Falcon,1,,,\n"
        "PAY-5,Five,Falcon,1,,-2,\n"
        "PAY-6,Six,,1,,,\n"
    )
    run = check(plan, text)
    told = {(one["line"], one["column"]): one["message"] for one in run.problems}
    assert told[3, "key"] == "Line 2 has the same key."
    assert told[4, "row"].startswith("There is no row “Sparrow” on this board; there are Falcon, Heron, Kite,")
    assert told[5, "iteration"].startswith("There is no iteration “9”")
    assert told[6, "title"] == "A new card needs it."
    assert told[7, "size"].startswith("A size is a number from 0")
    assert (8, "iteration") in told
    with pytest.raises(ValidationError, match="until its problems are mended"):
        imports.apply(actor=None, run=run)
    assert places(plan) == []


def test_rows_of_others_are_refused(cast: Cast, plan: Planned) -> None:
    """A member of Falcon writes Falcon's row, not Heron's."""
    run = check(plan, HEAD + "PAY-1,One,Falcon,1,,,\nPAY-2,Two,Heron,1,,,\n", cast.member)
    assert [(one["line"], one["column"]) for one in run.problems] == [(3, "row")]
    with pytest.raises(PermissionDenied):
        check(plan, GOOD, cast.viewer)
    with pytest.raises(Http404):
        check(plan, GOOD, cast.outsider)


def test_a_card_that_somebody_wrote_since_the_check_is_refused(cast: Cast, plan: Planned) -> None:
    card = plan.card("Old name", plan.falcon, 1, key="PAY-1")
    run = check(plan, HEAD + "PAY-1,From the file,,,,,\n")
    change_card(actor=cast.pmo, card=card, title="By hand")
    with pytest.raises(ValidationError, match="changed PAY-1: title, since this file was checked"):
        imports.apply(actor=None, run=run)
    card.refresh_from_db()
    assert card.title == "By hand"


def test_not_rolled_back_over_what_was_written_since(cast: Cast, plan: Planned) -> None:
    run = check(plan, GOOD)
    imports.apply(actor=None, run=run)
    change_card(actor=cast.pmo, card=Card.objects.get(key="PAY-1"), title="By hand")
    run.refresh_from_db()
    with pytest.raises(ValidationError, match="Changed since"):
        imports.roll_back(actor=None, run=run)
    assert Card.objects.filter(increment=plan.increment, removed_at=None).count() == 4


def test_a_closed_increment_takes_nothing(cast: Cast) -> None:
    plan = make_planned(cast, state="planning")
    plan.increment.state = "closed"
    plan.increment.closed_at = plan.increment.made_at
    plan.increment.save()
    run = check(plan, GOOD)
    assert "is closed" in run.problems[0]["message"]


@pytest.fixture
def board(cast: Cast) -> str:
    """A source of Falcon with two epics: FAL-E1 of three items (one done), FAL-E2 of one."""
    own = source(cast.falcon, "falcon-board")
    began, done = at("2025-03-01"), at("2025-03-05")
    with transaction.atomic():
        rows = [
            WorkItemRow(key, key, tool_type="Story", status="todo", parent=parent, points=points, created_at=began)
            for key, parent, points in (
                ("A-1", "FAL-E1", 3),
                ("A-2", "FAL-E1", 5),
                ("A-3", "FAL-E1", 9),
                ("A-4", "FAL-E2", 2),
            )
        ]
        moved = TransitionRow("A-3-1", "A-3", done, "todo", "done")
        upsert(own, [StatusRow("todo", "todo", "backlog", 0), StatusRow("done", "done", "done", 1), *rows, moved])
    refresh(own)
    return own.name


def test_features_of_synced_items(client: Client, cast: Cast, plan: Planned, board: str) -> None:
    teams = teams_for(plan.increment, cast.pmo)
    # FAL-E1: 3 + 5 points are open.
    assert [(one.key, one.team, one.open, one.size) for one in found(plan.increment, Query(), teams)] == [
        ("FAL-E1", "Falcon", 2, Decimal(8)),
        ("FAL-E2", "Falcon", 1, Decimal(2)),
    ]
    assert found(plan.increment, Query(label="nothing"), teams) == []
    assert [one.key for one in found(plan.increment, Query(kind="story", parent="e2"), teams)] == ["FAL-E2"]
    client.force_login(cast.pmo)
    client.post(f"/planning/{plan.increment.slug}/files/check/", {"key": [f"{board} FAL-E1"]})
    run = ImportRun.objects.get(kind="plan-cards")
    assert (run.created, run.problems) == (1, [])
    imports.apply(actor=cast.pmo, run=run)
    card = Card.objects.select_related("feature").get(key="FAL-E1")
    assert card.feature
    assert (card.feature.team, card.size, card.unit) == (cast.falcon, Decimal(8), "points")
    assert EpicLink.objects.filter(feature=card.feature, parent="FAL-E1").exists()
    assert [one.key for one in found(plan.increment, Query(), teams) if not one.on_board] == ["FAL-E2"]
    run.refresh_from_db()
    imports.roll_back(actor=cast.pmo, run=run)
    assert not EpicLink.objects.exists()
    assert not Feature.objects.filter(name="FAL-E1").exists()
    assert replayed(plan.increment) == stored(plan.increment)
