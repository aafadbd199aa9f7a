"""What the demo teams committed to in the past, made once their history is there, and what came of it."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from random import Random

from connectors.demo import DemoConnector
from metrics import forecasts
from metrics.actions import commit_forecast, decide_outcomes
from metrics.models import Forecast, Source
from portfolio.models import Team
from portfolio.queries import team_scope

# Every six weeks, for four weeks each.
EVERY, AHEAD = timedelta(weeks=6), timedelta(weeks=4)
# Teams promise what is likely, what is as likely as not, and sometimes more than that.
RANKS = (85, 50, 70, 30, 95, 85)


def is_read() -> bool:
    """Whether the whole history of the demo is stored."""
    sources = Source.objects.filter(tool=DemoConnector.tool)
    return sources.exists() and not sources.filter(synced_at=None).exists()


def make(*, today: date, now: datetime) -> int:
    """Commit each demo team that has not yet, as it would have, and decide what is due; how many were made."""
    own = Forecast.objects.filter(made_by=None).exclude(team=None)
    teams = Team.objects.filter(sources__tool=DemoConnector.tool).exclude(pk__in=own.values("team")).distinct()
    made = [forecast for team in teams for forecast in _of_team(team, today)]
    decide_outcomes(now=now)
    return len(made)


def _of_team(team: Team, today: date) -> Iterable[Forecast]:
    dice = Random(f"{team.slug} commits")  # noqa: S311 (a simulation)
    for n, rank in enumerate(dice.sample(RANKS, len(RANKS))):
        on = today - EVERY * (n + 1)
        # The team's mean fist of five: it feels what the numbers say, more or less.
        fist = min(max(round(1 + rank / 25 + dice.uniform(-0.8, 0.8), 1), 1.0), 5.0)
        if forecast := _commit(team, on, rank, fist if dice.random() < 0.7 else None):
            yield forecast


def _commit(team: Team, on: date, rank: int, fist: float | None) -> Forecast | None:
    """What had the chance `rank` then, promised for four weeks later; nothing where there is too little data."""
    at = datetime.combine(on, time(17), tzinfo=team.zone)
    question = forecasts.Question(by=on + AHEAD, ranks=(rank,))
    answer = forecasts.ask_items(team_scope(team), question, at).base
    items = 0 if answer.reason or answer.how_many is None else answer.how_many.at_least[rank]
    if not items:
        return None
    votes = None if fist is None else [fist]
    return commit_forecast(actor=None, team=team, items=items, due_on=on + AHEAD, as_of=at, votes=votes)
