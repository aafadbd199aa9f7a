"""Which finishes a forecast is reckoned with, and how far ahead it can be trusted: in words, beside the dates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dashboards.queries.base import count
from metrics.forecasts import Answer, Delivery, Question, TeamSample
from metrics.templatetags.measures import plain

# From here on a date is far away: at 12 weeks the backtest of decision 0008 held less often than it said.
FAR = timedelta(weeks=8)
FAR_TEXT = (
    "Some of these dates are more than 8 weeks away. A forecast holds for weeks better than for quarters: on the one "
    "team’s history that it was tested with, what was given with 85\u00a0% for twelve weeks ahead came true in about "
    "three of four cases. Take such dates as a direction, and ask again as they come nearer."
)


@dataclass(frozen=True, slots=True)
class Reckoned:
    """How queues were reckoned. `link`: the other way, as a text for a link that sets `only_features` ("" takes it
    out of the address); no link where there is no other way.
    """

    text: str
    link: str = ""
    only_features: str = ""


def reckoned(plan: Answer, deliveries: Sequence[Delivery], question: Question) -> Reckoned | None:
    """The share of finishes that were of features, and what of that the dates of these features (or initiatives) take;
    None where there is nothing to say.
    """
    busy = {slug for one in deliveries for slug in one.teams}
    teams = [team for team in plan.teams if team.slug in busy and not team.reason]
    own, every = sum(team.in_features for team in teams), sum(team.of_all for team in teams)
    if not every:
        return None
    shares = f"{plain(own)} of {count(every, 'finished item')} in the sample ({_percent(own, every)})"
    belonged = f"{shares} belonged to features"
    if own == every:
        return Reckoned(f"{belonged}.")
    if any(team.only_features for team in teams):
        return _of_features(belonged, teams, question)
    if question.share < 100:
        text = f"{belonged}; the dates are reckoned with {plain(question.share)}\u00a0% of all finishes, as asked."
        return Reckoned(text)
    if question.only_features is False:
        text = f"{belonged}, but the dates take all finishes to go to them. If it stays as it was, they are later:"
        return Reckoned(text, "reckon with the finishes of features")
    return Reckoned(f"{belonged}: too little to reckon with. So all finishes count, and the dates are the earliest.")


def _of_features(belonged: str, teams: list[TeamSample], question: Question) -> Reckoned:
    others = [team.name for team in teams if not team.only_features]
    but = f", but in {', '.join(others)} with all finishes" if others else ""
    dates = "the dates of features and initiatives"
    text = f"{belonged}: {dates} are reckoned with these alone{but}, as if it stayed so."
    return Reckoned(text, "Reckon with all finishes", "false")


def _percent(part: int, whole: int) -> str:
    """A share in whole per cent, where something is never 0 % and not all is never 100 %."""
    share = round(100 * part / whole)
    return f"{min(max(share, 1), 99) if 0 < part < whole else share}\u00a0%"


def far_away(*answers: Answer) -> str:
    """A word of caution where a date shown is far away, else nothing."""
    for answer in answers:
        days = [one.when.get(85) for one in answer.deliveries if one.when]
        days += [one.due_on for one in answer.deliveries if one.when and one.chance is not None]
        days += [answer.how_many.by] if answer.how_many else []
        if any(day is None or day - answer.today > FAR for day in days):
            return FAR_TEXT
    return ""


def of_items_text(items: Answer) -> str:
    """Which finishes the dates of items are reckoned with."""
    if items.teams and all(team.only_features for team in items.teams):
        return "Items are reckoned with the finishes that belonged to features alone."
    return "Items are reckoned with all finishes."
