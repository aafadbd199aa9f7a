"""The Calibration page: whether forecasts came true as often as they said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from typing import Any

from django.urls import reverse

from accounts.models import User
from charts.figures import Spec
from charts.figures import reliability as drawn
from dashboards.queries.base import count
from dashboards.queries.forecast_stored import MOST, Commitment, commitment, of_stream
from metrics import forecasts
from metrics.forecasts import Bin, Calibration, shown_chance
from metrics.forms import Asked
from metrics.templatetags.measures import plain
from portfolio.models import ValueStream

# Twice the standard error: a difference beyond it is more than chance (in 19 of 20 cases).
BEYOND_CHANCE = 2
# The Brier score of always saying 50 %.
NO_IDEA = 0.25


@dataclass(frozen=True, slots=True)
class BinLine:
    """A line of the reliability table, for the forecasts and for the votes."""

    said: str
    n: str
    stated: str
    kept: str
    verdict: str
    votes_n: str
    votes_kept: str


@dataclass(frozen=True, slots=True)
class CalibrationPage:
    finding: str
    sentences: Sequence[str]
    brier: str
    brier_means: str
    votes: str
    lines: Sequence[BinLine]
    figure: Spec | None
    reason: str


def calibration_page(asked: Asked, user: User, at: datetime) -> dict[str, Any]:
    """What the page shows: of a value stream, or of the portfolio. A team is not graded: for it, its stream's."""
    stream = None if asked.scope.kind == "portfolio" else stream_of(asked, user)
    is_hidden = asked.scope.kind == "team" and stream is None
    name = stream.name if stream else asked.scope.name
    found = None if is_hidden else forecasts.calibration(stream, user)
    scope = f"stream:{stream.slug}" if stream else asked.scope.text
    return {
        "page": calibrated(name, found) if found else None,
        "name": name,
        "commitments": [] if is_hidden else behind(stream, user, at),
        "forecast_address": f"{reverse('forecast')}?scope={scope}",
    }


def behind(stream: ValueStream | None, user: User, at: datetime) -> list[Commitment]:
    """The commitments of a stream (None: all that the reader sees), newest first."""
    rows = forecasts.stored_for(user).select_related("made_by")
    if stream is not None:
        rows = rows.filter(of_stream(stream.slug))
    return [commitment(row, {}, at) for row in rows[:MOST]]


def stream_of(asked: Asked, user: User) -> ValueStream | None:
    """The value stream of the scope, if the reader may see it."""
    seen = ValueStream.objects.for_user(user)
    if asked.scope.kind == "team":
        return seen.filter(teams__slug=asked.scope.slug).first()
    return seen.get(slug=asked.scope.slug)


def said(bin: Bin) -> str:
    """The chances of a bin: "80 to 90 %"."""
    return f"{round(100 * bin.low)} to {round(100 * bin.high)}\u00a0%"


def calibrated(name: str, found: Calibration) -> CalibrationPage:
    """Everything the page says of a calibration."""
    filled = [one for one in found.bins if one.n]
    return CalibrationPage(
        finding=_finding(name, found, filled),
        sentences=[sentence(one) for one in sorted(filled, key=lambda one: -one.n)[:3]],
        brier="" if found.brier is None else plain(round(found.brier, 3)),
        brier_means="" if found.brier is None else brier_means(found.brier),
        votes=votes_text(found),
        lines=[_line(one) for one in found.bins if one.n or one.votes_n],
        figure=_figure(found) if filled else None,
        reason=found.reason,
    )


def _finding(name: str, found: Calibration, filled: Sequence[Bin]) -> str:
    if not found.n:
        return f"{name}: no commitment has been scored yet"
    stated = sum((one.stated or 0) * one.n for one in filled)
    came = f"{plain(found.kept)} of {count(found.n, 'forecast')} came true"
    return f"{name}: {came}; by what they said, {plain(round(stated))} should have"


def sentence(bin: Bin) -> str:
    """What a bin says in words."""
    kept = round((bin.kept or 0) * bin.n)
    return f"Of {count(bin.n, 'forecast')} that said {said(bin)}, {plain(kept)} came true."


def verdict(stated: float | None, kept: float | None, n: int) -> str:
    """Whether what came differs from what was said by more than chance."""
    if stated is None or kept is None or not n:
        return ""
    noise = BEYOND_CHANCE * sqrt(max(stated * (1 - stated), 0.25 / n) / n)
    if abs(kept - stated) <= noise:
        return "within chance"
    return "too sure" if kept < stated else "too careful"


def brier_means(score: float) -> str:
    """What a Brier score says, against what anybody gets by always saying 50 %."""
    better = round(100 * (1 - score / NO_IDEA))
    verdict = f"better by {better}\u00a0%" if better > 0 else "these forecasts were no better than that"
    return f"0 is perfect, 0.25 is what always saying 50\u00a0% gets: {verdict}."


def votes_text(found: Calibration) -> str:
    """The people's own votes beside the forecasts on the same commitments."""
    if found.votes_brier is None or found.voted_brier is None:
        return found.votes_reason
    own, theirs = round(found.votes_brier, 3), round(found.voted_brier, 3)
    words = "the votes came closer" if own < theirs else "the forecasts came closer" if own > theirs else "both alike"
    return (
        f"On {count(found.votes_n, 'commitment')} with a vote: votes {plain(own)}, forecasts {plain(theirs)}; {words}."
    )


def _percent(value: float | None) -> str:
    return "" if value is None else f"{round(100 * value)}\u00a0%"


def _line(one: Bin) -> BinLine:
    return BinLine(
        said=said(one),
        n=plain(one.n),
        stated=shown_chance(one.stated) if one.n else "",
        kept=f"{plain(round(one.kept * one.n))} ({_percent(one.kept)})" if one.kept is not None else "",
        verdict=verdict(one.stated, one.kept, one.n),
        votes_n=plain(one.votes_n) if one.votes_n else "",
        votes_kept=""
        if one.votes_kept is None
        else f"{plain(round(one.votes_kept * one.votes_n))} ({_percent(one.votes_kept)})",
    )


def _figure(found: Calibration) -> Spec:
    groups = {"Forecasts": [drawn.Bin(said(b), b.n, b.stated or 0, b.kept or 0) for b in found.bins]}
    if any(one.votes_n for one in found.bins):
        groups["Votes"] = [drawn.Bin(said(b), b.votes_n, b.votes_stated or 0, b.votes_kept or 0) for b in found.bins]
    return drawn.reliability(groups)
