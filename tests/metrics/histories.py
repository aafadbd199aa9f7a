"""Small random histories by number: fast, always the same, and fed to the columns with or without the database."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from metrics import states
from metrics.columns import ExpectationInfo, StatusInfo, day_number, micros
from metrics.columns.facts import BLOCK, MOVE, POSTGRES_EPOCH, RECORD, TEAM_MOVE, Facts
from metrics.columns.shapes import NEVER, OPEN
from metrics.models import ItemKind
from portfolio.models import Team
from tests.metrics import naive
from tests.metrics.test_flow_naive import AUTUMN, NAMES, SPRING, STATUSES, ZONES, ends

KINDS = ("feature", "defect", "other")
REASONS = ("Vendor", "vendor!", "Vendors", "Legal", "")
EVEN = ("items", 14, date(2025, 1, 1))
ENDED = datetime(2026, 1, 1, tzinfo=UTC)


def instant(rng: random.Random) -> datetime:
    """Within forty days of both changes of the clocks; often on the hour, now and then the same as others."""
    hours = rng.choice([3, 3, 24, 25 * 24 - 1, 25 * 24]) if rng.random() < 0.2 else rng.randrange(40 * 24)
    odd = rng.choice([0, 0, 0, 1, 1_799_999_999])
    return rng.choice([SPRING, AUTUMN]) + timedelta(hours=hours, microseconds=odd)


def walk(rng: random.Random, places: list[str], most: int) -> list[tuple[datetime, str | None, str]]:
    """Moves along a chain; at times several of one instant, now and then one that breaks the chain."""
    times = sorted(instant(rng) for _ in range(rng.randint(0, most)))
    if times and rng.random() < 0.3:
        times = sorted(times + [rng.choice(times)] * rng.randint(1, 3))
    moves, held = [], rng.choice([None, *places])
    for at in times:
        held = rng.choice(places) if rng.random() < 0.1 else held
        to = rng.choice(places)
        moves.append((at, held, to))
        held = to
    return moves


def block(rng: random.Random) -> tuple[datetime, datetime | None, str]:
    low = instant(rng)
    later = rng.choice([instant(rng), low + timedelta(hours=rng.randint(0, 99))])
    return low, None if rng.random() < 0.2 else max(low, later), rng.choice(REASONS)


def item(rng: random.Random, key: str) -> dict[str, Any]:
    found = {
        "key": key,
        "created": None if rng.random() < 0.3 else instant(rng),
        "status": rng.choice(NAMES),
        "team": rng.choice(list(ZONES)),
        "kind": rng.choice(KINDS),
        "class": rng.choice(["", "expedite"]),
        "labels": rng.choice([[], ["red"], ["red", "blue"]]),
        "points": rng.choice([None, 1.0, 2.5, 8.0]),
        "moves": walk(rng, NAMES, 7),
        "team_moves": [move for move in walk(rng, list(ZONES), 3) if move[1] is not None],
        "blocks": [block(rng) for _ in range(rng.randint(0, 3))],
    }
    return found | ends(found)


def expectation(rng: random.Random) -> tuple[str, str, int, int, date]:
    since = (rng.choice([SPRING, AUTUMN]) + timedelta(days=rng.randint(-9, 30))).date()
    return rng.choice(list(ZONES)), rng.choice(["", "", *KINDS]), 85, rng.randint(1, 20), since


def history(number: int) -> naive.Log:
    """The history of that number: up to six items, with iterations and expectations of the five teams."""
    rng = random.Random(number)
    odd = [EVEN, EVEN, ("points", 14, EVEN[2]), ("items", 7, date(2026, 2, 3)), ("items", 14, date(2024, 12, 18))]
    iterations = {slug: rng.choice(odd) if number % 3 == 0 else odd[number % 5] for slug in ZONES}
    said = {one[:2] + one[4:]: one for one in (expectation(rng) for _ in range(rng.randint(0, 8)))}
    items = [item(rng, f"A{number}-{place}") for place in range(rng.choice([0, 1, 2, 3, 3, 4, 6]))]
    return {
        "teams": ZONES, "statuses": STATUSES, "items": items, "iterations": iterations, "expected": list(said.values()),
    }  # fmt: skip


TEAM_IDS = {slug: number for number, slug in enumerate(ZONES, start=1)}
STATUS_IDS = {name: number for number, name in enumerate(STATUSES, start=1)}


def _infos() -> tuple[StatusInfo, ...]:
    codes = {name: states.CODES[state or "active"] for name, state in STATUSES.items()}
    return tuple(StatusInfo(STATUS_IDS[name], name, codes[name], NAMES.index(name)) for name in sorted(NAMES))


def _record(tag: int, place: int, at: datetime | None, a: int, b: int, c: float = 0.0, until: Any = NEVER) -> Any:
    row = np.zeros((), dtype=RECORD)
    when = NEVER if at is None else micros(at) - POSTGRES_EPOCH
    for name, value in (("tag", tag), ("item", place), ("at", when), ("until", until), ("a", a), ("b", b), ("c", c)):
        row[name] = value
    return row


def facts_of(log: naive.Log) -> Facts:
    """The log as the columns read it from the database, without one. The items are numbered from 1."""
    rows: dict[int, list[Any]] = {0: [], MOVE: [], TEAM_MOVE: [], BLOCK: []}
    reasons: dict[int, str] = {}
    for place, one in enumerate(log["items"], start=1):
        kind = ItemKind.values.index(one["kind"]) + 1
        status, points = STATUS_IDS[one["status"]] if one["status"] else 0, one["points"]
        size = np.nan if points is None else points
        rows[0].append(_record(kind, place, one["created"], status, TEAM_IDS[one["team"]], size))
        for at, before, after in one["moves"]:
            rows[MOVE].append(_record(MOVE, place, at, STATUS_IDS[before] if before else 0, STATUS_IDS[after]))
        for at, before, after in one["team_moves"]:
            rows[TEAM_MOVE].append(_record(TEAM_MOVE, place, at, TEAM_IDS[before], TEAM_IDS[after]))
        for low, high, reason in one["blocks"]:
            reasons[len(reasons) + 1] = reason
            until = OPEN if high is None else micros(high) - POSTGRES_EPOCH
            rows[BLOCK].append(_record(BLOCK, place, low, len(reasons), 0, 0.0, until))
    items, moves, team_moves, blocks = (np.array(rows[tag], dtype=RECORD) for tag in (0, MOVE, TEAM_MOVE, BLOCK))
    return Facts(items, moves, team_moves, blocks, _infos(), tuple(teams_of(log)), reasons)


def teams_of(log: naive.Log) -> list[Team]:
    """The teams of a log, not stored, by slug."""
    return [
        Team(
            pk=TEAM_IDS[slug], slug=slug, name=slug.title(), timezone=zone, planning_unit=unit, iteration_days=days,
            iteration_starts_on=begin,
        )
        for slug, zone in sorted(ZONES.items())
        for unit, days, begin in [log["iterations"][slug]]
    ]  # fmt: skip


def expectations_of(log: naive.Log) -> tuple[ExpectationInfo, ...]:
    kinds = {"": -1} | {kind: states.KIND_NAMES.index(kind) for kind in KINDS}
    rows = [
        ExpectationInfo(TEAM_IDS[team], kinds[kind], percent, days, day_number(since))
        for team, kind, percent, days, since in log["expected"]
    ]
    return tuple(sorted(rows))
