"""CHECKS: the one list of checks of data quality, those that change figures first."""

from collections.abc import Callable

from metrics.columns import day_date, instant
from metrics.quality import days, histories, records
from metrics.quality.shapes import Check, Names

Words = Callable[[Names, int, int], str]
ITEMS = ("item", "items")


def _status(names: Names, status: int) -> str:
    return names.statuses.get(status, "a status that is gone")


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n:,} times"


def _day(number: int) -> str:
    on = day_date(number)
    return f"{on.day} {on:%b %Y}"


def _created(_: Names, at: int, __: int) -> str:
    when = instant(at)
    return f"created on {when.day} {when:%b %Y, %H:%M} (UTC) by the tool"


def _twins(_: Names, n: int, is_elsewhere: int) -> str:
    others = "1 other item" if n == 1 else f"{n} other items"
    return f"the same as {others}" + (", in another source of the team" if is_elsewhere else "")


def _silence(_: Names, n: int, last: int) -> str:
    return "1 working day" if n == 1 else f"{n} working days, up to {_day(last)}"


def _constant(text: str) -> Words:
    return lambda names, a, b: text


CHECKS: tuple[Check, ...] = (
    Check(
        "unmapped_statuses",
        "Statuses without a state",
        ("status", "statuses"),
        "Nobody said what these statuses mean, so items in them count as active.",
        "Choose a state for each in the mapping; history is derived again, nothing is fetched.",
        records.unmapped_statuses,
        _constant("counts as active"),
        place="mapping",
        action="Map the statuses",
        subject="status",
        changes_figures=True,
    ),
    Check(
        "finished_before_created",
        "Finished before created",
        ITEMS,
        "The tool dates their creation after their finish; the first event counts as the creation instead.",
        "Correct the date of creation in the tool, or the column or zone it is read from in the settings.",
        histories.finished_before_created,
        _created,
        place="tool",
        changes_figures=True,
    ),
    Check(
        "created_late",
        "Moved before created",
        ITEMS,
        "Their first event lies before their creation, which happens to imported items; the first event counts.",
        "Correct the date of creation in the tool, or the column or zone it is read from in the settings.",
        histories.created_late,
        _created,
        place="tool",
        changes_figures=True,
    ),
    Check(
        "finished_before_started",
        "Finished before started",
        ITEMS,
        "They were done before they were ever in progress, and were worked on afterwards.",
        "Look at the item’s history: move it through the workflow in the tool, or map a status that was read as done.",
        histories.finished_before_started,
        _constant("done first, in progress later"),
        place="mapping",
        action="Look at the mapping",
        changes_figures=True,
    ),
    Check(
        "out_of_order",
        "Moves out of order",
        ITEMS,
        "Their moves make one chain, but not in the order of their times: a clock was wrong when they were recorded.",
        "Check the clocks and zones of the tool, and in the settings the zone its times are read in.",
        histories.out_of_order,
        lambda names, a, b: f"was in {_status(names, a)} when it left {_status(names, b)}",
        place="settings",
        action="Check the settings",
        changes_figures=True,
    ),
    Check(
        "in_the_future",
        "Events of the future",
        ITEMS,
        "They have events later than the sync that brought them: the tool’s clock is ahead. They do not count yet.",
        "Set the tool’s clock, or in the settings the zone its times are read in; then read everything again.",
        histories.in_the_future,
        lambda names, a, b: f"{a} such event{'s' if a != 1 else ''}; the latest is dated here",
        place="settings",
        action="Check the settings",
        changes_figures=True,
    ),
    Check(
        "holes",
        "Moves missing",
        ITEMS,
        "A move leaves a status which the one before did not lead to: what happened between them is not known.",
        "Read everything again; if it stays, the tool itself lost that history (by an import, say).",
        histories.holes,
        lambda names, a, b: f"was in {_status(names, a)}, next left {_status(names, b)}",
        place="runs",
        action="Read everything again",
        changes_figures=True,
    ),
    Check(
        "status_differs",
        "Status and last move differ",
        ITEMS,
        "The tool shows another status than the one their last move led to; figures follow the moves.",
        "Read everything again; if it stays, move the item in the tool once.",
        histories.status_differs,
        lambda names, a, b: f"moved to {_status(names, a)} last, but shown in {_status(names, b)}",
        place="runs",
        action="Read everything again",
        changes_figures=True,
    ),
    Check(
        "repeated_moves",
        "The same move twice",
        ITEMS,
        "The tool delivered the same move at the same instant under two names.",
        "Remove the second delivery (an export that was appended to itself, say), then read everything again.",
        histories.repeated_moves,
        lambda names, a, b: f"repeated {_times(a)}",
        place="runs",
        action="Read everything again",
    ),
    Check(
        "same_key",
        "The same key twice",
        ITEMS,
        "Another item of this source, or of another source of the same team, has the same key: both count.",
        "Leave the item out of one of the sources, or delete the copy in the tool.",
        records.same_key,
        _twins,
        place="tool",
        changes_figures=True,
    ),
    Check(
        "same_title",
        "The same item twice",
        ITEMS,
        "Items of different keys have the same title and the same instant of creation: probably copies, and all count.",
        "Delete or close the copies in the tool.",
        records.same_title,
        _twins,
        place="tool",
        changes_figures=True,
    ),
    Check(
        "unmapped_types",
        "Items of a type without a kind",
        ITEMS,
        "Nobody said what kind of work their type is, so they count as “other” in the distribution of work.",
        "Choose a kind for each type in the mapping.",
        records.unmapped_types,
        _constant("counts as other"),
        place="mapping",
        action="Map the types",
        changes_figures=True,
    ),
    Check(
        "without_points",
        "Items without points",
        ITEMS,
        "They are with a team that plans in points, and were started without any: velocity counts them as 0.",
        "Estimate them in the tool, or let the team plan in items.",
        histories.without_points,
        _constant("started without points"),
        place="team",
        action="Change what the team plans in",
        changes_figures=True,
    ),
    Check(
        "blocked_for_good",
        "Blocked for good",
        ITEMS,
        "They are finished, but a block of theirs never ended: it counts as blocked time up to the finish.",
        "Take the flag or label off the item in the tool.",
        histories.blocked_for_good,
        lambda names, a, b: "since then" if a == 1 else f"{a} blocks, the first since then",
        place="tool",
        changes_figures=True,
    ),
    Check(
        "silent",
        "Working days without an event",
        ("working day", "working days"),
        "On the working days around them events are usual, but on these there was none: did the tool or a sync fail?",
        "Read everything again; enter holidays in the team’s calendar.",
        days.silent,
        _silence,
        place="calendar",
        action="Enter holidays",
        subject="day",
        is_summed=True,
    ),
    Check(
        "quiet_since",
        "Nothing new any more",
        ("working day", "working days"),
        "Nothing has come since the last event for longer than in any pause of the half year before it.",
        "If the team works elsewhere now, connect that tool and pause this source; else check filter and rights.",
        days.quiet_since,
        lambda names, a, b: f"{a} working days up to yesterday; the longest pause before was {b}",
        place="settings",
        action="Check the settings",
        subject="day",
        is_summed=True,
        changes_figures=True,
    ),
    Check(
        "unbalanced",
        "Arrivals and departures do not add up",
        ("day", "days"),
        "On every day arrivals − departures must be the change of work in progress; here they are not.",
        "Please report it, with the days below: it is an error of the portal, not of the data.",
        histories.unbalanced,
        lambda names, a, b: f"arrivals − departures is {a}, work in progress changed by {b}",
        subject="day",
        changes_figures=True,
    ),
    Check(
        "skipping",
        "Items that skip states",
        ITEMS,
        "They finished without ever being in a status in progress that most finished items of this source visit.",
        "Move items through each step, or take unused steps out of the workflow; their times are not wrong.",
        histories.skipping,
        lambda names, a, b: f"never in {_status(names, a)}" + (f" and {b - 1} more" if b > 1 else ""),
        place="tool",
    ),
    Check(
        "moved_between_teams",
        "Moved between teams",
        ITEMS,
        "Each counts for the team that held it at a day’s end, and as finished by the team that finished it.",
        "Nothing, if they were handed over; else set the right team in the tool.",
        histories.moved_between_teams,
        lambda names, a, b: f"moved {_times(b)}, last from {names.teams.get(a, 'a team that is gone')}",
        place="tool",
        is_note=True,
    ),
    Check(
        "deleted",
        "Deleted in the tool",
        ITEMS,
        "Two listings of the tool in a row did not have them, so no figure counts them any more.",
        "Nothing, if they were deleted; else give the portal’s account the right to see them again.",
        records.deleted,
        _constant("deleted"),
        place="tool",
        is_note=True,
    ),
    Check(
        "missing",
        "Missing in the last listing",
        ITEMS,
        "The tool did not list them when asked for everything; they count until the next listing misses them too.",
        "Look whether they still exist and whether the portal’s account may see them.",
        records.missing,
        _constant("missed for the first time"),
        place="tool",
    ),
    Check(
        "impossible_times",
        "Deliveries with impossible times",
        ("delivery", "deliveries"),
        "Pull requests, deployments or incidents that end before they begin, or later than the sync that brought them.",
        "Correct the clock of the machine or tool that recorded them, then read everything again.",
        records.impossible_times,
        lambda names, a, b: "later than the sync that brought it" if b else "ends before it begins",
        place="tool",
        changes_figures=True,
        of_items=False,
        call=records.called_deliveries,
    ),
)
