"""The Forecast page: answers in sentences, the figures behind them, the queue, what if."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import TypeVar

from django.http import QueryDict

from accounts.models import User
from charts.figures import Spec
from charts.figures import forecast as drawn
from dashboards.forms import QuestionForm, WhatIfForm, question_of
from dashboards.queries.base import Widget, count
from dashboards.queries.forecast_rows import (
    Lines,
    SampleLine,
    features,
    initiatives,
    of_initiatives,
    queue,
    sample_lines,
)
from dashboards.queries.forecast_sample import Reckoned, far_away, of_items_text, reckoned
from dashboards.queries.forecast_what_if import Compared, compared
from metrics import forecasts
from metrics.forecasts import (
    Answer,
    BadQuestion,
    Both,
    BurnUp,
    Delivery,
    Fan,
    HowMany,
    Known,
    Question,
    shown_chance,
)
from metrics.forms import Asked, day_text
from metrics.formulas.stats import DRAWN
from metrics.measurement import Point, Window
from metrics.queries import measure_many
from metrics.templatetags.measures import plain
from portfolio.models import Feature, Team

T = TypeVar("T")
# More stops than this say no more to the eye.
STOPS = 160
# Days of what was done that are drawn before the fan.
DRAWN_DAYS = 84


@dataclass(frozen=True, slots=True)
class ForecastPage:
    """What the page shows. `gap`: why nothing can be said of items, in words."""

    finding: str
    gap: str
    form: QuestionForm
    what_if: WhatIfForm
    question: Question
    base: Answer
    plan: Answer
    answers: Sequence[Widget]
    queue: Lines
    initiatives: Lines
    samples: Sequence[SampleLine]
    compared: Compared | None
    of_queue: Reckoned | None
    of_initiatives: Reckoned | None
    of_items: str
    far: str
    known: Known

    @property
    def notes(self) -> list[str]:
        """What was left out or guessed, of items and of queues, each once."""
        return list(dict.fromkeys((*self.base.notes, *self.plan.notes)))

    @property
    def has_something(self) -> bool:
        """Whether there is anything that could be different."""
        return not self.gap or any(one.when for one in self.plan.deliveries)

    @property
    def is_bad(self) -> bool:
        return bool(self.form.errors or self.what_if.errors)


def forecast_page(asked: Asked, at: datetime, params: QueryDict, user: User) -> ForecastPage:
    """`at` is as_of, or now; `params` is the page's query; what `user` may not see is not in it."""
    today = at.astimezone(asked.scope.zone).date()
    form = QuestionForm(params, today)
    what_if = WhatIfForm(params, features_of(asked, today), teams_of(asked))
    question = question_of(asked, form, what_if.what_if())
    found = _ask(asked, question, at, form, what_if)
    items, plan = forecasts.seen_by(found.items, user), forecasts.seen_by(found.plan, user)
    form.show("items", items.base.deliveries[0].items if items.base.deliveries else "")
    return ForecastPage(
        finding=finding(asked.scope.name, items.base),
        gap=items.base.reason,
        form=form,
        what_if=what_if,
        question=question,
        base=items.base,
        plan=plan.base,
        answers=answer_widgets(items.base, finished_of_late(asked, at, today, found.known)),
        queue=queue(plan.base),
        initiatives=of_initiatives(plan.base, with_figure=len(asked.scope.teams) > 1),
        samples=sample_lines(items.base),
        compared=compared(items, plan, question),
        of_queue=reckoned(plan.base, features(plan.base), question),
        of_initiatives=reckoned(plan.base, initiatives(plan.base), question),
        of_items=of_items_text(items.base),
        far=far_away(items.base, plan.base),
        known=found.known,
    )


def _ask(asked: Asked, question: Question, at: datetime, form: QuestionForm, what_if: WhatIfForm) -> Both:
    """Ask the engine; what it finds wrong beside what the forms found is said at their fields, and left out."""
    # A day too far ahead, then too many items: without both of these nothing is refused any more.
    for _ in range(2):
        try:
            return forecasts.ask(asked.scope, question, at)
        except BadQuestion as error:
            for name, text in error.problems.items():
                where = form if name in form.fields else what_if
                where.add_error(name if name in where.fields else None, text)
            question = replace(question_of(asked, form, what_if.what_if()), ranks=DRAWN)
    return forecasts.ask(asked.scope, question, at)


def features_of(asked: Asked, today: date) -> list[tuple[int, str]]:
    """The features that may be dropped: id and name, with the team's where there are several."""
    rows = Feature.objects.filter(team__in=asked.scope.teams).exclude(ended_on__lt=today)
    found = rows.order_by("team__name", "rank", "pk").values_list("pk", "name", "team__name")
    several = len(asked.scope.teams) > 1
    return [(pk, f"{name} ({team})" if several else name) for pk, name, team in found]


def teams_of(asked: Asked) -> list[tuple[str, str]]:
    """Short name and name of the scope's teams."""
    return list(Team.objects.filter(pk__in=asked.scope.teams).values_list("slug", "name"))


def finished_of_late(asked: Asked, at: datetime, today: date, known: Known) -> Sequence[Point]:
    """The items finished a day, of the days that are drawn before the fan."""
    window = Window(today - timedelta(days=DRAWN_DAYS - 1), today)
    # What was read for the forecast need not be read again, where it is of the same teams and items.
    is_same = asked.facets.are_all and {team.pk for team in known.reading.teams} == set(asked.scope.teams)
    is_same = is_same and bool(known.reading.columns.in_scope.any())
    flow = (lambda: known.reading.columns) if is_same else None
    return measure_many(["throughput"], asked.scope, window, at, asked.facets, flow)["throughput"].series


def finding(name: str, answer: Answer) -> str:
    """What the page says in one line."""
    if answer.reason or not answer.deliveries:
        return f"{name}: {answer.reason}"
    asked = answer.deliveries[0]
    if asked.when.get(85) is None:
        return f"{name}: {count(asked.items, 'item')} at 85\u00a0% only {by_day(asked.when.get(85), answer)}"
    return f"{name}: {count(asked.items, 'item')} by {by_day(asked.when[85], answer)}, with a chance of 85\u00a0%"


def by_day(day: date | None, answer: Answer) -> str:
    """A day of an answer, in words; None is beyond its horizon."""
    return forecasts.shown_day(day, answer.horizon)


def answer_widgets(answer: Answer, past: Sequence[Point] = ()) -> list[Widget]:
    """The two answers and the fan, from nothing but the answer (and the finishes of the days before, where they are
    given): a stored one gives the same again.
    """
    found = []
    if answer.how_many is not None:
        found.append(_how_many(answer.how_many))
    if answer.deliveries and answer.deliveries[0].when:
        found.append(when_widget(answer.deliveries[0], answer))
    fan = fan_widget(answer, past)
    return [*found, fan] if fan else found


def _how_many(found: HowMany) -> Widget:
    day = day_text(found.by)
    least = found.at_least
    counts, chances = thinned([n for n, _ in found.chances]), dict(found.chances)
    spec = drawn.chance_by_count(
        counts,
        [chances[n] for n in counts],
        [shown_chance(chances[n]) for n in counts],
        {p: least[p] for p in sorted(least)},
    )
    return Widget(
        "",
        f"How many items by {day}?",
        f"85\u00a0% chance of at least {count(least[85], 'item')} by {day}.",
        f"As likely as not: at least {plain(least[50])}.",
        spec=spec if len(counts) > 1 else None,
        note="stronger colour: at least 85\u00a0% sure",
        extra={
            "head": ("Chance", "At least"),
            "rows": [(f"{p}\u00a0%", count(least[p], "item")) for p in sorted(least)],
        },
    )


def when_widget(asked: Delivery, answer: Answer, question: str = "") -> Widget:
    """When it is finished, at each rank, and the chance day by day."""
    name = asked.name if asked.id != "items" else count(asked.items, "item")
    is_or_are = "is" if asked.id != "items" or asked.items == 1 else "are"
    return Widget(
        "",
        question or f"When {is_or_are} {name} finished?",
        f"85\u00a0%: {by_day(asked.when.get(85), answer)}; 50\u00a0%: {by_day(asked.when.get(50), answer)}.",
        f"{shown_chance(asked.chance)} chance by {day_text(asked.due_on)}." if asked.due_on else "",
        size="w6" if answer.how_many else "w12",
        spec=_curve(asked),
        note="on or before the day" + _beyond(asked),
        extra={
            "head": ("Chance", "Finished by the end of"),
            "rows": [(f"{p}\u00a0%", by_day(day, answer)) for p, day in sorted(asked.when.items())],
        },
    )


def _curve(asked: Delivery) -> Spec | None:
    if len(asked.curve) < 2:
        return None
    last = next((n for n, one in enumerate(asked.curve) if one.chance >= 0.99), len(asked.curve) - 1)
    rows = thinned(asked.curve[: last + 1])
    marks = {p: day for p, day in sorted(asked.when.items()) if day is not None and day <= rows[-1].at}
    due = asked.due_on if asked.due_on and asked.due_on <= rows[-1].at else None
    return drawn.chance_by_date(
        [one.at for one in rows],
        [one.chance for one in rows],
        [shown_chance(one.chance) for one in rows],
        marks,
        due=due,
    )


def _beyond(asked: Delivery) -> str:
    """That the table says more than the figure, where it does."""
    last = asked.curve[-1].at if asked.curve else None
    is_cut = last is not None and any(day is not None and day > last for day in asked.when.values())
    return f"; the figure ends on {day_text(last)}" if last and is_cut else ""


def thinned(rows: Sequence[T], most: int = STOPS) -> list[T]:
    """At most about `most` of the rows, evenly, the first and the last among them."""
    step = -(-len(rows) // most) or 1
    kept = list(rows[::step])
    return kept if not rows or (len(rows) - 1) % step == 0 else [*kept, rows[-1]]


def fan_widget(answer: Answer, past: Sequence[Point] = ()) -> Widget | None:
    """The burn-up with its fan: of the subject, where its history is known, else of the items to come.

    `past` are the items finished a day, up to as_of.
    """
    subject = answer.deliveries[0] if answer.deliveries else None
    if subject is None:
        return None
    burn_up = subject.burn_up or _counted(subject, answer, past)
    if burn_up is None or burn_up.fan is None:
        return None
    return Widget(
        "",
        "How does it get done?",
        _fan_answer(subject, burn_up),
        size="w12",
        spec=burn_up_figure(burn_up, subject.due_on),
        note=f"at each chance, at least so many; the fan begins after {day_text(answer.today)}",
    )


def _counted(subject: Delivery, answer: Answer, past: Sequence[Point]) -> BurnUp | None:
    """A burn-up of items as such: those of the days before, then the fan of how many there will be."""
    if answer.how_many is None:
        return None
    done = list(accumulate(int(point.value or 0) for point in past))
    so_far = done[-1] if done else 0
    days, least = answer.how_many.fan.days, answer.how_many.fan.at_least
    fan = Fan(days, {rank: [n + so_far for n in numbers] for rank, numbers in least.items()})
    total = so_far + subject.items
    return BurnUp([point.at for point in past], [total] * len(done), done, 0, total, fan)


def _fan_answer(subject: Delivery, burn_up: BurnUp) -> str:
    guessed = f", {plain(burn_up.guessed)} of them guessed" if burn_up.guessed else ""
    to_go = f"{plain(subject.items)} to go{guessed}"
    if not burn_up.days:
        return f"{to_go.capitalize()}."
    span = "" if subject.burn_up else f" in the last {count(len(burn_up.days), 'day')}"
    return f"{count(burn_up.done[-1], 'item')} done{span}, {to_go}."


def burn_up_figure(burn_up: BurnUp, due: date | None) -> Spec:
    """History, then the fan, on one axis of days."""
    past = list(zip(burn_up.days, burn_up.done, burn_up.scope, strict=True))[-DRAWN_DAYS:]
    fan = burn_up.fan or Fan((), {})
    ahead = thinned(range(len(fan.days)), 120)
    days = [day for day, _, _ in past] + [fan.days[n] for n in ahead]
    gap = [None] * len(past)
    # The fan begins where the line of what is done ends.
    bands: dict[int, list[int | None]] = {
        rank: [*gap[:-1], *([past[-1][1]] if past else []), *(values[n] for n in ahead)]
        for rank, values in fan.at_least.items()
        if rank in drawn.DASHES
    }
    done: list[int | None] = [*(one for _, one, _ in past), *([None] * len(ahead))]
    scope: list[int | None] = [*(one for _, _, one in past), *([burn_up.total] * len(ahead))]
    return drawn.burn_up(days, done, scope, bands, due=due if due and days and due <= days[-1] else None)
