"""The checklists "plan ready" and "plan final": ready-made lines, some of which the portal ticks by itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, QuerySet

from planning.capacity import loads
from planning.formulas.confidence import ACCEPTED, Result, result
from planning.models import Agreement, CardKind, Check, CheckList, Increment, Lane, LaneKind, Risk, Roam
from planning.queries.strings import strings


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says: whether it holds, and what is missing; `page` is the URL name where that is done."""

    holds: bool
    missing: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a checklist as it is now."""

    check: Check
    is_done: bool
    missing: str = ""
    page: str = ""


def undiscussed(increment: Increment) -> QuerySet[Risk]:
    """Risks without a word of ROAM: they keep a plan from being final."""
    return increment.risks.filter(removed_at=None, roam=Roam.OPEN)


def _named(names: Sequence[str], what: str, page: str) -> Verdict:
    """Holds when nothing is missing; else what, naming up to three."""
    if not names:
        return Verdict(True)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return Verdict(False, f"{what}: {', '.join(names[:3])}{more}", page)


def _vision(increment: Increment) -> Verdict:
    return Verdict(True) if increment.vision.strip() else Verdict(False, "it has none", "increment-edit")


def _iterations(increment: Increment) -> Verdict:
    return Verdict(True) if increment.iterations.exists() else Verdict(False, "there are none", "plan-iterations")


def _capacity(increment: Increment) -> Verdict:
    unknown = {load.lane_id for load in loads(increment).values() if load.capacity is None}
    rows = increment.lanes.filter(pk__in=unknown).values_list("name", flat=True)
    return _named(list(rows), "not known of", "plan-capacity")


def _cards(increment: Increment) -> Verdict:
    there = increment.cards.filter(removed_at=None).exclude(kind=CardKind.MILESTONE).exists()
    return Verdict(True) if there else Verdict(False, "none yet", "board")


def _sizes(increment: Increment) -> Verdict:
    kinds = (CardKind.FEATURE, CardKind.ENABLER)
    rows = increment.cards.filter(removed_at=None, size=None, kind__in=kinds).order_by("key", "title")
    return _named([key or title for key, title in rows.values_list("key", "title")], "without a size", "board")


def _agenda(increment: Increment) -> Verdict:
    return Verdict(True) if increment.agenda.exists() else Verdict(False, "it has none", "plan-event")


def _conflicts(increment: Increment) -> Verdict:
    bad = [one for one in strings(increment) if one.is_conflict]
    names = increment.cards.filter(pk__in={one.consumer for one in bad}).values_list("title", flat=True)
    return _named(list(names), "needed before it is provided", "plan-dependencies")


def _agreed(increment: Increment) -> Verdict:
    open_ = (Agreement.REQUESTED, Agreement.COUNTERED, Agreement.DECLINED)
    rows = increment.dependencies.filter(removed_at=None, consumer__removed_at=None, agreement__in=open_)
    return _named(list(rows.values_list("consumer__title", flat=True)), "not agreed yet", "plan-dependencies")


def _load(increment: Increment) -> Verdict:
    over = {one.lane_id for one in loads(increment).values() if one.tone == "red"}
    rows = increment.lanes.filter(pk__in=over).values_list("name", flat=True)
    return _named(list(rows), "above it", "plan-capacity")


def _objectives(increment: Increment) -> Verdict:
    have = increment.objectives.filter(removed_at=None).exclude(lane=None).values("lane")
    rows = _teams(increment).exclude(pk__in=have).values_list("name", flat=True)
    return _named(list(rows), "without objectives", "plan-objectives")


def _values(increment: Increment) -> Verdict:
    rows = increment.objectives.filter(removed_at=None, is_committed=True, planned_value=None)
    return _named(list(rows.values_list("title", flat=True)), "without a value", "plan-objectives")


def _risks(increment: Increment) -> Verdict:
    return _named(list(undiscussed(increment).values_list("text", flat=True)), "not discussed", "plan-risks")


def _votes(increment: Increment) -> Verdict:
    accepted = {lane for lane, found in _results(increment).items() if lane and found.accepted}
    rows = _teams(increment).exclude(pk__in=accepted).values_list("name", flat=True)
    return _named(list(rows), f"no vote closed with {ACCEPTED} or more", "plan-event")


def _train_vote(increment: Increment) -> Verdict:
    found = _results(increment).get(None)
    if found is None:
        return Verdict(False, "not closed yet", "plan-event")
    return Verdict(found.accepted, "" if found.accepted else f"{found.average} of 5 on average: rework", "plan-event")


def _results(increment: Increment) -> dict[int | None, Result]:
    """By row (None: the train), its last vote that was closed with ballots."""
    closed = increment.polls.filter(closed_at__isnull=False).annotate(n=Count("ballots"))
    polls = closed.filter(n__gt=0).annotate(fingers=ArrayAgg("ballots__fingers")).order_by("round")
    return {lane: result(fingers) for lane, fingers in polls.values_list("lane", "fingers")}


def _teams(increment: Increment) -> QuerySet[Lane]:
    return increment.lanes.filter(kind=LaneKind.TEAM, left_on=None)


RULES: dict[str, Callable[[Increment], Verdict]] = {
    "vision": _vision,
    "iterations": _iterations,
    "capacity": _capacity,
    "cards": _cards,
    "sizes": _sizes,
    "agenda": _agenda,
    "conflicts": _conflicts,
    "agreed": _agreed,
    "load": _load,
    "objectives": _objectives,
    "values": _values,
    "risks": _risks,
    "votes": _votes,
    "train_vote": _train_vote,
}
# List, text, and the rule that ticks it ("": a person does).
STANDARD = (
    (CheckList.READY, "The increment says what it is for", "vision"),
    (CheckList.READY, "Its iterations are laid out", "iterations"),
    (CheckList.READY, "The capacity of every team is known", "capacity"),
    (CheckList.READY, "The features to plan are on the board", "cards"),
    (CheckList.READY, "Every feature has a size", "sizes"),
    (CheckList.READY, "The agenda is set", "agenda"),
    (CheckList.READY, "Product managers ordered the features and can explain them", ""),
    (CheckList.READY, "Architects named the enablers", ""),
    (CheckList.READY, "Business owners and external partners are invited", ""),
    (CheckList.READY, "Room, screens and links were tried", ""),
    (CheckList.FINAL, "Nothing is needed before it is provided", "conflicts"),
    (CheckList.FINAL, "Every dependency is agreed", "agreed"),
    (CheckList.FINAL, "No team is loaded above its capacity", "load"),
    (CheckList.FINAL, "Every team has objectives", "objectives"),
    (CheckList.FINAL, "Every committed objective has its business value", "values"),
    (CheckList.FINAL, "All risks are discussed (ROAM)", "risks"),
    (CheckList.FINAL, "Every team is confident in its plan", "votes"),
    (CheckList.FINAL, "The train is confident in its plan", "train_vote"),
    (CheckList.FINAL, "Every team presented its plan", ""),
    (CheckList.FINAL, "Business owners accept the plan", ""),
)


def lines(increment: Increment) -> dict[str, list[Line]]:
    """Both lists as they are now. Each rule is asked once; the number of queries does not grow with the plan."""
    checks = list(increment.checks.select_related("done_by"))
    verdicts = {rule: RULES[rule](increment) for rule in {check.rule for check in checks if check.rule in RULES}}
    found: dict[str, list[Line]] = {kind: [] for kind in CheckList.values}
    for check in checks:
        said = verdicts.get(check.rule) or Verdict(check.done_at is not None)
        found[check.list].append(Line(check, said.holds, said.missing, said.page))
    return found
