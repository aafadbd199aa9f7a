"""The widget of the leader's page: what is most in the way, who acts on it, what it took so far and what is asked."""

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.db.models import Q

from accounts.models import User
from core.templatetags.ui import amount
from impediments.models import Answer, Level
from impediments.queries import words
from impediments.queries.proposals import proposals_for
from impediments.queries.rows import Row, rows_of, seen, summary
from portfolio.models import Team
from portfolio.overview import Ask, Cell, Head, Tile, Tone, link

SHOWN = 5
# Sentences begin with words for small numbers.
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
WHY = (
    "Impediments that are open, those of the highest level first; of one level those that took most item-days, then "
    "the oldest. Level 1 is the team, 2 the PMO, 3 the VMO board, 4 the executives; one climbs when the clock of its "
    "level runs out.",
    "Days are working days over all times it was open. The cost is the capacity cost so far: blocked items as a share "
    "of what was in progress, times what the team costs a day. It is lost capacity, not lost revenue, and shown only "
    "to those who may see that money.",
)


def tile(ask: Ask) -> Tile | None:
    """The open impediments of the scope; None for who sees no team there."""
    if not ask.scope.teams:
        return None
    found = seen(ask.user, ask.at).filter(Q(is_open_then=True), team__in=ask.scope.teams, merged_into=None)
    rows = sorted(rows_of(found, ask.user, ask.at, is_past=ask.as_of is not None), key=_order)
    high = sum(row.level >= Level.BOARD for row in rows)
    has_cost = any(row.cost.amount is not None for row in rows)
    return Tile(
        key="impediments",
        question="What is most in the way?",
        answer=_answer(rows),
        trend=_trend(rows),
        head=_head(has_cost),
        rows=[_row(ask, row, has_cost) for row in rows],
        shown=SHOWN,
        noun="impediment",
        tag=f"{high} at the board" if high else "",
        tone="warn" if high else "",
        note=_proposed(ask),
        why=WHY,
        finding=_finding(high),
        heat={"Blockers": _heat(ask, rows)} if rows else {},
        page=link("impediments"),
        page_label="The board of impediments",
    )


def _order(row: Row) -> tuple[float, ...]:
    return (-row.level, -row.cost.days, -row.age.seconds, row.one.pk)


def _answer(rows: Sequence[Row]) -> str:
    if not rows:
        return "Nothing that somebody logged stands in the way."
    n, known = len(rows), summary(rows)
    items = sum(row.items for row in rows)
    stands = f"{_in_words(n).capitalize()} {'stands' if n == 1 else 'stand'} in the way"
    blocks = f", of {items} {'item' if items == 1 else 'items'}" if items else ""
    age = f"for {known.median_text}" if n == 1 else f"half for {known.median_text} or less, 85 % for {known.p85_text}"
    return f"{stands}{blocks}: {age}."


def _trend(rows: Sequence[Row]) -> str:
    lost = sum(row.cost.days for row in rows)
    return f"they took {lost:,.0f} item-days so far" if lost else ""


def _in_words(n: int) -> str:
    return WORDS[n] if n < len(WORDS) else str(n)


def _finding(high: int) -> str:
    if not high:
        return ""
    return f"{_in_words(high)} {'impediment waits' if high == 1 else 'impediments wait'} for the board"


def _head(has_cost: bool) -> list[Head]:
    cost = [Head(f"Cost so far, {settings.CURRENCY}", is_number=True)] if has_cost else []
    numbers = [Head("Working days", is_number=True), Head("Blocks", is_number=True)]
    return [Head("In the way"), Head("Level"), *numbers, *cost, Head("Asked"), Head("Owner", is_side=True)]


def _row(ask: Ask, row: Row, has_cost: bool) -> list[Cell]:
    one, query = row.one, ask.as_of_query.lstrip("?")
    days = f"{row.age.days:.1f}".removesuffix(".0")
    tone: Tone = "bad" if row.level >= Level.BOARD else "warn" if row.level == Level.PMO else ""
    cost = Cell("", title="no cost is known")
    if row.cost.amount is not None:
        cost = Cell(amount(row.cost.amount.quantize(1)), value=row.cost.amount)
    owner = Cell(one.owner.name) if one.owner else Cell("nobody yet", tone="warn" if row.level > Level.TEAM else "")
    return [
        Cell(one.what, link("impediment", one.pk, query=query), note=f"{one.team.name} · {one.get_category_display()}"),
        Cell(words.level_text(row.level), tone=tone, is_tag=True),
        Cell(days, value=round(row.age.days, 2)),
        Cell(f"{row.items} {'item' if row.items == 1 else 'items'}" if row.items else "none", value=row.items),
        *([cost] if has_cost else []),
        Cell(one.asked or "nothing said"),
        owner,
    ]


def _proposed(ask: Ask) -> str:
    """How many more data propose, now."""
    if ask.as_of is not None or not isinstance(ask.user, User):
        return ""
    n = proposals_for(ask.user).filter(state=Answer.OPEN, team__in=ask.scope.teams).count()
    return f"data propose {n} more that nobody logged" if n else ""


def _heat(ask: Ask, rows: Sequence[Row]) -> Mapping[str, Cell]:
    """Per value stream and team how many are at the highest level; at the lowest how many are open."""
    teams = Team.objects.filter(pk__in=ask.scope.teams).order_by().values_list("slug", "stream__slug")
    places: dict[str, list[Row]] = {text: [] for team, stream in teams for text in (f"stream:{stream}", f"team:{team}")}
    for row in rows:
        for text in (f"stream:{row.one.team.stream.slug}", f"team:{row.one.team.slug}"):
            places.setdefault(text, []).append(row)
    return {text: _hot(text, own) for text, own in places.items()}


def _hot(text: str, own: Sequence[Row]) -> Cell:
    if not own:
        return Cell("calm", title="no impediment is open")
    highest = max(row.level for row in own)
    tone: Tone = "bad" if highest >= Level.BOARD else "warn" if highest == Level.PMO else ""
    most = sum(row.level == highest for row in own)
    said = f"{most} at level\u00a0{highest}" if highest > Level.TEAM else f"{len(own)} open"
    kind, slug = text.split(":")
    return Cell(said, link("impediment-list", query=f"{kind}={slug}"), tone=tone)
