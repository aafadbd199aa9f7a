"""The leader's page: widgets of every app, the table of where to look first, and the finding they add up to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from accounts.models import User
from dashboards.queries.home import changes, decisions, flow, fresh, money, objectives
from metrics.forms import Asked
from metrics.rules import Freshness
from portfolio import overview
from portfolio.overview import WEIGHTS, Ask, Cell, Head, Tile
from portfolio.queries import sees_portfolio, streams_for

FIRST = "first"
# Of the twelve columns of the page: two widgets side by side.
WIDE, NARROW = "w8", "w4"
# What a narrow one has room for.
FEW_COLUMNS = 5
CALM = "Nothing needs you: decisions, money, objectives and flow are calm"
SHOWN = 6
MOST_FINDINGS = 3
# Changes and freshness come last: they are about the page, not about the organisation.
OWN = (("decisions", decisions.tile, 10), ("objectives", objectives.tile, 20), ("money", money.tile, 30),
       ("flow", flow.tile, 50), ("changes", changes.tile, 80), ("fresh", fresh.tile, 90))  # fmt: skip
WHY = (
    "One line per place, a column per widget of this page: what needs somebody is said and coloured, what is calm is "
    "not. The place with most of it comes first: red counts three, amber one. Nothing else is weighed, and numbers of "
    "different places are not compared.",
)


@dataclass(frozen=True, slots=True)
class Overview:
    """The page: the finding in a sentence, and its widgets in the order of their rows."""

    finding: str
    tiles: Sequence[Tile]
    freshness: Freshness


def register() -> None:
    """Add the widgets that join what is below: called once when the portal starts."""
    for key, maker, rank in OWN:
        overview.register(key, maker, rank=rank)


def ask_of(
    asked: Asked,
    user: User | AnonymousUser,
    now: datetime,
    since: datetime | None = None,
    *,
    every_stream: bool = False,
) -> Ask:
    """What the widgets are asked; `since` is the reader's last visit. `every_stream`: of all that they may see."""
    person = cast(User, user)
    seen = streams_for(person).filter(ended_on=None)
    if asked.scope.kind == "stream" and not every_stream:
        seen = streams_for(person).filter(slug=asked.scope.slug)
    return Ask(
        user=person,
        scope=asked.scope,
        streams=list(seen) if asked.scope.kind != "team" or every_stream else [],
        first=asked.window.first,
        last=asked.window.last,
        at=asked.as_of or now,
        as_of=asked.as_of,
        since=since,
        query=asked.query,
        as_of_query=asked.as_of_query,
        is_whole=asked.scope.kind == "portfolio" and sees_portfolio(person),
    )


def page(ask: Ask) -> Overview:
    """The whole page. As many queries for forty value streams as for one."""
    made = overview.tiles(ask)
    state = next((tile.extra["whole"] for tile in made if tile.key == "fresh"), Freshness("", "", False))
    at = next((place for place, tile in enumerate(made) if tile.key == "flow"), len(made))
    shown = [*made[:at], *_first(ask, made), *made[at:]]
    return Overview(_finding(made, bool(_names(ask))), placed(shown), state)


def part(key: str, ask: Ask) -> Tile | None:
    """One widget with all of its rows; None when there is none for this reader."""
    if key == FIRST:
        return next(iter(_first(ask, overview.tiles(ask))), None)
    return overview.tile(key, ask)


def _names(ask: Ask) -> dict[str, tuple[str, str]]:
    """Name and address of each place that the page is about, by the text of its scope."""
    query = ask.query.partition("&")[2]
    return {
        place.text: (place.name, f"{reverse('home' if place.kind == 'stream' else 'flow')}?scope={place.text}&{query}")
        for place in flow.parts(ask)
    }


def _first(ask: Ask, tiles: Iterable[Tile]) -> list[Tile]:
    """Where to look first, from what every widget says of each place; none where there is only one place."""
    names = _names(ask)
    columns = [(label, cells) for tile in tiles for label, cells in tile.heat.items() if names.keys() & cells.keys()]
    if len(names) < 2 or not columns:
        return []
    weights = {text: sum(WEIGHTS.get(cells[text].tone, 0) for _, cells in columns if text in cells) for text in names}
    ordered = sorted(names, key=lambda text: -weights[text])
    rows = [
        [Cell(*names[text]), *(cells.get(text, Cell("", title="nothing to say")) for _, cells in columns)]
        for text in ordered
    ]
    what = "value stream" if ordered[0].startswith("stream:") else "team"
    return [
        Tile(
            key=FIRST,
            question="Where should I look first?",
            answer=_look(ordered, weights, names, rows, [label for label, _ in columns]),
            head=[Head(what.rsplit(" ", 1)[-1].capitalize()), *(Head(label) for label, _ in columns)],
            rows=rows,
            shown=SHOWN,
            noun=what,
            size="w4",
            why=WHY,
            template="dashboards/home/heat.html",
        )
    ]


def _look(
    ordered: Sequence[str],
    weights: dict[str, int],
    names: dict[str, tuple[str, str]],
    rows: Sequence[Sequence[Cell]],
    labels: Sequence[str],
) -> str:
    if not weights[ordered[0]]:
        return "Nowhere in particular: nothing stands out."
    said = [label.lower() for label, cell in zip(labels, rows[0][1:], strict=True) if cell.tone in WEIGHTS]
    which = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
    return f"At {names[ordered[0]][0]}: {which}."


def _finding(tiles: Iterable[Tile], has_places: bool) -> str:
    """What the page says, across decisions, money, objectives and flow."""
    said = [tile.finding for tile in sorted(tiles, key=_importance) if tile.finding][:MOST_FINDINGS]
    if not said:
        return CALM if has_places else "Nothing to see yet"
    text = said[0] if len(said) == 1 else f"{', '.join(said[:-1])}, and {said[-1]}"
    return text[0].upper() + text[1:]


def _importance(tile: Tile) -> int:
    order = ("decisions", "money", "objectives", "flow")
    return order.index(tile.key) if tile.key in order else len(order)


def _beside(wide: Tile, narrow: Tile) -> tuple[Tile, Tile]:
    """The two of a row; a narrow one with many columns gets more of it."""
    if len(narrow.head) <= FEW_COLUMNS:
        return wide, narrow
    return replace(wide, size="w7"), replace(narrow, size="w5")


def placed(tiles: Sequence[Tile]) -> list[Tile]:
    """The widgets so that every row of the page is full: a wide one beside a narrow one, the widest in between."""
    wide = [tile for tile in tiles if tile.size == WIDE]
    narrow = [tile for tile in tiles if tile.size == NARROW]
    rest = [tile for tile in tiles if tile.size not in {WIDE, NARROW}]
    pairs = [_beside(*pair) for pair in zip(wide, narrow, strict=False)]
    alone = [replace(tile, size="w12") for tile in wide[len(pairs) :]]
    left = narrow[len(pairs) :]
    halves = [replace(tile, size="w6" if len(left) > 1 else "w12") for tile in left[: len(left) // 2 * 2]]
    halves += [replace(tile, size="w12") for tile in left[len(left) // 2 * 2 :]]
    early, late = pairs[:2], pairs[2:]
    flat = [tile for pair in early for tile in pair], [tile for pair in late for tile in pair]
    return [*flat[0], *rest, *flat[1], *alone, *halves]
