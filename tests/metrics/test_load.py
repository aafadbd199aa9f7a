"""Loading rows: order, repetition and batching change nothing; bad rows are refused alone."""

import random
from datetime import datetime
from typing import Any

import pytest

from metrics.load import forget, upsert
from metrics.models import Commit, Deployment, Incident, ItemLink, Source, Status, TeamMove, Transition, WorkItem
from metrics.rows import (
    BlockRow,
    CommitRow,
    DeploymentRow,
    IncidentRow,
    LinkRow,
    PullRequestRow,
    Row,
    StatusRow,
    TeamMoveRow,
    TransitionRow,
    WorkItemRow,
)
from portfolio.models import Service
from tests.metrics.cast import at, source, team

pytestmark = pytest.mark.django_db

ITEM = WorkItemRow("1", "A-1", "Pay by card", status="dev", created_at=at("2025-01-01"), updated_at=at("2025-01-05"))


@pytest.fixture
def board() -> Source:
    return source(team("falcon"))


def everything() -> list[Row]:
    """One of each kind, two items, texts with every character that COPY treats specially."""
    awkward = 'a\tb\nc\rd\\e"f{g},h \\N é 漢 👍'
    return [
        StatusRow("open", "Open", "backlog", 0),
        StatusRow("dev", "In dev", "active", 1),
        StatusRow("done", "Done", "done", 2),
        ITEM,
        WorkItemRow("2", "A-2", awkward, tool_type="Bug", status="done", labels=(awkward, "", "NULL"), points=1.5),
        TransitionRow("t1", "1", at("2025-01-03"), "open", "dev"),
        TransitionRow("t2", "2", at("2025-01-02"), None, "done"),
        TeamMoveRow("m1", "2", at("2025-01-02"), None, "kestrel"),
        BlockRow("b1", "1", at("2025-01-03"), None, awkward),
        LinkRow("l1", "1", awkward),
        CommitRow("c" * 40, at("2025-01-01"), at("2025-01-02"), ("a" * 40, "b" * 40), "7"),
        PullRequestRow("7", "7", awkward, "", at("2025-01-01"), None, None, None, None, commits=("c" * 40,)),
        DeploymentRow("d1", "c" * 40, "v1", "prod", True, "success", None, at("2025-01-03"), service="Shop front"),
        IncidentRow("i1", "Down", "", at("2025-01-03"), None, "d1", service="shop-front"),
    ]


def stored() -> dict[str, list[tuple[Any, ...]]]:
    """What the database holds, without its own ids."""
    item = (
        "external_id",
        "key",
        "title",
        "kind",
        "status__external_id",
        "team__slug",
        "updated_at",
        "points",
        "labels",
    )
    return {
        "items": sorted(WorkItem.objects.values_list(*item), key=repr),
        "moves": sorted(
            Transition.objects.values_list(
                "external_id", "item__key", "at", "from_status__external_id", "to_status__external_id"
            )
        ),
        "teams": list(TeamMove.objects.values_list("item__key", "from_team__slug", "to_team__slug")),
        "links": list(ItemLink.objects.values_list("external_id", "item__key", "needs")),
        "statuses": sorted(Status.objects.values_list("external_id", "name", "state", "position"), key=repr),
        "deployments": list(Deployment.objects.values_list("external_id", "service__slug", "status", "finished_at")),
        "incidents": list(Incident.objects.values_list("external_id", "service__slug", "deployment")),
        "commits": list(Commit.objects.values_list("external_id", "parents", "pull_request")),
    }


def test_every_kind_is_stored_and_a_second_load_writes_nothing(board: Source) -> None:
    team("kestrel")
    first = upsert(board, everything())
    assert (first.read, first.written, first.unchanged, first.rejected) == (14, 14, 0, [])
    assert first.items == set(WorkItem.objects.values_list("pk", flat=True))
    assert first.services == set(Service.objects.values_list("pk", flat=True))
    before = stored()
    second = upsert(board, everything())
    assert (second.read, second.written, second.unchanged) == (14, 0, 14)
    assert (second.items, second.services) == (set(), set())
    assert stored() == before
    assert WorkItem.objects.get(key="A-2").title == 'a\tb\nc\rd\\e"f{g},h \\N é 漢 👍'
    assert WorkItem.objects.get(key="A-2").labels == ['a\tb\nc\rd\\e"f{g},h \\N é 漢 👍', "", "NULL"]
    assert WorkItem.objects.get(key="A-2").kind == "defect"


@pytest.mark.parametrize("seed", range(5))
def test_order_batches_and_repetition_change_nothing(board: Source, seed: int) -> None:
    team("kestrel")
    rng = random.Random(seed)
    rows = everything()
    upsert(board, rows)
    expected = stored()
    for model in (Transition, TeamMove, Incident, Deployment, Commit):
        model.objects.all().delete()
    WorkItem.objects.all().delete()
    Status.objects.all().delete()
    Service.objects.all().delete()
    Source.objects.update(service=None)
    things = [row for row in rows if isinstance(row, StatusRow | WorkItemRow)]
    events = [row for row in rows if not isinstance(row, StatusRow | WorkItemRow)] * 2
    rng.shuffle(things)
    rng.shuffle(events)
    upsert(board, things)
    cut = rng.randrange(len(events))
    upsert(board, events[:cut])
    upsert(board, events[cut:])
    assert stored() == expected


def test_duplicates_in_one_load_collapse_to_the_newest(board: Source) -> None:
    newer = ITEM._replace(title="new", updated_at=at("2025-01-06"))
    result = upsert(board, [newer, ITEM, ITEM])
    assert (result.read, result.written, result.unchanged) == (3, 1, 2)
    assert WorkItem.objects.get().title == "new"


def test_an_older_delivery_does_not_overwrite(board: Source) -> None:
    upsert(board, [ITEM])
    upsert(board, [ITEM._replace(title="old", updated_at=at("2025-01-04"))])
    assert WorkItem.objects.get().title == "Pay by card"
    upsert(board, [ITEM._replace(title="same second")])
    assert WorkItem.objects.get().title == "same second"


def test_a_delivery_that_does_not_know_the_pull_request_of_a_commit_leaves_it(board: Source) -> None:
    linked = CommitRow("c1", at("2025-01-01"), at("2025-01-01"), (), pull_request="7")
    assert upsert(board, [linked]).written == 1
    assert upsert(board, [linked._replace(pull_request=None)]).written == 0
    assert upsert(board, [linked._replace(pull_request=None, is_bot=True)]).written == 1
    assert Commit.objects.get().pull_request == "7"


def test_an_item_that_comes_back_is_not_missing_or_deleted_any_more(board: Source) -> None:
    upsert(board, [ITEM])
    WorkItem.objects.update(missing_at=at("2025-02-01"), deleted_at=at("2025-02-02"))
    result = upsert(board, [ITEM])
    assert result.written == 1
    assert WorkItem.objects.filter(missing_at=None, deleted_at=None).count() == 1


def test_a_status_that_only_a_move_names_is_there_unmapped(board: Source) -> None:
    upsert(board, [ITEM, TransitionRow("t", "1", at("2025-01-03"), "review", "dev")])
    assert set(Status.objects.values_list("external_id", "state")) == {("dev", None), ("review", None)}


def test_a_hint_never_overwrites_what_a_person_chose(board: Source) -> None:
    upsert(board, [StatusRow("dev", "In dev", "active")])
    result = upsert(board, [StatusRow("dev", "In dev", "waiting")])
    assert result.remapped
    assert Status.objects.get().state == "waiting"
    Status.objects.update(state="removed", is_chosen=True)
    assert upsert(board, [StatusRow("dev", "Developing", "done")]).remapped is False
    assert Status.objects.values_list("name", "state").get() == ("Developing", "removed")


def test_a_mapping_given_in_advance_is_used_when_a_status_is_first_seen(board: Source) -> None:
    Source.objects.update(status_mapping=[["open", "backlog"], ["Dev", "waiting"]])
    board.refresh_from_db()
    upsert(board, [ITEM])
    assert Status.objects.values_list("state", "is_chosen", "position").get() == ("waiting", True, 1)


def test_an_event_that_goes_to_another_item_touches_both(board: Source) -> None:
    other = ITEM._replace(external_id="2", key="A-2")
    move = TransitionRow("t", "1", at("2025-01-03"), "open", "dev")
    upsert(board, [ITEM, other, move])
    result = upsert(board, [move._replace(item="2")])
    assert result.items == set(WorkItem.objects.values_list("pk", flat=True))


def test_the_whole_history_of_an_item_replaces_what_was_stored(board: Source) -> None:
    moves = [TransitionRow(f"t{n}", "1", at(f"2025-01-0{n}"), "open", "dev") for n in (1, 2, 3)]
    upsert(board, [ITEM, *moves, LinkRow("l1", "1", "B-7")])
    assert len(upsert(board, [ITEM, moves[0]], whole=["1"]).items) == 1
    assert not ItemLink.objects.exists()
    assert list(Transition.objects.values_list("external_id", flat=True)) == ["t1"]
    old = ITEM._replace(updated_at=at("2025-01-02"))
    upsert(board, [old, moves[1]], whole=["1"])
    assert set(Transition.objects.values_list("external_id", flat=True)) == {"t1", "t2"}


def test_what_the_tool_has_no_more_is_forgotten(board: Source) -> None:
    team("kestrel")
    upsert(board, everything())
    result = forget(board, [("deployment", "d1"), ("deployment", "d2"), ("commit", "c" * 40)])
    assert (result.read, result.written) == (3, 2)
    assert not Deployment.objects.exists()
    assert not Commit.objects.exists()


NAIVE = datetime(2025, 1, 1)  # noqa: DTZ001
GOOD = TransitionRow("good", "1", at("2025-01-03"), "open", "dev")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (GOOD._replace(external_id="x", item="9"), "item 9 is not known"),
        (GOOD._replace(external_id="x", at=NAIVE), "at has no time zone"),
        (GOOD._replace(external_id="x", at=at("1969-12-31")), "not between 1970 and 2100"),
        (GOOD._replace(external_id="x", at=at("2100-01-01")), "not between 1970 and 2100"),
        (GOOD._replace(external_id="x" * 201), "longer than 200"),
        (GOOD._replace(external_id=""), "external_id is empty"),
        (GOOD._replace(external_id="x", to_status=""), "to_status is empty"),
        (ITEM._replace(external_id="x", title="a\x00b"), "NUL"),
        (ITEM._replace(external_id="x", title="\ud83d"), "half a character"),
        (ITEM._replace(external_id="x", labels=("a\x00",)), "NUL"),
        (ITEM._replace(external_id="x", points=float("nan")), "points is not a number"),
        (ITEM._replace(external_id="x", team="nobody"), "no team “nobody”"),
        (ITEM._replace(external_id="x", tool_type="x" * 101), "tool_type is longer than 100"),
        (BlockRow("x", "1", at("2025-01-02"), at("2025-01-01")), "ends before it starts"),
        (LinkRow("x", "1", ""), "needs is empty"),
        (StatusRow("x", "X", "doing"), "doing is no state"),  # type: ignore[arg-type]
        (CommitRow("x" * 65, at("2025-01-02"), at("2025-01-01"), ()), "longer than 64"),
        (IncidentRow("x", "", "", at("2025-01-02"), None, service="???"), "no short name"),
    ],
)
def test_a_bad_row_is_rejected_alone(board: Source, row: Row, reason: str) -> None:
    result = upsert(board, [ITEM, row, GOOD])
    assert (result.read, result.written, len(result.rejected)) == (3, 2, 1)
    assert reason in result.rejected[0].reason
    assert "\x00" not in "".join(result.rejected[0])
    assert Transition.objects.get().external_id == "good"
    assert WorkItem.objects.count() == 1


def test_services_are_found_by_slug_and_by_name(board: Source) -> None:
    other = team("kestrel")
    Service.objects.create(slug="shop", name="The shop", team=other)
    incident = IncidentRow("1", "", "", at("2025-01-02"), None)
    names = ("shop", "The shop", "Cart", "cart", None, None)
    upsert(board, [incident._replace(external_id=str(n), service=name) for n, name in enumerate(names)])
    found = dict(Incident.objects.values_list("external_id", "service__slug"))
    assert found == {"0": "shop", "1": "shop", "2": "cart", "3": "cart", "4": "board", "5": "board"}
    assert Service.objects.get(slug="cart").team == board.team


def test_a_load_asks_the_same_number_of_questions_for_few_and_for_many(
    board: Source, django_assert_num_queries: Any
) -> None:
    upsert(board, [ITEM])
    few = [ITEM._replace(external_id=f"a{n}") for n in range(2)]
    many = [ITEM._replace(external_id=f"b{n}") for n in range(300)]
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as for_few:
        upsert(board, few)
    with django_assert_num_queries(len(for_few)):
        upsert(board, many)
