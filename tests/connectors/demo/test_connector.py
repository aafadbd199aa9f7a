"""The simulated tool as a connector: repeatable, resumable, and the same history on whatever day it is made."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import pytest

from connectors.demo import DemoConnector
from connectors.demo.clock import easter, holidays
from connectors.demo.world import BY_SLUG, EXPERIMENT_DAY, PROFILES
from connectors.protocol import Batch, ConnectorError, Context
from metrics.rows import LinkRow, Row, StatusRow, TransitionRow, WorkItemRow

START = date(2024, 1, 1)
NOW = datetime(2024, 7, 3, 12, 34, 56, tzinfo=UTC)


def connector_of(settings: Mapping[str, str], now: datetime = NOW) -> DemoConnector:
    values = {"profile": "falcon", "start": START.isoformat(), "seed": "1", "until": "", **settings}
    return DemoConnector(values, Context("demo", Path(), ZoneInfo("UTC"), now))


def connector(profile: str = "falcon", now: datetime = NOW, **settings: str) -> DemoConnector:
    return connector_of({"profile": profile, **settings}, now)


def stored(batches: Iterable[Batch], into: dict[tuple[type, str], Row] | None = None) -> dict[tuple[type, str], Row]:
    """What a portal would hold after these batches: the last row of each kind and id."""
    kept = dict(into or {})
    for batch in batches:
        kept |= {(type(row), row.external_id): row for row in batch.rows}
    return kept


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    first, again = list(connector().pull(None)), list(connector().pull(None))
    assert first == again
    assert stored(connector(seed="2").pull(None)) != stored(first)


@pytest.mark.parametrize("profile", ["falcon", "tern", "osprey"])
def test_incremental_pulls_end_with_what_a_full_one_gives(profile: str) -> None:
    held: dict[tuple[type, str], Row] = {}
    cursor = None
    steps = [timedelta(days=-120), timedelta(days=-40, minutes=7), timedelta(hours=-3), timedelta(0)]
    for step in steps:
        batches = list(connector(profile, NOW + step).pull(cursor))
        held, cursor = stored(batches, held), batches[-1].cursor
    assert held == stored(connector(profile).pull(None))


def test_a_pull_that_was_cut_off_goes_on_where_it_was() -> None:
    whole = list(connector().pull(None))
    assert len(whole) > 3
    for cut in range(1, len(whole)):
        rest = connector().pull(whole[cut - 1].cursor)
        assert stored(rest, stored(whole[:cut])) == stored(whole)


def test_with_nothing_new_nothing_but_the_workflow_is_told() -> None:
    cursor = list(connector().pull(None))[-1].cursor
    again = list(connector().pull(cursor))
    assert [type(row) for batch in again for row in batch.rows] == [StatusRow] * len(BY_SLUG["falcon"].workflow)
    assert again[-1].cursor == cursor


def test_what_happened_by_a_day_does_not_depend_on_when_it_is_told() -> None:
    def moves(now: datetime) -> set[TransitionRow]:
        return {row for batch in connector(now=now).pull(None) for row in batch.rows if isinstance(row, TransitionRow)}

    earlier = NOW - timedelta(days=50)
    assert {row for row in moves(NOW) if row.at <= earlier} == moves(earlier)


def test_nothing_lies_in_the_future_or_after_the_last_day() -> None:
    for row in stored(connector(until="2024-05-31").pull(None)).values():
        for value in row:
            assert not isinstance(value, datetime) or value < datetime(2024, 6, 1, tzinfo=ZoneInfo("Europe/Berlin"))


def test_statuses_chain_and_every_item_is_where_its_last_move_led() -> None:
    rows = stored(connector("heron").pull(None)).values()
    items = {row.external_id: row for row in rows if isinstance(row, WorkItemRow)}
    held = dict.fromkeys(items, "backlog")
    latest = {name: item.created_at for name, item in items.items()}
    for move in sorted((row for row in rows if isinstance(row, TransitionRow)), key=lambda row: row.at):
        before = latest[move.item]
        assert before is not None
        assert move.at > before
        assert move.from_status == held[move.item] != move.to_status
        held[move.item], latest[move.item] = move.to_status, move.at
    assert held == {name: item.status for name, item in items.items()}


def test_nearly_all_work_happens_on_working_days() -> None:
    zone = ZoneInfo("Europe/Berlin")
    free = holidays("DE", 2024)
    days = [
        row.at.astimezone(zone).date()
        for row in stored(connector("falcon").pull(None)).values()
        if isinstance(row, TransitionRow)
    ]
    on_free_days = sum(day.isoweekday() > 5 or day in free for day in days)
    assert on_free_days / len(days) < 0.005
    assert date(2024, 5, 1) in free


@pytest.mark.parametrize(
    ("year", "day"), [(2024, date(2024, 3, 31)), (2025, date(2025, 4, 20)), (2026, date(2026, 4, 5))]
)
def test_easter(year: int, day: date) -> None:
    assert easter(year) == day


def test_the_whole_organisation_is_as_large_as_it_says() -> None:
    """18 months of 12 teams in 4 streams."""
    now = datetime(2025, 6, 29, tzinfo=UTC)
    kinds: dict[str, int] = {}
    keys: set[str] = set()
    needs: set[tuple[str, str]] = set()
    for profile in PROFILES:
        rows = stored(connector(profile.slug, now).pull(None))
        for kind, name in rows:
            kinds[kind.__name__] = kinds.get(kind.__name__, 0) + 1
            keys |= {name} if kind is WorkItemRow else set()
        needs |= {(row.item, row.needs) for row in rows.values() if isinstance(row, LinkRow)}
    assert len(PROFILES) == 12
    assert len({profile.stream for profile in PROFILES}) == 4
    assert 14_000 < kinds["WorkItemRow"] < 16_000
    assert kinds["DeploymentRow"] > 3_000
    assert 100 < kinds["IncidentRow"] < 400
    assert kinds["CommitRow"] > 20_000
    assert kinds["PullRequestRow"] > 10_000
    assert 100 < kinds["TeamMoveRow"] < 500
    assert kinds["BlockRow"] > 800
    # Who waits for another team waits for an item that this team has.
    assert 100 < len(needs) < 400
    assert {needed for _, needed in needs} <= keys
    assert not [pair for pair in needs if pair[0].split("-")[0] == pair[1].split("-")[0]]


def cycle_times(profile: str, now: datetime) -> list[tuple[datetime, float]]:
    """(finish, seconds from its last leaving of the backlog) of each finished item, in order."""
    states = {stage.id: stage.state for stage in BY_SLUG[profile].workflow}
    rows = stored(connector(profile, now).pull(None)).values()
    moves = sorted((row for row in rows if isinstance(row, TransitionRow)), key=lambda row: row.at)
    started: dict[str, datetime] = {}
    finished: dict[str, tuple[datetime, float]] = {}
    for move in moves:
        before, after = states[move.from_status or ""], states[move.to_status]
        if before == "backlog" and after != "backlog":
            started[move.item] = move.at
        if after == "done":
            finished[move.item] = (move.at, (move.at - started[move.item]).total_seconds())
    return sorted(finished.values())


def test_kite_halved_its_cycle_time_with_a_wip_limit() -> None:
    times = cycle_times("kite", datetime(2025, 6, 29, tzinfo=UTC))
    change = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=EXPERIMENT_DAY)
    before = [span for at, span in times if timedelta(days=60) < at - times[0][0] and at < change]
    after = [span for at, span in times if at > change + timedelta(days=30)]
    assert len(before) > 200 < len(after)
    assert 0.3 < median(after) / median(before) < 0.6


def test_profiles_fit_together() -> None:
    for profile in PROFILES:
        sibling = BY_SLUG.get(profile.sibling)
        assert sibling is None or sibling.stream == profile.stream
        assert [stage.state for stage in profile.workflow][-2:] == ["done", "removed"]
        assert 5 <= len(profile.workflow) <= 9
    assert BY_SLUG["kite"].limit_after == (EXPERIMENT_DAY, 14)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"profile": "ostrich"}, "profile"),
        ({"start": "soon"}, "start"),
        ({"seed": "x"}, "seed"),
        ({"until": "?"}, "until"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, str], field: str) -> None:
    with pytest.raises(ConnectorError) as error:
        connector_of(settings).check()
    assert (error.value.permanent, error.value.field) == (True, field)


def test_before_its_first_day_there_is_nothing() -> None:
    early = connector(now=datetime(2023, 12, 31, tzinfo=UTC))
    assert "0 items" in early.check().summary
    assert len(list(early.pull(None))) == 1
