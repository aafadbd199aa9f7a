"""Forecasts somebody committed to: the list of a scope, and one as it was then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format

from accounts.models import User
from dashboards.queries.base import Widget
from dashboards.queries.forecast import answer_widgets
from dashboards.queries.forecast_rows import SampleLine, sample_lines
from metrics import forecasts
from metrics.forecasts import outcomes, shown_chance
from metrics.forms import Asked, day_text
from metrics.models import Forecast, Outcome
from metrics.templatetags.measures import plain
from portfolio.rules import can

TONES = {Outcome.KEPT: "good", Outcome.MISSED: "warn"}
# Whether today's engine gives the same result of the stored inputs (forecasts.is_reproduced).
REPRODUCED = {
    True: "yes: today’s engine gives the same result of the stored inputs, to the byte",
    False: "no: today’s engine gives another result of the stored inputs",
    None: "made by an earlier engine: shown as stored",
}
# How many commitments the Forecast page lists.
MOST = 50


@dataclass(frozen=True, slots=True)
class Commitment:
    """A line of the list: the chance as it was stated, and as it is now."""

    pk: int
    subject: str
    place: str
    due: date
    then: str
    now: str
    tone: str
    votes: str
    outcome: str
    outcome_tone: str
    made: str


def of_stream(slug: str) -> Q:
    """The commitments of a value stream and of its teams."""
    return Q(stream__slug=slug) | Q(team__stream__slug=slug)


def of_scope(asked: Asked) -> Q:
    if asked.scope.kind == "team":
        return Q(team__in=asked.scope.teams)
    return of_stream(asked.scope.slug) if asked.scope.kind == "stream" else Q()


def commitments(
    asked: Asked, user: User | AnonymousUser, at: datetime, known: forecasts.Known | None = None
) -> list[Commitment]:
    """The commitments made for a scope by `at`: those that are open first, the next due on top; then the latest."""
    rows = forecasts.stored_for(user).filter(of_scope(asked), as_of__lte=at).select_related("made_by")
    found = sorted(rows[:MOST], key=lambda row: _next_then_latest(row, at))
    now = forecasts.chances_now([row for row in found if outcome_at(row, at) == Outcome.OPEN], at, known)
    return [commitment(row, now, at) for row in found]


def _next_then_latest(row: Forecast, at: datetime) -> tuple[bool, int]:
    is_over = outcome_at(row, at) != Outcome.OPEN
    return is_over, -row.due_on.toordinal() if is_over else row.due_on.toordinal()


def outcome_at(row: Forecast, at: datetime) -> Outcome:
    """What was known of it at `at`."""
    return Outcome.OPEN if row.decided_at is not None and row.decided_at > at else Outcome(row.outcome)


def commitment(row: Forecast, now: Mapping[int, float | None], at: datetime) -> Commitment:
    """A line; `now` has the present chances of open ones."""
    chance = now.get(row.pk)
    outcome = outcome_at(row, at)
    is_doubtful = chance is not None and chance < min(0.5, row.chance)
    return Commitment(
        pk=row.pk,
        subject=row.subject,
        place=place_name(row),
        due=row.due_on,
        then=shown_chance(row.chance),
        now=shown_chance(chance) if row.pk in now else "",
        tone="warn" if is_doubtful else "",
        votes="" if row.votes is None else shown_chance(row.votes),
        outcome=outcome_label(outcome, row),
        outcome_tone=TONES.get(outcome, ""),
        made=made_text(row),
    )


def outcome_label(outcome: Outcome, row: Forecast) -> str:
    """ "Kept", "Missed"; of one that was made when its day was over also that it is not scored."""
    is_scored = outcome not in (Outcome.KEPT, Outcome.MISSED) or not forecasts.is_hindsight(row)
    return outcome.label if is_scored else f"{outcome.label}, not scored"


def place_name(row: Forecast) -> str:
    """Whose commitment it is: the team's or the value stream's; nothing for the portfolio's."""
    place = row.team or row.stream
    return place.name if place else ""


def made_text(row: Forecast) -> str:
    """Who committed, and when."""
    day = date_format(row.as_of, "j M Y")
    return f"{day}, {row.made_by.name}" if row.made_by else day


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A forecast as it was: everything from its stored bytes. `said` are facts about it, label and text."""

    row: Forecast
    finding: str
    as_of: str
    widgets: Sequence[Widget]
    samples: Sequence[SampleLine]
    notes: Sequence[str]
    horizon: str
    said: Sequence[tuple[str, str]]


def stored_page(row: Forecast, user: User) -> StoredPage:
    """The page; without what is of teams that `user` may not see."""
    answer = forecasts.answer_seen_by(forecasts.of_stored(row), user)
    return StoredPage(
        row=row,
        finding=f"{_owned(row)} by {day_text(row.due_on)}: {shown_chance(row.chance)} chance when committed to",
        as_of=date_format(row.as_of, "j M Y, H:i"),
        widgets=answer_widgets(answer),
        samples=sample_lines(answer),
        notes=answer.notes,
        horizon=day_text(answer.horizon),
        said=_facts(row),
    )


def _owned(row: Forecast) -> str:
    """The subject and whose it is: "Falcon: 20 items"."""
    return f"{place_name(row)}: {row.subject}" if place_name(row) else row.subject


def _facts(row: Forecast) -> list[tuple[str, str]]:
    facts = [
        ("Committed to", f"{row.subject}, by the end of {day_text(row.due_on)}"),
        ("Chance then", shown_chance(row.chance)),
        ("Items then", plain(row.items)),
        ("As of", date_format(row.as_of, "j M Y, H:i")),
        ("By", row.made_by.name if row.made_by else "the portal"),
        ("Engine", row.engine),
    ]
    if row.votes is not None:
        facts.insert(2, ("Team’s vote", f"{shown_chance(row.votes)} (the mean of its votes)"))
    return facts


@dataclass(frozen=True, slots=True)
class Now:
    """What is known of a stored forecast today; `address` is the Forecast page of its scope."""

    facts: Sequence[tuple[str, str]]
    may_withdraw: bool
    address: str


def what_now(row: Forecast, user: User, at: datetime) -> Now:
    facts = []
    if row.outcome == Outcome.OPEN:
        facts.append(("Chance now", shown_chance(forecasts.chances_now([row], at)[row.pk])))
    if row.outcome != Outcome.OPEN and forecasts.is_hindsight(row):
        facts.append(("Scored", "no: somebody committed to it when its day was over"))
    if row.decided_at:
        facts.append(("Decided", date_format(row.decided_at, "j M Y")))
    facts.append(("Reproduced", REPRODUCED[forecasts.is_reproduced(row)]))
    place, kind = row.team or row.stream, "team" if row.team else "stream"
    scope = f"?scope={kind}:{place.slug}" if place else ""
    may_withdraw = row.outcome == Outcome.OPEN and at < outcomes.end_of(row) and can(user, "commit_forecast", place)
    return Now(facts, may_withdraw, f"{reverse('forecast')}{scope}")


def outcome_text(row: Forecast) -> str:
    """What has become of it, in a sentence."""
    due = day_text(row.due_on)
    if row.outcome == Outcome.KEPT:
        return f"Kept: finished on {day_text(row.finished_on)}." if row.finished_on else "Kept."
    if row.outcome == Outcome.MISSED:
        later = f"; finished on {day_text(row.finished_on)}" if row.finished_on else ""
        return f"Missed: not finished by the end of {due}{later}."
    if row.outcome == Outcome.WITHDRAWN:
        return "Withdrawn: it is not scored."
    return f"Open until the end of {due}."
