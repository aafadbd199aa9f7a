"""A forecast and its variant side by side, and the difference in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dashboards.queries.base import count
from metrics import forecasts
from metrics.forecasts import Answer, Delivery, Outlook, Question, TeamSample, WhatIf
from metrics.forms import day_text
from metrics.templatetags.measures import plain


@dataclass(frozen=True, slots=True)
class Difference:
    """A line: what, at which chance, as it is, as it would be, and the difference in words."""

    what: str
    base: str
    variant: str
    difference: str


@dataclass(frozen=True, slots=True)
class Compared:
    """`changes` say what is imagined; `answer` the main difference; `reason` why the variant says nothing."""

    changes: Sequence[str]
    answer: str
    lines: Sequence[Difference]
    reason: str


def compared(items: Outlook, plan: Outlook, question: Question) -> Compared | None:
    """None where nothing is imagined."""
    if items.variant is None:
        return None
    lines = [*_how_many(items.base, items.variant), *_when(items.base, items.variant)]
    if plan.variant is not None:
        lines += _deliveries(plan.base, plan.variant)
    changes = said(question.what_if, items.base.teams, items.variant.teams, question.wip_limit)
    main = next((line for line in lines if "85" in line.what and "finished" in line.what), None)
    answer = f"{main.what}: {main.difference}." if main else ""
    return Compared(changes, answer, lines, items.variant.reason)


def said(what_if: WhatIf, before: Sequence[TeamSample], after: Sequence[TeamSample], limit: int) -> list[str]:
    """What is imagined, a sentence part each."""
    found = []
    if what_if.people:
        more_or_fewer = "more" if what_if.people > 0 else "fewer"
        found.append(f"{plain(abs(what_if.people) / 100)} person {more_or_fewer}{_grown(what_if, before, after)}")
    if what_if.throughput != 100:
        found.append(f"throughput at {plain(what_if.throughput)}\u00a0% of today’s")
    if what_if.unblock:
        found.append("as if nothing had been blocked")
    if what_if.drop_items:
        found.append(f"{count(what_if.drop_items, 'item')} dropped")
    if what_if.drop_features:
        found.append(f"{count(len(what_if.drop_features), 'feature')} dropped")
    if what_if.wip_limit is not None:
        found.append(f"{count(what_if.wip_limit, 'feature')} at once instead of {plain(limit)}")
    return found


def _grown(what_if: WhatIf, before: Sequence[TeamSample], after: Sequence[TeamSample]) -> str:
    """Where, and by how much its throughput is taken to change."""
    named = [team for team in before if team.slug == what_if.team or len(before) == 1]
    if not named:
        return " in each team"
    then = next((team for team in after if team.slug == named[0].slug), None)
    if then is None or not named[0].factor:
        return f" in {named[0].name}"
    return f" in {named[0].name}: {plain(round(100 * then.factor / named[0].factor))}\u00a0% of today’s throughput"


def _how_many(base: Answer, variant: Answer) -> list[Difference]:
    if base.how_many is None or variant.how_many is None:
        return []
    day, now, then = day_text(base.how_many.by), base.how_many.at_least, variant.how_many.at_least
    return [
        Difference(
            f"At least so many items by {day}, {p}\u00a0%",
            count(now[p], "item"),
            count(then[p], "item"),
            more_or_less(then[p] - now[p]),
        )
        for p in (50, 85)
        if p in now and p in then
    ]


def more_or_less(gain: int) -> str:
    if not gain:
        return "the same"
    return f"{plain(abs(gain))} {'more' if gain > 0 else 'fewer'}"


def _when(base: Answer, variant: Answer) -> list[Difference]:
    if not base.deliveries or not variant.deliveries:
        return []
    now, then = base.deliveries[0], variant.deliveries[0]
    name = count(now.items, "item")
    if then.items != now.items:
        name = f"{name} (then {plain(then.items)})"
    return [_days(f"{name} finished", p, now, then, base, variant) for p in (50, 85) if p in now.when]


def _deliveries(base: Answer, variant: Answer) -> list[Difference]:
    """The 85 % day of each feature and initiative that moves, and those that are dropped."""
    found = []
    for now in base.deliveries:
        then = variant.find(now.id)
        if now.is_done or 85 not in now.when:
            continue
        if then is None or (then.reason and not then.when):
            shown = forecasts.shown_day(now.when[85], base.horizon)
            found.append(Difference(f"{now.name} finished, 85\u00a0%", shown, "not done", "dropped"))
        else:
            found.append(_days(f"{now.name} finished", 85, now, then, base, variant))
    return found


def _days(what: str, rank: int, now: Delivery, then: Delivery, base: Answer, variant: Answer) -> Difference:
    return Difference(
        f"{what}, {rank}\u00a0%",
        forecasts.shown_day(now.when.get(rank), base.horizon),
        "nothing left to do" if then.is_done else forecasts.shown_day(then.when.get(rank), variant.horizon),
        "nothing left to do" if then.is_done else earlier_or_later(now.when.get(rank), then.when.get(rank)),
    )


def earlier_or_later(now: date | None, then: date | None) -> str:
    """The difference of two days in words; None is beyond the horizon."""
    if now is None or then is None:
        return "the same" if now is then else "comes within reach" if now is None else "no longer within reach"
    days = (then - now).days
    return "the same day" if not days else f"{count(abs(days), 'day')} {'later' if days > 0 else 'earlier'}"
