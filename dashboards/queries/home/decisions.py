"""Which decisions are due, since when, and what waiting costs a week: each of one named kind, never added."""

from datetime import date
from decimal import Decimal
from textwrap import shorten

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from core.templatetags.ui import amount
from dashboards.queries.base import count
from metrics.forms import day_text
from portfolio.overview import Ask, Cell, Head, Tile, Tone, link
from portfolio.queries import decisions_due
from portfolio.queries.decisions import DueDecision

SHOWN = 4
# Of a reason, what fits in two or three lines; all of it is with the decision.
LONGEST = 100
# Sentences begin with words for small numbers.
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
WHY = (
    "Decisions that are open: raised by a person, or proposed by a rule (pivot or persevere, when two of three signs "
    "hold). Those with the earliest day come first, then those that wait longest.",
    "The cost of waiting is of one named kind a decision (delay cost, capacity cost or overspend a week). Kinds are "
    "never added, and money is shown only to those who may see it.",
)


def in_words(n: int) -> str:
    """A number as the beginning of a sentence says it."""
    return WORDS[n] if n < len(WORDS) else str(n)


def tile(ask: Ask) -> Tile | None:
    """Open decisions of the streams, or of the portfolio; None for who sees no stream at all."""
    if not ask.streams and not ask.is_whole:
        return None
    due = decisions_due(ask.user, ask.of_streams, ask.at)
    late = sum(one.is_late for one in due)
    has_cost = any(one.cost is not None for one in due)
    return Tile(
        key="decisions",
        question="Which decisions are due?",
        answer=_answer(due, late),
        trend="costs of different kinds are not added" if has_cost else "",
        head=_head(has_cost),
        rows=[_row(ask, one, has_cost) for one in due],
        shown=SHOWN,
        noun="decision",
        size="w8",
        tag=f"{late} late" if late else "",
        tone="warn" if late else "",
        why=WHY,
        finding=f"{in_words(len(due))} {'decision is' if len(due) == 1 else 'decisions are'} due" if due else "",
        heat={"Decisions": _heat(ask, due)},
        page=link("decisions"),
        page_label="All decisions",
    )


def _head(has_cost: bool) -> list[Head]:
    cost = [Head(f"A week, {settings.CURRENCY}", is_number=True)] if has_cost else []
    return [Head("Decide"), Head("Because"), Head("Waiting", is_number=True), *cost, Head("Owner")]


def _row(ask: Ask, one: DueDecision, has_cost: bool) -> list[Cell]:
    question, raised, due = one.decision.question, timezone.localdate(one.decision.raised_at), one.decision.due_on
    why = one.decision.why.split("\n")[0]
    cost = Cell("", title="no cost of waiting is named")
    if one.cost is not None:
        cost = Cell(amount(one.cost.quantize(Decimal(1))), note=one.cost_kind, value=one.cost)
    late = f"late since {day_month(due)}" if one.is_late and due else ""
    return [
        Cell(question, link("decision", one.decision.pk, query=ask.as_of_query.lstrip("?")), note=one.options),
        Cell(shorten(why, LONGEST, placeholder=" …"), value=why),
        Cell(
            f"{one.waiting} d",
            tone="warn" if one.is_late else "",
            note=late,
            title=f"since {day_text(raised)}",
            value=one.waiting,
        ),
        *([cost] if has_cost else []),
        Cell(one.decision.owner.name) if one.decision.owner else Cell("nobody yet", tone="warn"),
    ]


def day_month(day: date) -> str:
    return date_format(day, "j M")


def _answer(due: list[DueDecision], late: int) -> str:
    if not due:
        return "Nothing waits for a decision."
    oldest = max(one.waiting for one in due)
    said = f"{in_words(len(due)).capitalize()} {'waits' if len(due) == 1 else 'wait'}"
    longest = f", the longest for {count(oldest, 'day')}" if oldest else ""
    over = f"; the day of {in_words(late)} is over" if late else ""
    return f"{said}{longest}{over}."


def _heat(ask: Ask, due: list[DueDecision]) -> dict[str, Cell]:
    """How many wait per stream."""
    found: dict[str, Cell] = {}
    for stream in ask.streams:
        own = [one for one in due if one.stream is not None and one.stream.pk == stream.pk]
        late = sum(one.is_late for one in own)
        address = link("home", query=f"scope=stream:{stream.slug}") if own else ""
        text = f"{len(own)} due" + (f", {late} late" if late else "") if own else "calm"
        tone: Tone = "bad" if late else "warn" if own else ""
        found[f"stream:{stream.slug}"] = Cell(text, address, tone=tone, title="" if own else "no decision is due")
    return found
