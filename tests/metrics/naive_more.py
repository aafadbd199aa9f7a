"""More of flow in the plainest way (see naive.py): where work stands, blocked time, velocity, expectations, ageing.

A log may also say, per team, `"iterations": {slug: (unit, days, a first day)}` and `"expected": [(slug, kind or "",
percent, days, valid from)]`; an item its "points", "class" and "labels"; a block of an item is (from, to, reason).
"""

from datetime import date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise, zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from tests.metrics import naive
from tests.metrics.naive import Log, day_in, finished_items, monday, rank, span, wip_items

ONE = timedelta(days=1)
Answer = dict[str, Any] | None


def at_ends(log: Log, item: Any, team: str, as_of: datetime, last: date) -> dict[date, Any]:
    """Per day the step that holds at its end, where `team` has the item in progress in it; up to `last`."""
    zone = log["teams"][team]
    steps = naive.timeline(log, item, as_of)
    days = [day_in(step["at"], zone) for step in steps]
    found = {}
    for step, first, after in zip(steps, days, [*days[1:], last + ONE], strict=False):
        if step["team"] == team and step["state"] in ("active", "waiting"):
            for day in span(first, min(after - ONE, last)):
                found[day] = step
    return found


def constraint(log: Log, teams: list[str], zone: str, is_team: bool, window: Any, as_of: datetime) -> Answer:
    """The place with most over four full weeks and since when; None where there is none."""
    first, last = window
    end = min(last, day_in(as_of + timedelta(microseconds=1), zone) - ONE)
    sunday = end - timedelta(days=(end.weekday() + 1) % 7)
    today = min(last, day_in(as_of, zone))
    places = [(team, status) for team in sorted(teams) for status in log["statuses"]]
    counts: dict[Any, dict[date, int]] = {place: {} for place in places}
    for team in teams:
        for item in log["items"]:
            for day, step in at_ends(log, item, team, as_of, max(today, sunday)).items():
                by_day = counts[team, step["status"]]
                by_day[day] = by_day.get(day, 0) + 1
    held = [day for by_day in counts.values() for day in by_day if day <= sunday]
    if not held:
        return None
    weeks = [day for day in span(monday(min(held)), sunday) if day.weekday() == 0]
    sums = {place: [sum(of.get(week + n * ONE, 0) for n in range(7)) for week in weeks] for place, of in counts.items()}
    four = {place: sum(sums[place][-4:]) for place in places}
    total = sum(four.values())
    if len(weeks) < 4 or not total:
        return None
    best = max(places, key=lambda place: (four[place], -places.index(place)))
    begin, lost = None, 0
    for number in range(len(weeks)):
        own, most = sums[best][number], max(sums[place][number] for place in places)
        lost = lost + 1 if own == 0 or Fraction(most, own) > Fraction(11, 10) else 0
        if lost >= 3:
            begin = None
        elif begin is None and own == most > 0:
            begin = number
    series = {}
    for week in sorted({monday(day) for day in span(first, today)}):
        days = [day for day in span(week, week + 6 * ONE) if first <= day <= today]
        series[week] = {
            name_of(place, is_team): sum(counts[place].get(day, 0) for day in days) / len(days) for place in places
        }
    return {
        "value": four[best] / total,
        "parts": {name_of(place, is_team): n / 28 for place, n in four.items() if n},
        "place": name_of(best, is_team),
        "since": weeks[len(weeks) - 4 if begin is None else begin].isoformat(),
        "items": counts[best].get(today, 0),
        "in_progress": sum(of.get(today, 0) for of in counts.values()),
        "series": series,
    }


def name_of(place: tuple[str, str], is_team: bool) -> str:
    return place[1] if is_team else f"{place[0].title()}: {place[1]}"


def midnight(day: date, zone: str) -> datetime:
    """The first instant of the day: the clock may have been put forward over midnight, or back."""
    at = datetime.combine(day, time(0), tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))
    while day_in(at - timedelta(microseconds=1), zone) >= day:
        at -= timedelta(hours=1)
    return at


def meaning(reason: str) -> str:
    """The reason in one word, without its plural."""
    return "".join(sign for sign in reason.lower() if sign.isalpha()).removesuffix("s")


def labels(log: Log, teams: list[str], as_of: datetime) -> dict[str, str]:
    """Per meaning the reason given most often, of equals the first by the alphabet."""
    given: dict[str, list[str]] = {}
    for item in log["items"]:
        if any(step["team"] in teams for step in naive.timeline(log, item, as_of)):
            for low, _, reason in item["blocks"]:
                if low <= as_of:
                    given.setdefault(meaning(reason), []).append(reason)
    return {of: min(all_of, key=lambda one: (-all_of.count(one), one)) for of, all_of in given.items()}


def blocked(log: Log, teams: list[str], zone: str, window: Any, as_of: datetime) -> dict[str, Any]:
    """Seconds blocked while in progress with the teams in the window: all of it, and per reason."""
    names, last = labels(log, teams, as_of), min(window[1], day_in(as_of, zone))
    total, parts = Fraction(0), dict.fromkeys(names.values(), Fraction(0))
    for item in log["items"]:
        steps = naive.timeline(log, item, as_of)
        for step, after in zip_longest(steps, steps[1:]):
            if step["team"] not in teams or step["state"] not in ("active", "waiting"):
                continue
            own = log["teams"][step["team"]]
            low = max(step["at"], midnight(window[0], own))
            high = min(after["at"] if after else as_of, midnight(last + ONE, own), as_of)
            cuts = {low, high} | {cut for block in item["blocks"] for cut in block[:2] if cut and low < cut < high}
            for one, other in pairwise(sorted(cuts) if low < high else []):
                now = {
                    meaning(reason) for begin, end, reason in item["blocks"] if begin <= one and (not end or one < end)
                }
                seconds = Fraction((other - one) // timedelta(microseconds=1), 1_000_000)
                total += seconds if now else 0
                for reason in now:
                    parts[names[reason]] += seconds
    return {"value": float(total), "parts": {name or "No reason given": float(of) for name, of in parts.items() if of}}


def running(begin: date, days: int, on: date) -> date:
    """The first day of the iteration that runs on a day."""
    while begin > on:
        begin -= timedelta(days=days)
    while begin + timedelta(days=days) <= on:
        begin += timedelta(days=days)
    return begin


def velocity(log: Log, teams: list[str], zone: str, window: Any, as_of: datetime) -> Answer:
    held = sorted(
        {step["team"] for item in log["items"] for step in naive.timeline(log, item, as_of) if step["team"] in teams}
    )
    plans = {(unit, days, running(begin, days, window[0])) for unit, days, begin in map(log["iterations"].get, held)}
    if len(plans) != 1:
        return None
    ((unit, length, begin),) = plans
    if unit == "points" and len(held) > 1:
        return None
    whole = min(window[1], day_in(as_of + timedelta(microseconds=1), zone) - ONE)
    sums, full = {}, []
    while begin <= min(window[1], day_in(as_of, zone)):
        last = begin + timedelta(days=length - 1)
        done = [row["item"] for row in done_in(log, teams, zone, window, as_of) if begin <= row["on"] <= last]
        sums[begin] = len(done) if unit == "items" else sum(item["points"] or 0 for item in done)
        if window[0] <= begin and last <= whole:
            full.append(sums[begin])
        begin += timedelta(days=length)
    return {"value": rank(full, 50) if full else None, "series": sums}


def expected(log: Log, team: str, kind: str, day: date) -> Any:
    """(percent, days, kind or "") of the expectation that holds for a kind of a team on a day, or None."""
    for of in (kind, ""):
        valid = [one for one in log["expected"] if one[0] == team and one[1] == of and one[4] <= day]
        if valid:
            newest = max(valid, key=lambda one: one[4])
            return newest[2], newest[3], of
    return None


def done_in(log: Log, teams: list[str], zone: str, window: Any, as_of: datetime) -> list[dict[str, Any]]:
    last = min(window[1], day_in(as_of, zone))
    return [row for row in finished_items(log, teams, as_of) if window[0] <= row["on"] <= last]


def expectation_met(log: Log, teams: list[str], zone: str, window: Any, as_of: datetime) -> tuple[int, int]:
    """How many met what was expected of them, and of how many something was."""
    met = []
    for row in done_in(log, teams, zone, window, as_of):
        held = expected(log, row["steps"][-1]["team"], row["item"]["kind"], row["on"])
        if held:
            met.append(row["cycle"] <= held[1])
    return sum(met), len(met)


def pace(log: Log, teams: list[str], zone: str, is_team: bool, window: Any, as_of: datetime) -> dict[str, Any]:
    """Per status (or state): the ages at which the items finished in the window last left it."""
    found: dict[str, list[int]] = {}
    for row in done_in(log, teams, zone, window, as_of):
        ages = {}
        for step, after in pairwise(row["steps"]):
            counts = step["at"] >= row["started"] and step["state"] in ("active", "waiting") and step["team"] in teams
            if counts and after["at"] > step["at"]:
                of = log["teams"][step["team"]]
                age = (day_in(after["at"], of) - day_in(row["started"], of)).days + 1
                ages[step["status"] if is_team else step["state"]] = age
        for name, age in ages.items():
            found.setdefault(name, []).append(age)
    return {name: {p: rank(ages, p) for p in (50, 70, 85, 95)} for name, ages in found.items()}


def chances(log: Log, teams: list[str], zone: str, window: Any, as_of: datetime) -> list[tuple[Any, ...]]:
    """Per item in progress at the window's end: key, age, days expected, chance or None, and why not."""
    last = min(window[1], day_in(as_of, zone))
    done = done_in(log, teams, zone, window, as_of)
    items = {item["key"]: item for item in log["items"]}
    rows: list[tuple[Any, ...]] = []
    answer: tuple[float | None, str]
    for team in teams:
        for row in wip_items(log, team, last, as_of):
            kind = items[row["key"]]["kind"]
            held = expected(log, team, kind, min(last, day_in(as_of, log["teams"][team])))
            if held is None:
                rows.append((row["key"], row["age"], 0, None, "nothing is expected of it"))
                continue
            alike = [
                other["cycle"]
                for other in done
                if other["steps"][-1]["team"] == team and (not held[2] or other["item"]["kind"] == kind)
            ]
            as_old = [cycle for cycle in alike if cycle >= row["age"]]
            if row["age"] > held[1]:
                answer = (0.0, "missed")
            elif len(as_old) < 5:
                answer = (None, "too few items ever were as old")
            else:
                answer = (sum(cycle <= held[1] for cycle in as_old) / len(as_old), "")
            rows.append((row["key"], row["age"], held[1], *answer))
    return sorted(rows, key=str)


def load(log: Log, teams: list[str], zone: str, window: Any, as_of: datetime) -> dict[str, int]:
    """Items in progress per kind at the window's end."""
    last = min(window[1], day_in(as_of, zone))
    kinds = {item["key"]: item["kind"] for item in log["items"]}
    found: dict[str, int] = {}
    for team in teams:
        for row in wip_items(log, team, last, as_of):
            found[kinds[row["key"]]] = found.get(kinds[row["key"]], 0) + 1
    return found
