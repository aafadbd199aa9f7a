"""What the costs page says in words: a question and its answer for each widget."""

from datetime import date

from funding.templatetags.costs import whole_money
from impediments.costs import GivesBack
from impediments.queries.costs import Group, Page
from impediments.templatetags.impediment_costs import days, one
from metrics.forms import day_text

SURE = 85


def words(page: Page) -> dict[str, object]:
    """The texts of the page's widgets, by the names that its template has for them."""
    return {
        "category_answer": _most(page, page.categories, "{name} took most"),
        "place_question": f"Which {page.place.lower()} does it hit most?",
        "place_answer": _most(page, page.places, "{name} lost most"),
        "place_note": _place_note(page),
        "month_answer": _months(page),
        "month_note": "delay as it stood at the end of each month" if page.tells_delays else "",
        "delay_note": f"delay as it stands on {page.end:%-d %b %Y}; an initiative that waits for several lands once",
        "fresh_text": page.sources.text + (" · today is not counted yet" if page.freshness.is_stale else ""),
        "is_stale": page.sources.is_stale or page.freshness.is_stale,
        "coming_answer": _coming(page),
        "coming_note": "ahead: as on the last working day, for each working day until then",
        "back_question": _back_question(page.back),
        "back_answer": _back(page.back),
        "back_note": "the forecast as if they had not blocked anything in the sampled 84 days",
    }


def _taken(group: Group, page: Page) -> str:
    """What a group took, in days and (for who may see it) in money."""
    took = group.capacity
    text = f"{days(took.team_days)} team day{one(took.team_days)}"
    return f"{text} ({whole_money(took.amount)})" if page.has_money and took.amount is not None else text


def _most(page: Page, groups: object, words: str) -> str:
    found = [group for group in groups if isinstance(group, Group)] if isinstance(groups, list | tuple) else []
    worst = max((group.capacity.team_days for group in found), default=0)
    if not worst:
        return f"Nothing in progress was blocked in these {page.asked.window.days} days.{_late(page.whole, page)}"
    first = next(group for group in found if group.capacity.team_days == worst)
    of = f" of {_taken(page.whole, page)}" if len(found) > 1 else ""
    return f"{words.format(name=first.name)}: {_taken(first, page)}{of}.{_late(page.whole, page)}"


def _late(group: Group, page: Page) -> str:
    """What is delayed, as a sentence of its own."""
    late = group.delay
    if not late.weeks:
        return ""
    text = f" Initiatives are delayed by up to {days(late.weeks)} week{one(late.weeks)}"
    return f"{text}, at a cost of {whole_money(late.amount)}." if page.has_money and late.amount else f"{text}."


def _place_note(page: Page) -> str:
    if page.asked.scope.kind == "portfolio":
        return "taken from the teams of the blocked items; delay of the initiatives of the stream"
    return "taken from the team of the blocked items; delay by impediments that the team logged"


def _months(page: Page) -> str:
    months = page.months
    if len(months) < 2:
        return f"{_taken(months[0], page)} in {months[0].name}." if months else "There is no month to speak of."
    last, before = months[-1], months[-2]
    is_part = page.end.astimezone(page.asked.scope.zone).date() < _last_of(page)
    so_far = " so far" if is_part else ""
    return f"{_taken(last, page)} in {last.name}{so_far}, after {_taken(before, page)} in {before.name}."


def _last_of(page: Page) -> date:
    last = page.asked.window.last
    return last.replace(day=28) if last.day < 28 else last


def _coming(page: Page) -> str:
    more, amount = page.coming
    n = sum(1 for row in page.rows if row.is_open)
    if not n:
        return "All of them are resolved."
    text = f"{n} {'is' if n == 1 else 'are'} open. If nothing changes, {days(more)} item-day{one(more)} more"
    cost = f" ({whole_money(amount)})" if page.has_money and amount is not None else ""
    return f"{text}{cost} until {day_text(page.until)}."


def _back_question(back: GivesBack) -> str:
    n = len(back.lines)
    which = {0: "impediments", 1: "the top impediment", 2: "the top two"}.get(n, "the top three")
    return f"What would removing {which} give back?"


def _back(back: GivesBack) -> str:
    if not back.lines:
        return "Nothing is open here, so there is nothing to remove."
    if back.reason or back.by is None:
        return f"It cannot be told: {back.reason}."
    now, then = next((now, then) for rank, now, then in back.many if rank == SURE)
    if now == then:
        return f"No more items by {day_text(back.by)}: {now} either way, with 85 % certainty."
    more = f"{then - now} item{'' if then - now == 1 else 's'} more by {day_text(back.by)}"
    return f"{more}: {then} instead of {now}, with 85 % certainty."
