"""Lines of the Forecast page's tables: features of the queue, initiatives, and what was sampled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from charts.figures import Spec
from charts.figures import forecast as drawn
from dashboards.queries.base import count
from metrics import forecasts
from metrics.forecasts import Answer, Delivery, TeamSample, shown_chance
from metrics.forms import day_text
from metrics.templatetags.measures import plain

# Below this chance of being kept a date wants a person's attention.
UNLIKELY = 0.5
SHOWN = (50, 85, 95)
# More lines than this are opened on demand.
LONG = 12


@dataclass(frozen=True, slots=True)
class Line:
    """A feature or an initiative: what is left of it, its day at each rank, the chance of the day it is due.

    `id` as the engine names it; `about`: its team and what it is a part of; `note`: how its size is known; `weakest`:
    the part that is most in doubt.
    """

    id: str
    name: str
    about: str
    left: str
    note: str
    days: Sequence[tuple[str, str]]
    due: date | None
    chance: str
    tone: str
    reason: str
    weakest: str
    can_be_promised: bool


@dataclass(frozen=True, slots=True)
class Lines:
    """A table with its figure and what it says in a sentence."""

    answer: str
    lines: Sequence[Line]
    figure: Spec | None

    @property
    def is_long(self) -> bool:
        return len(self.lines) > LONG


@dataclass(frozen=True, slots=True)
class SampleLine:
    """What a team's forecast is drawn from, in words."""

    name: str
    slug: str
    days: str
    finishing: str
    idle: str
    finished: str
    of_features: str
    per_day: str
    first: date | None
    last: date | None
    factor: str
    reason: str


def features(plan: Answer) -> list[Delivery]:
    """The features of the plan, in the order of the queue."""
    return [one for one in plan.deliveries if one.id.startswith("feature:")]


def initiatives(plan: Answer) -> list[Delivery]:
    """The initiatives of the plan (not a team's share of one: "initiative:3:falcon")."""
    return [one for one in plan.deliveries if one.id.startswith("initiative:") and one.id.count(":") == 1]


def queue(plan: Answer) -> Lines:
    """The features, each with its team and the initiative it is a part of; drawn for a single team."""
    whole = {part: one.name for one in initiatives(plan) for part in one.parts}
    names, found = team_names(plan), features(plan)
    teams = {slug for one in found for slug in one.teams}
    lines = [line_of(one, plan, (_teams(one, names) if len(teams) > 1 else "", whole.get(one.id, ""))) for one in found]
    return Lines(answer_of(found, "feature"), lines, lane_figure(found, plan.today) if len(teams) == 1 else None)


def of_initiatives(plan: Answer, with_figure: bool) -> Lines:
    """The initiatives, each with its teams and its weakest part."""
    names, known, found = team_names(plan), {one.id: one for one in plan.deliveries}, initiatives(plan)
    lines = [line_of(one, plan, (_teams(one, names),), weakest(one, known, names)) for one in found]
    return Lines(answer_of(found, "initiative"), lines, lane_figure(found, plan.today) if with_figure else None)


def answer_of(found: Sequence[Delivery], noun: str) -> str:
    """How many of them are likely to be in time."""
    open_ones = [one for one in found if not one.is_done and one.chance is not None]
    if not open_ones:
        return ""
    doubtful = sum(is_doubtful(one) for one in open_ones)
    if not doubtful:
        return f"All {count(len(open_ones), noun)} with a forecast are likelier than not to be in time."
    is_or_are = "is" if doubtful == 1 else "are"
    return f"{plain(doubtful)} of {count(len(open_ones), noun)} {is_or_are} likelier than not to be late."


def is_doubtful(one: Delivery) -> bool:
    return one.due_on is not None and one.chance is not None and one.chance < UNLIKELY and not one.is_done


def team_names(plan: Answer) -> dict[str, str]:
    return {team.slug: team.name for team in plan.teams}


def _teams(one: Delivery, names: Mapping[str, str]) -> str:
    return ", ".join(names.get(slug, slug) for slug in one.teams)


def line_of(one: Delivery, answer: Answer, about: Sequence[str], weakest: str = "") -> Line:
    """The line of a delivery."""
    return Line(
        id=one.id,
        name=one.name,
        about=" · ".join(filter(None, about)),
        left=_left(one),
        note=one.sized_by,
        days=[(f"{p}\u00a0%", forecasts.shown_day(one.when[p], answer.horizon)) for p in SHOWN if p in one.when],
        due=one.due_on,
        chance="" if one.is_done else shown_chance(one.chance),
        tone="warn" if is_doubtful(one) else "",
        reason=_gap(one),
        weakest=weakest,
        can_be_promised=bool(one.when) and not one.is_done,
    )


def _left(one: Delivery) -> str:
    """What is left, in words; nothing to count and no forecast is a size that nobody knows."""
    if one.is_done:
        return "done"
    return "unknown" if one.reason and not one.items else count(one.items, "item")


def _gap(one: Delivery) -> str:
    if one.is_done:
        return f"finished on {day_text(one.finished_on)}" if one.finished_on else "nothing left to do"
    return one.reason


def weakest(whole: Delivery, known: Mapping[str, Delivery], names: Mapping[str, str]) -> str:
    """The part that cannot be forecast, else the one that is last at 85 %, with its team; nothing for a single part."""
    parts = [known[id] for id in whole.parts if id in known and not known[id].is_done]
    if len(whole.parts) < 2 or whole.is_done:
        return ""
    if any(id not in known for id in whole.parts) and not any(part.reason for part in parts):
        last = max((part.when.get(85) or date.max for part in parts), default=date.min)
        if (whole.when.get(85) or date.max) > last:
            others = [slug for slug in whole.teams if not any(slug in part.teams for part in parts)]
            # Teams that the reader may not see are not named (forecasts.seen_by).
            named = " or ".join(names.get(slug, slug) for slug in others)
            return f"a part of {named or 'a team that you do not see'}"
    part = next((one for one in parts if one.reason), None)
    part = part or max(parts, key=lambda one: one.when.get(85) or date.max, default=None)
    if part is None:
        return ""
    teams = _teams(part, names)
    if not part.id.startswith("feature:"):
        return f"the part of {teams}"
    return f"{part.name} ({teams})" if teams and teams not in part.name else part.name


def lane_figure(found: Sequence[Delivery], today: date) -> Spec | None:
    """Lanes of what is not done; nothing where none has a day."""
    lanes = [
        drawn.Lane(one.name, {p: day for p in SHOWN if (day := one.when.get(p))}, one.due_on)
        for one in found
        if not one.is_done
    ]
    lanes = [lane for lane in lanes if lane.dates]
    return drawn.lanes(lanes, today) if lanes else None


def sample_lines(answer: Answer) -> list[SampleLine]:
    return [_sample(team) for team in answer.teams]


def _sample(team: TeamSample) -> SampleLine:
    per_day = team.per_day
    return SampleLine(
        name=team.name,
        slug=team.slug,
        days=plain(team.days),
        finishing=plain(team.finishing_days),
        idle=plain(team.days - team.finishing_days),
        finished=count(team.finished, "item"),
        of_features="only these" if team.only_features else f"{plain(team.in_features)} of {plain(team.of_all)}",
        per_day="n/a" if per_day is None else plain(round(per_day, 2)),
        first=team.first,
        last=team.last,
        factor="" if team.factor == 1 else f"counted at {plain(round(100 * team.factor))}\u00a0%",
        reason=team.reason,
    )
