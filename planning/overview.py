"""The widget of the leader's page: what the open plans are likely to bring, against what was promised."""

from collections.abc import Mapping, Sequence

from planning.models import Card, Dependency
from planning.outlook import Outlook, of_teams, outlooks
from planning.queries.past import outlooks_then
from portfolio.models import Team
from portfolio.overview import Ask, Cell, Head, Tile, Tone, link

# From so much of what is committed on a plan is on course, below so much it is not.
GOOD, BAD = 0.8, 0.6
NOT_THEN = "What was expected then is not kept"
WHY = (
    "Plans that are in planning or committed. Expected value is the planned business value of each committed "
    "objective times the chance that all its cards land, added up; chances come from the teams' own history, one "
    "simulation per train.",
    "A conflict is a dependency whose provider stands in a later iteration than what waits for it. Unlikely are cards "
    "with a chance below 50 %. Stability is the share of the committed cards that stand where they were committed to.",
)


def tile(ask: Ask) -> Tile | None:
    """The open plans of the scope, None where there is none; of a past day as their logs tell, without chances."""
    if not ask.scope.teams:
        return None
    teams = ask.scope.teams
    found = outlooks(ask.user, teams) if ask.as_of is None else outlooks_then(ask.user, ask.at, teams)
    if not found:
        return None
    late = sum(len(one.conflicts) for one in found)
    return Tile(
        key="plans",
        question="Will the plans come true?",
        answer=_answer(found),
        head=[
            Head("Plan"),
            Head("State"),
            Head("Expected value", is_number=True),
            Head("Conflicts", is_number=True),
            Head("Unlikely", is_number=True),
            Head("Stability", is_number=True, is_side=True),
        ],
        rows=[_row(one) for one in found],
        noun="plan",
        tag=f"{late} {'conflict' if late == 1 else 'conflicts'}" if late else "",
        tone="warn" if late else "",
        why=WHY,
        finding=_finding(found),
        heat={"Plan": _heat(ask, found)},
        page=link("planning"),
        page_label="All trains and plans",
    )


def _name(one: Outlook) -> str:
    return f"{one.increment.name} of {one.increment.train.name}"


def _answer(found: Sequence[Outlook]) -> str:
    """What is expected of all with a value, and what comes too late."""
    known = [one for one in found if one.expected is not None and one.committed]
    expected = sum(one.expected or 0 for one in known)
    committed = sum(one.committed or 0 for one in known)
    late = sum(len(one.conflicts) for one in found)
    value = NOT_THEN if found[0].not_kept else "No expected value is known yet"
    if committed:
        whose = _name(known[0]) if len(known) == 1 else f"{len(known)} plans"
        value = f"{expected:.0f} of {committed} business value is expected of {whose}"
    if not late:
        return f"{value}; nothing is provided after it is needed."
    if late == 1:
        return f"{value}; 1 dependency is provided after it is needed."
    return f"{value}; {late} dependencies are provided after they are needed."


def _finding(found: Sequence[Outlook]) -> str:
    if not found[0].conflicts:
        return ""
    n = len(found[0].conflicts)
    return f"{_name(found[0])} has {n} {'conflict' if n == 1 else 'conflicts'}"


def _row(one: Outlook) -> list[Cell]:
    increment, n = one.increment, len(one.conflicts)
    return [
        Cell(increment.name, link("increment", increment.slug), note=increment.train.name),
        Cell(increment.get_state_display().lower()),
        _value(one),
        Cell(str(n) if n else "none", link("board", increment.slug) if n else "", tone="bad" if n else "", value=n),
        _unlikely(one),
        _stability(one),
    ]


def _unlikely(one: Outlook) -> Cell:
    if one.not_kept:
        return Cell("n/a", title=one.not_kept)
    return Cell(str(len(one.unlikely)) if one.unlikely else "none", value=len(one.unlikely))


def _value(one: Outlook) -> Cell:
    if one.expected is None or not one.committed:
        return Cell("n/a", title=one.reason)
    share = one.expected / one.committed
    tone: Tone = "bad" if share < BAD else "warn" if share < GOOD else ""
    text = f"{one.expected:.0f} of {one.committed}"
    return Cell(text, note=f"{share:.0%}".replace("%", " %"), tone=tone, value=round(one.expected, 2))


def _stability(one: Outlook) -> Cell:
    if one.stability is None:
        return Cell("n/a", title="nothing is committed yet")
    return Cell(f"{one.stability * 100:.0f} %", value=round(one.stability, 4))


def _heat(ask: Ask, found: Sequence[Outlook]) -> Mapping[str, Cell]:
    """Per team and value stream: conflicts of what it waits for, else cards that are unlikely."""
    told = of_teams(found)
    teams = Team.objects.filter(pk__in=ask.scope.teams).order_by().values_list("pk", "slug", "stream__slug")
    places: dict[str, tuple[list[Dependency], list[Card], int]] = {}
    for pk, slug, stream in teams:
        if pk not in told:
            continue
        for text in (f"stream:{stream}", f"team:{slug}"):
            late, unlikely, n = places.get(text, ([], [], 0))
            places[text] = (late + told[pk][0], unlikely + told[pk][1], n + told[pk][2])
    return {text: _hot(*own) for text, own in places.items()}


def _hot(late: Sequence[Dependency], unlikely: Sequence[Card], n: int) -> Cell:
    page = link("planning")
    if late:
        return Cell(f"{len(late)} late", page, tone="bad", title="needed before they are provided")
    if unlikely:
        return Cell(f"{len(unlikely)} unlikely", page, tone="warn", title=f"of {n} planned")
    return Cell("calm", page, title=f"{n} planned")
