"""The columns of files of initiatives, the same for going out and coming in: what one writes, the other reads."""

from collections.abc import Callable, Sequence
from typing import Any

from core.imports import Column, cells
from portfolio.formulas.wsjf import PARTS, SCALE
from portfolio.models import Horizon, Initiative, Stage, ValueType, Verdict

SCORE = f"{', '.join(map(str, SCALE[:-1]))} or {SCALE[-1]}"
MONEY = ("estimated_cost", "cost_of_delay")
COLUMNS = (
    Column("key", "Key", True, "the short name in addresses; a row with a new key is a new initiative"),
    Column("name", "Name", False, "needed for a new one"),
    Column("stream", "Value stream", False, "its short name or name; needed for a new one"),
    Column("stage", "Stage", False, "funnel, reviewing, analysing, backlog, implementing or done"),
    Column("verdict", "Verdict", False, "of what is done: persevere, pivot or stop"),
    Column("ended_on", "Last day", False, "of what is done"),
    Column("override", "Reason to pass a limit", False, "where the limit of the stage would be passed"),
    Column("theme", "Theme", False, "its short name or name"),
    Column("horizon", "Horizon", False, "H0, H1, H2 or H3"),
    Column("value_type", "Type of value", False, "feature, enabler, defect, debt, risk or other"),
    Column("owner", "Owner", False, "by e-mail"),
    Column("teams", "Teams", False, "short names or names of who would work on it, with a semicolon between them"),
    Column("started_on", "First day", False, "a day such as 2026-03-31"),
    Column("due_on", "Due on", False, "a day such as 2026-03-31"),
    Column("business_value", "Business value", False, SCORE),
    Column("time_criticality", "Time criticality", False, SCORE),
    Column("risk_reduction", "Risk reduction or opportunity", False, SCORE),
    Column("job_size", "Job size", False, SCORE),
    Column("manual_rank", "Rank by hand", False, "1 is first; needs a reason"),
    Column("manual_rank_reason", "Reason for the rank"),
    Column("estimated_cost", "Estimated cost", False, "in the portal's currency"),
    Column("cost_of_delay", "Cost of delay per week", False, "in the portal's currency"),
    Column("description", "Description"),
    Column("hypothesis", "Hypothesis"),
    Column("outcome", "Expected outcome"),
    Column("business_case", "Lean business case"),
)


def _score(text: str) -> int:
    value = cells.whole(text)
    if value not in SCALE:
        raise ValueError(f"{value} is not a score: use {SCORE}.")
    return value


def _place(text: str) -> int:
    value = cells.whole(text)
    if not 1 <= value <= 100_000:
        raise ValueError("A rank is a whole number from 1.")
    return value


def _amount(text: str) -> Any:
    value = cells.amount(text)
    if value < 0:
        raise ValueError("An amount is not below 0.")
    return value


def _one_of(choices: Sequence[tuple[str, str]]) -> Callable[[str], str]:
    return lambda text: cells.choice(text, list(choices))


# What reads a cell that is not empty; raises ValueError in words.
READ: dict[str, Callable[[str], Any]] = {
    "name": str,
    "stage": _one_of(Stage.choices),
    "verdict": _one_of(Verdict.choices),
    "horizon": _one_of(Horizon.choices),
    "value_type": _one_of(ValueType.choices),
    "manual_rank": _place,
    "manual_rank_reason": str,
    **dict.fromkeys(("started_on", "due_on", "ended_on"), cells.day),
    **dict.fromkeys(PARTS, _score),
    **dict.fromkeys(MONEY, _amount),
    **dict.fromkeys(("description", "hypothesis", "outcome", "business_case", "override"), str),
}
# What an empty cell of an initiative that is there already leaves as it is: it always has one.
ALWAYS = {"name", "stream", "stage", "value_type", "verdict", "ended_on"}
NOTHING = {"theme": None, "owner": None, **dict.fromkeys(("started_on", "due_on", "manual_rank", *PARTS, *MONEY))}


def empty(name: str) -> Any:
    """What an empty cell says."""
    return NOTHING.get(name, "")


def written(initiative: Initiative, *, with_money: bool, teams: Sequence[str]) -> list[object]:
    """An initiative as a row of a file, in the order of COLUMNS; without its money where that is not to be seen."""
    special: dict[str, object] = {
        "key": initiative.slug,
        "stream": initiative.stream.slug,
        "theme": initiative.theme.slug if initiative.theme else None,
        "owner": initiative.owner.email if initiative.owner else None,
        "teams": "; ".join(teams),
        "override": None,
    }
    if not with_money:
        special |= dict.fromkeys(MONEY)
    return [special[name] if name in special else getattr(initiative, name) for name, *_ in COLUMNS]
