"""Does money become value? Budget, spend and forecast of each value stream beside how far its key results moved."""

from decimal import Decimal

from django.conf import settings

from core.templatetags.ui import amount
from core.templatetags.ui import money as money_text
from dashboards.queries.base import per_cent
from funding.queries import StreamMoney, money
from okrs.value import delivered_value
from portfolio.models import ValueStream
from portfolio.overview import Ask, Bar, Cell, Head, Tile, Tone, link
from portfolio.quarters import Quarter
from portfolio.rules import can

SHOWN = 5
# A forecast above the budget by more than this share of it needs somebody; by more than BAD, first of all.
NOTABLE, BAD = 0.02, 0.10
WHY = (
    "Budget is the amount valid at the as-of time. Spent is what the stream's teams cost on their working days; where "
    "a month has a ledger, its entries count instead.",
    "The forecast is a straight line: spent ÷ the share of the quarter's calendar days that is over. At quarter end is "
    "forecast − budget. 300 spent of 500 at half of the quarter: forecast 600, over by 100.",
    "Value is what the stream delivered in the quarter so far: the sum over its key results and those of its teams of "
    "weight × change of progress, with the quarter before beside it. Each stream has a scale of its own: values are "
    "never added up and never compared between streams.",
)


def tile(ask: Ask) -> Tile | None:
    """The money of the streams whose money the reader may see; None when there are none."""
    streams = [stream for stream in ask.streams if can(ask.user, "see_money", stream)]
    if not streams:
        return None
    quarter = Quarter.of(ask.day)
    found = sorted(money(streams, quarter, ask.at), key=_order)
    now = delivered_value(streams, quarter.first, min(ask.day, quarter.last))
    before = delivered_value(streams, quarter.previous.first, quarter.previous.last)
    rows = [_row(ask, one, quarter, now.get(one.stream.pk), before.get(one.stream.pk)) for one in found]
    return Tile(
        key="money",
        question="Does money become value?",
        answer=_answer(found, quarter),
        trend=f"{quarter.name}, thousand {settings.CURRENCY}; value on each stream’s own scale",
        head=[
            Head("Value stream"),
            Head("Budget", is_number=True),
            Head("Spent", is_number=True),
            Head("Spent | elapsed"),
            Head("Forecast", is_number=True),
            Head("At its end", is_number=True),
            Head("Value", is_number=True),
        ],
        rows=rows,
        shown=SHOWN,
        noun="value stream",
        size="w8",
        note="straight line",
        why=WHY,
        finding=_finding(found, now),
        heat={"Money": {f"stream:{one.stream.slug}": _heat(one) for one in found}},
        page=link("funding", query=f"quarter={quarter.slug}{'&' + ask.as_of_query.lstrip('?') if ask.as_of else ''}"),
        page_label="Funding",
    )


def _order(one: StreamMoney) -> tuple[float, int, str]:
    """Over budget first, by its share; then in the streams' own order; without a budget last."""
    over = -1.0 if one.over_share is None else max(one.over_share, 0.0)
    return (-over, one.stream.position, one.stream.name)


def tone_of(one: StreamMoney) -> Tone:
    over = one.over_share or 0.0
    return "bad" if over > BAD else "warn" if over > NOTABLE else ""


def _row(ask: Ask, one: StreamMoney, quarter: Quarter, value: float | None, before: float | None) -> list[Cell]:
    elapsed = float(one.elapsed)
    label = f"{amount(one.spent)} of {amount(one.budget)} spent, {per_cent(elapsed)} of {quarter.name} is over"
    bar = None
    if one.budget and not one.is_unknown:
        over = tone_of(one)
        bar = Bar(float(one.spent), float(one.budget), label, elapsed * float(one.budget), "over" if over else "")
    page = link("funding-stream", one.stream.slug, query=ask.as_of_query.lstrip("?"))
    sign = "+" if one.over and one.over > 0 else ""
    end = Cell("n/a", title=one.reason)
    if one.over is not None:
        tone = tone_of(one)
        end = Cell(f"{sign}{_thousands(one.over)}", tone=tone, is_tag=bool(tone), value=one.over)
    return [
        Cell(one.stream.name, page or link("home", query=f"scope=stream:{one.stream.slug}")),
        Cell(_thousands(one.budget), title="" if one.budget else "no budget", value=one.budget or ""),
        _amount(one.known_spent, one.reason),
        Cell("" if bar else "n/a" if one.budget else "no budget", bar=bar, value=one.spent_share if bar else ""),
        _amount(one.forecast, one.reason),
        end,
        _value(value, before),
    ]


def _amount(value: Decimal | None, reason: str) -> Cell:
    """An amount, or n/a with the reason."""
    return Cell(_thousands(value), title="" if value is not None else reason, value="" if value is None else value)


def _round(value: Decimal | None) -> Decimal | None:
    """Whole units: the rows have the cents."""
    return None if value is None else value.quantize(Decimal(1))


def _thousands(value: Decimal | None) -> str:
    """As the table says it; the CSV has every cent."""
    return amount(None if value is None else (value / 1000).quantize(Decimal(1)))


def _value(value: float | None, before: float | None) -> Cell:
    if value is None:
        return Cell("n/a", title="no key result of this stream")
    said = "" if before is None else f"{_signed(before)} the quarter before"
    text = _signed(value) if before is None else f"{_signed(value)} (was {_signed(before)})"
    return Cell(text, title=said, tone="warn" if value < 0 else "", value=round(value, 4))


def _signed(value: float) -> str:
    text = f"{value:+.2f}".replace("-", "\u2212")
    return "0" if text[1:] == "0.00" else text


def _answer(found: list[StreamMoney], quarter: Quarter) -> str:
    known = [one for one in found if one.budget and not one.is_unknown]
    if not known:
        why = "What was spent is not known: " + found[0].reason if any(one.budget for one in found) else ""
        return f"{why}." if why else f"No value stream has a budget for {quarter.name} yet."
    spent, budget = sum(one.spent for one in known), sum(one.budget or Decimal(0) for one in known)
    share = f"{per_cent(float(spent / budget))} spent at {per_cent(float(known[0].elapsed))} of {quarter.name}"
    over = [one for one in known if tone_of(one)]
    if not over:
        return f"{share}; every budget lasts."
    first = f"{over[0].stream.name} heads for {money_text(_round(over[0].over))} above its budget"
    return f"{share}; {first}{f', {len(over) - 1} more go over' if len(over) > 1 else ''}."


def _finding(found: list[StreamMoney], value: dict[int, float]) -> str:
    over = [one for one in found if tone_of(one)]
    if not over:
        return ""
    one: ValueStream = over[0].stream
    if value.get(one.pk) is not None and value[one.pk] <= 0:
        return f"{one.name} spends ahead of value"
    return f"{one.name} heads over its budget by {per_cent(over[0].over_share or 0)}"


def _heat(one: StreamMoney) -> Cell:
    tone = tone_of(one)
    if one.over_share is None:
        return Cell("n/a", title=one.reason)
    if not tone:
        return Cell("calm", title="the budget lasts")
    return Cell(f"{per_cent(one.over_share)} over", link("funding-stream", one.stream.slug), tone=tone)
