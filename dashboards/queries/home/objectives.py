"""Do we reach our objectives? Confidence and pace of the key results, those that need a word first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from dashboards.queries.base import count, per_cent
from dashboards.queries.home.decisions import in_words
from okrs.models import KeyResult, Level
from okrs.queries import Standing, running, standings
from portfolio.overview import Ask, Cell, Head, Tile, Tone, link

SHOWN = 3
# Confidence 0 to 3 is low, 4 to 6 middling, 7 to 10 high.
LOW, HIGH = 3, 7
FALLEN = 2
BEFORE = timedelta(days=14)
WHY = (
    "The key results of running cycles that the reader may see, as of the day. On pace: progress is no further behind "
    "than the elapsed share of the cycle allows. A check-in is due every week; three days later it is outdated, "
    "whatever its last colour; without any it is pending.",
    "Those that need a word come first: the least confident, then the outdated, then the furthest behind. Need a word: "
    "confidence at most 3 of 10, fallen by two or more in two weeks, or outdated. Confidence is what the owner said "
    "at the latest check-in; the change is against what it was two weeks before. Low is 0 to 3, high 7 to 10; key "
    "results that update themselves have none.",
)


@dataclass(frozen=True, slots=True)
class Row:
    """A key result with where it stands and stood two weeks before; `place` is the text of its scope."""

    key_result: KeyResult
    now: Standing
    before: Standing
    place: str

    @property
    def fell(self) -> int:
        if self.now.confidence is None or self.before.confidence is None:
            return 0
        return max(0, self.before.confidence - self.now.confidence)

    @property
    def tone(self) -> Tone:
        if self.now.progress >= 1:
            return ""
        is_low = self.now.confidence is not None and self.now.confidence <= LOW
        if is_low:
            return "bad"
        return "warn" if self.fell >= FALLEN or self.now.state == "outdated" else ""

    @property
    def order(self) -> tuple[int, float, float, int]:
        """What needs a word first."""
        rank = {"bad": 0, "warn": 1}.get(self.tone, 2)
        confidence = 10.5 if self.now.confidence is None else self.now.confidence
        return rank, confidence, self.now.pace, self.key_result.pk


def read(ask: Ask) -> list[Row]:
    """The key results of the running cycles, those that need a word first; constant queries."""
    goals = running(ask.user, ask.of_streams if ask.streams or ask.is_whole else None, ask.day).order_by()
    found = list(
        KeyResult.objects.filter(objective__in=goals.values("pk"))
        .select_related("objective__cycle", "objective__stream", "objective__team__stream", "owner")
        .order_by("pk")
    )
    if not found:
        return []
    now, before = standings(found, ask.day), standings(found, ask.day - BEFORE)
    return sorted((Row(one, now[one.pk], before[one.pk], _place(one)) for one in found), key=lambda row: row.order)


def _place(one: KeyResult) -> str:
    goal = one.objective
    if goal.level == Level.TEAM and goal.team:
        return f"team:{goal.team.slug}"
    return f"stream:{goal.stream.slug}" if goal.stream else ""


def tile(ask: Ask) -> Tile | None:
    """The confidence in the objectives, and who needs a word."""
    rows = read(ask)
    automatic = sum(row.now.is_automatic for row in rows)
    outdated = sum(row.now.state == "outdated" for row in rows)
    return Tile(
        key="objectives",
        question="Do we reach our objectives?",
        answer=_answer(rows),
        trend=_trend(rows),
        head=[Head("Key result"), Head("Confidence", is_number=True)],
        rows=[_cells(ask, row) for row in rows],
        shown=SHOWN,
        noun="key result",
        size="w4",
        tag=f"{outdated} outdated" if outdated else "",
        tone="warn" if outdated else "",
        note=f"{automatic} update themselves" if automatic else "",
        why=WHY,
        finding=_finding(rows),
        heat={"Objectives": _heat(ask, rows)},
        page=link("objectives"),
        page_label="Objectives",
        template="dashboards/home/confidence.html" if any(row.now.confidence is not None for row in rows) else "",
        extra={"bands": (found := bands(rows)), "drawn": drawn(found)},
    )


def bands(rows: Sequence[Row]) -> list[tuple[str, int, float, str]]:
    """Name, number, share in per cent and tone of each band of confidence; without any said: the last."""
    known = [row.now.confidence for row in rows]
    found = (
        ("low", sum(one is not None and one <= LOW for one in known), "bad"),
        ("middling", sum(one is not None and LOW < one < HIGH for one in known), "warn"),
        ("high", sum(one is not None and one >= HIGH for one in known), "good"),
        ("none said", sum(one is None for one in known), "none"),
    )
    return [(name, n, 100 * n / max(len(rows), 1), tone) for name, n, tone in found if n]


def drawn(found: Sequence[tuple[str, int, float, str]]) -> list[tuple[str, int, float, float, str]]:
    """The bands side by side: name, number, where each begins and how wide it is in per cent, tone."""
    left, placed = 0.0, []
    for name, n, share, tone in found:
        placed.append((name, n, round(left, 2), round(share, 2), tone))
        left += share
    return placed


def _cells(ask: Ask, row: Row) -> list[Cell]:
    said = row.now.confidence
    name = Cell(row.key_result.name, _address(ask, row), f"{_owner(row)}: {per_cent(row.now.progress)} done")
    text = "n/a" if said is None else f"{said} of 10"
    if row.now.state == "outdated":
        days = (ask.day - row.now.on).days if row.now.on else 0
        confidence = Cell(text, note=f"outdated, {days} d", tone="warn", is_tag=True, value=said)
    else:
        note = f"fell by {row.fell}" if row.fell else row.now.state if row.now.state != "fresh" else ""
        confidence = Cell(text, note=note, tone=row.tone, is_tag=bool(row.tone), value="" if said is None else said)
    return [name, confidence]


def _owner(row: Row) -> str:
    place = row.key_result.objective.stream or row.key_result.objective.team
    return str(place) if place else "company"


def _address(ask: Ask, row: Row) -> str:
    query = ask.as_of_query.lstrip("?")
    return link("objective", row.key_result.objective_id, query=query) or link("objectives", query=query)


def _needs(rows: Iterable[Row]) -> int:
    return sum(bool(row.tone) for row in rows)


def _answer(rows: Sequence[Row]) -> str:
    if not rows:
        return "No key result is running: objectives say what the money is for."
    pace = sum(row.now.is_on_pace for row in rows)
    needs = _needs(rows)
    word = f"{in_words(needs)} {'needs' if needs == 1 else 'need'} a word" if needs else "none needs a word"
    return f"{pace} of {count(len(rows), 'key result')} {'is' if pace == 1 else 'are'} on pace; {word}."


def _trend(rows: Sequence[Row]) -> str:
    both = [
        row.now.confidence - row.before.confidence
        for row in rows
        if row.now.confidence is not None and row.before.confidence is not None
    ]
    if not both:
        return "Confidence two weeks ago is not known." if rows else ""
    change = sum(both) / len(both)
    if abs(change) < 0.05:
        return "Confidence is as it was two weeks ago."
    return f"Confidence {'rose' if change > 0 else 'fell'} by {abs(change):.1f} of 10 in two weeks."


def _finding(rows: Sequence[Row]) -> str:
    needs = _needs(rows)
    return f"{in_words(needs)} {'key result needs' if needs == 1 else 'key results need'} a word" if needs else ""


def _heat(ask: Ask, rows: Sequence[Row]) -> dict[str, Cell]:
    """How many need a word per stream (its teams' included) and per team."""
    own: dict[str, list[Row]] = {}
    for row in rows:
        goal = row.key_result.objective
        stream = goal.stream or (goal.team.stream if goal.team else None)
        for place in {row.place, f"stream:{stream.slug}" if stream else ""} - {""}:
            own.setdefault(place, []).append(row)
    return {place: _word(ask, place, found) for place, found in own.items()}


def _word(ask: Ask, place: str, rows: Sequence[Row]) -> Cell:
    needs = _needs(rows)
    if not needs:
        return Cell("calm", title="no key result needs a word")
    address = link("objectives", query=f"stream={place[7:]}") if place.startswith("stream:") else link("objectives")
    # One bad key result of many is worth a word; with a third of them the place comes first.
    is_bad = any(row.tone == "bad" for row in rows) and 3 * needs >= len(rows)
    text = f"{needs} of {len(rows)}"
    return Cell(text, address, tone="bad" if is_bad else "warn", title="key results need a word")
