"""Flow, computed again in the plainest way: loops over dicts, written from the definitions, sharing no code with VMO.

A log is {"teams": {slug: zone}, "statuses": {name: state}, "items": [item, …]}; an item is {"key", "created" (or None),
"status", "team", "kind", "moves": [(at, from or None, to)], "team_moves": [(at, from, to)], "blocks": [(from, to, …)]}.
"""

import math
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise, permutations
from typing import Any
from zoneinfo import ZoneInfo

Log = dict[str, Any]
UNKNOWN = "(before the first record)"


def day_in(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def chained(moves: list[Any], start: str | None) -> list[Any]:
    """Moves of one instant in the order in which fewest of them break the chain; of those the least."""
    best = None
    for order in permutations(moves):
        held, breaks = start, 0
        for _, before, after in order:
            if held is not None and before is not None and before != held:
                breaks += 1
            held = after
        key = (breaks, [(before is not None, before or "", after) for _, before, after in order])
        if best is None or key < best[0]:
            best = (key, list(order))
    assert best is not None
    return best[1]


def in_order(moves: list[Any]) -> list[Any]:
    result: list[Any] = []
    for at in sorted({move[0] for move in moves}):
        same = [move for move in moves if move[0] == at]
        result += chained(same, result[-1][2] if result else None)
    return result


def timeline(log: Log, item: Any, as_of: datetime) -> list[dict[str, Any]]:
    """What held from when on: creation first, then changes of team before moves of the same instant; up to as_of."""
    moves, changes = in_order(item["moves"]), in_order(item["team_moves"])
    times = [move[0] for move in moves + changes] + ([item["created"]] if item["created"] else [])
    if not times:
        return []
    status = (moves[0][1] or UNKNOWN) if moves else (item["status"] or UNKNOWN)
    team = changes[0][1] if changes else item["team"]
    events = [(at, 0, None, to) for at, _, to in changes] + [(at, 1, to, None) for at, _, to in moves]
    steps = [{"at": min(times), "status": status, "team": team}]
    for at, _, to_status, to_team in sorted(events, key=lambda event: event[:2]):
        last = steps[-1]
        steps.append({"at": at, "status": to_status or last["status"], "team": to_team or last["team"]})
    for step in steps:
        step["state"] = "backlog" if step["status"] == UNKNOWN else (log["statuses"][step["status"]] or "active")
    return [step for step in steps if step["at"] <= as_of]


def started(steps: list[Any]) -> datetime | None:
    """The last leaving of backlog or removed (or the creation outside them), unless it is in them."""
    result = None
    before = "backlog"
    for step in steps:
        if step["state"] in ("backlog", "removed"):
            result = None
        elif before in ("backlog", "removed"):
            result = step["at"]
        before = step["state"]
    return result


def finish(steps: list[Any]) -> int | None:
    """The place of the latest entry into done from outside, if it is still done."""
    if not steps or steps[-1]["state"] != "done":
        return None
    place = len(steps) - 1
    while place > 0 and steps[place - 1]["state"] == "done":
        place -= 1
    return place


def at_day_end(steps: list[Any], day: date, zone: str) -> list[Any]:
    return [step for step in steps if day_in(step["at"], zone) <= day]


def rank(values: list[int], p: int) -> int | None:
    """The smallest value such that at least p % of the values are at or below it."""
    for value in sorted(values):
        if 100 * sum(1 for other in values if other <= value) >= p * len(values):
            return value
    return None


def span(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def blocked_at(item: Any, at: datetime, as_of: datetime) -> bool:
    return any(low <= at < (high or as_of) for low, high, *_ in item["blocks"] if low <= as_of)


def finished_items(log: Log, teams: list[str], as_of: datetime) -> list[dict[str, Any]]:
    rows = []
    for item in log["items"]:
        steps = timeline(log, item, as_of)
        place = finish(steps)
        if place is None or steps[place]["team"] not in teams:
            continue
        zone = log["teams"][steps[place]["team"]]
        begin = started(steps)
        assert begin is not None
        done_on = day_in(steps[place]["at"], zone)
        rows.append(
            {
                "item": item,
                "steps": steps[: place + 1],
                "on": done_on,
                "started": begin,
                "cycle": (done_on - day_in(begin, zone)).days + 1,
                "lead": (done_on - day_in(steps[0]["at"], zone)).days + 1,
            }
        )
    return rows


def wip_items(log: Log, team: str, day: date, as_of: datetime) -> list[dict[str, Any]]:
    """The items that `team` has in progress at the end of `day`, with the time they started, as known then."""
    zone = log["teams"][team]
    rows = []
    for item in log["items"]:
        steps = at_day_end(timeline(log, item, as_of), day, zone)
        if steps and steps[-1]["team"] == team and steps[-1]["state"] in ("active", "waiting"):
            begin = started(steps)
            assert begin is not None
            today = min(day, day_in(as_of, zone))
            rows.append({"key": item["key"], "age": (today - day_in(begin, zone)).days + 1})
    return rows


def stays_before_finish(row: Any) -> list[tuple[Any, datetime, datetime]]:
    return [(step, step["at"], after["at"]) for step, after in zip(row["steps"], row["steps"][1:], strict=False)]


def busy_and_all(row: Any, as_of: datetime) -> tuple[Fraction, Fraction]:
    """Seconds of work, and of work and waiting, between start and finish; blocked is waiting."""
    busy = whole = Fraction(0)
    for step, low, high in stays_before_finish(row):
        if low < row["started"] or step["state"] not in ("active", "waiting"):
            continue
        cuts = {low, high}
        for begin, end, *_ in row["item"]["blocks"]:
            cuts |= {cut for cut in (begin, end or as_of) if low < cut < high}
        edges = sorted(cuts)
        for one, other in pairwise(edges):
            seconds = Fraction((other - one) // timedelta(microseconds=1), 1_000_000)
            whole += seconds
            if step["state"] == "active" and not blocked_at(row["item"], one, as_of):
                busy += seconds
    return busy, whole


def bands(log: Log, teams: list[str], is_team: bool, day: date, as_of: datetime) -> dict[str, int]:
    counts: dict[str, int] = {}
    for team in teams:
        for item in log["items"]:
            steps = at_day_end(timeline(log, item, as_of), day, log["teams"][team])
            if steps and steps[-1]["team"] == team and steps[-1]["state"] != "removed":
                name = steps[-1]["status"] if is_team else steps[-1]["state"]
                counts[name] = counts.get(name, 0) + 1
    return counts


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def measure(
    log: Log, teams: list[str], zone: str, is_team: bool, first: date, last: date, as_of: datetime
) -> dict[str, Any]:
    """Every flow measure of the teams: values, percentiles, parts and series as plain data."""
    days = span(first, min(last, day_in(as_of, zone)))
    done = [row for row in finished_items(log, teams, as_of) if days[0] <= row["on"] <= days[-1]]
    wip = {day: {team: wip_items(log, team, day, as_of) for team in teams} for day in [days[0] - timedelta(1), *days]}
    result: dict[str, Any] = {"throughput": {day: sum(row["on"] == day for row in done) for day in days}}
    came = dict.fromkeys(days, 0)
    left = dict.fromkeys(days, 0)
    for day in days:
        for team in teams:
            before = {row["key"] for row in wip[day - timedelta(1)][team]}
            after = {row["key"] for row in wip[day][team]}
            came[day] += len(after - before)
            left[day] += len(before - after)
    result["arrivals"], result["departures"] = came, left
    result["net_flow"] = {day: left[day] - came[day] for day in days}
    ages = {day: [row["age"] for rows in wip[day].values() for row in rows] for day in days}
    result["wip"] = {day: len(ages[day]) for day in days}
    result["total_work_item_age"] = {day: sum(ages[day]) for day in days}
    result["work_item_age"] = {p: rank(ages[days[-1]], p) for p in (50, 70, 85, 95)}
    for name in ("cycle", "lead"):
        values = [row[name] for row in done]
        weeks = sorted({monday(row["on"]) for row in done})
        result[f"{name}_time"] = {p: rank(values, p) for p in (50, 70, 85, 95)}
        result[f"{name}_weeks"] = {
            week: {f"p{p}": rank(of, p) for p in (50, 70, 85, 95)}
            for week in weeks
            if (of := [row[name] for row in done if monday(row["on"]) == week])
        }
    spent: dict[str, Fraction] = {}
    for row in done:
        for step, low, high in stays_before_finish(row):
            name = step["status"] if is_team else step["state"]
            spent[name] = spent.get(name, Fraction(0)) + Fraction((high - low) // timedelta(microseconds=1), 1_000_000)
    result["time_in_state"] = {name: float(seconds) for name, seconds in spent.items() if seconds}
    pairs = [busy_and_all(row, as_of) for row in done]
    below = sum((pair[1] for pair in pairs), Fraction(0))
    result["flow_efficiency"] = float(sum((pair[0] for pair in pairs), Fraction(0)) / below) if below else math.nan
    result["cfd"] = {day: bands(log, teams, is_team, day, as_of) for day in days}
    kinds = [row["item"]["kind"] for row in done]
    result["flow_distribution"] = {kind: kinds.count(kind) / len(kinds) for kind in set(kinds)}
    return result
