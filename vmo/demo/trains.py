"""What the demo organisation plans: two trains, an increment that is over, one under way, one on the table.

Everything is invented; weeks count from the Monday of the day of loading. Cards are the teams' features, named by the
team and their place in the order in which they are due, from 0.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from planning.models import IncrementState


class PlannedTrain(NamedTuple):
    slug: str
    name: str
    description: str
    teams: tuple[str, ...]


MONEY = PlannedTrain(
    "money-train",
    "Money train",
    "Payments and the platform that it stands on plan together: nearly every refund needs both.",
    ("falcon", "heron", "swift", "kite", "osprey", "tern"),
)
CUSTOMER = PlannedTrain(
    "customer-train",
    "Customer train",
    "Whoever wins a customer and whoever answers them plan together.",
    ("ibis", "wren", "egret", "lark", "plover", "curlew"),
)


class Need(NamedTuple):
    """Provider and consumer as (row, place among its cards); a provider without a place is not chosen yet.

    `late` is by how many days it was delivered after the iteration it was needed in; None: when its provider was.
    """

    provider: tuple[str, int | None]
    consumer: tuple[str, int]
    what: str
    agreement: str = "agreed"
    late: int | None = None
    note: str = ""


class Goal(NamedTuple):
    """An objective; `cards` are places among the row's cards."""

    team: str
    title: str
    planned: int
    actual: int | None = None
    committed: bool = True
    cards: tuple[int, ...] = (0,)


class Threat(NamedTuple):
    team: str
    text: str
    roam: str = ""
    plan: str = ""
    owner: str = ""


class Extra(NamedTuple):
    """A card without a feature; row: a team, an external row, "Milestones", or "" for the parking lot."""

    row: str
    key: str
    title: str
    kind: Literal["feature", "enabler", "milestone", "other"]
    iteration: int | None
    size: int | None = None


class Story(NamedTuple):
    """An increment; `begins` in weeks from this Monday. `fists` are the means that the teams voted about."""

    train: PlannedTrain
    begins: int
    vision: str
    state: IncrementState
    external: tuple[str, ...]
    extras: tuple[Extra, ...]
    needs: tuple[Need, ...]
    goals: tuple[Goal, ...]
    threats: tuple[Threat, ...]
    # (team, place, iteration or None): moved after the others were placed; in a committed plan: since commitment.
    moves: tuple[tuple[str, int, int | None], ...] = ()
    fists: tuple[tuple[str, tuple[int, ...]], ...] = ()
    # (team, iteration) of what was promised for its end: delivered so many days after it, else in time.
    slow: Mapping[tuple[str, int], int] = {}
    # Teams that committed to their first feature an iteration too early.
    hopes: tuple[str, ...] = ()


OVER = Story(
    MONEY,
    -12,
    "Refunds that customers see at once, on a platform that can be deployed on any day.",
    IncrementState.CLOSED,
    ("Card network",),
    (
        Extra("Card network", "NET-7", "New refund message goes live", "other", 3),
        Extra("Milestones", "AUDIT", "Audit visits", "milestone", 4),
        Extra("kite", "KIT-R1", "Certificates renewed", "milestone", 2),
    ),
    (
        Need(("kite", 0), ("falcon", 1), "Deployment without a window"),
        Need(("kite", 2), ("heron", 2), "Test data that is not real"),
        Need(("tern", 0), ("falcon", 1), "Sign-in that knows merchants"),
        Need(("kite", 3), ("falcon", 3), "Alerts for the refund queue"),
        Need(("heron", 2), ("swift", 3), "Reference numbers in the file"),
        Need(("osprey", 2), ("swift", 3), "A place for statements"),
        Need(("kite", 1), ("tern", 1), "Keys that turn by themselves"),
        Need(("Card network", 0), ("falcon", 3), "The new refund message"),
    ),
    (
        Goal("falcon", "A refund is back within an hour", 9, 7, cards=(0, 1)),
        Goal("falcon", "Merchants see their fees before they pay them", 5, 5, cards=(2,)),
        Goal("falcon", "Chargeback letters answer themselves", 4, 3, committed=False, cards=(3,)),
        Goal("heron", "Disputes are decided on one page", 8, 5, cards=(0, 2)),
        Goal("heron", "No more doubled receipts", 4, 4, cards=(1,)),
        Goal("swift", "Pay-outs on the day they are promised", 8, 8, cards=(0, 1)),
        Goal("swift", "The ledger closes in the night", 6, 4, cards=(2,)),
        Goal("kite", "A change reaches production in an hour", 10, 8, cards=(0, 1)),
        Goal("kite", "Alerts that say what to do", 3, 3, committed=False, cards=(2,)),
        Goal("osprey", "Storage at half the price", 7, 7, cards=(0,)),
        Goal("tern", "One sign-in for merchants", 8, 4, cards=(0, 1)),
    ),
    (
        Threat("heron", "The test environment is shared with the migration", "owned", owner="Alma Ahlgren"),
        Threat("tern", "The identity supplier answers slowly", "accepted"),
        Threat("kite", "Certificates run out in the third iteration", "resolved"),
        Threat("swift", "Month-end falls on the release", "mitigated", plan="Release two days earlier."),
    ),
    moves=(("heron", 0, 5), ("falcon", 3, 5)),
    slow={("kite", 2): 4, ("kite", 4): 12, ("falcon", 4): 9},
    hopes=("heron",),
    fists=(
        ("falcon", (4, 4, 3, 5)),
        ("heron", (3, 2, 4, 3)),
        ("swift", (4, 5, 4, 4)),
        ("kite", (4, 3, 4)),
        ("osprey", (5, 4, 4)),
        ("tern", (3, 4, 2, 3)),
        ("", (4, 4, 3, 4, 3, 4, 5, 3)),
    ),
)

UNDER_WAY = Story(
    CUSTOMER,
    -4,
    "A customer in one sitting, and nobody has to ask twice.",
    IncrementState.COMMITTED,
    ("Company register",),
    (
        Extra("Company register", "REG-3", "Look-up by number", "other", 2),
        Extra("Milestones", "", "Campaign begins", "milestone", 4),
        Extra("egret", "EGR-R1", "Old forms switched off", "enabler", 4, 5),
        Extra("", "", "Sign-up with an identity wallet", "feature", None),
    ),
    (
        Need(("ibis", 0), ("wren", 1), "Checked addresses"),
        Need(("ibis", 1), ("egret", 2), "The decision within seconds"),
        Need(("egret", 0), ("wren", 2), "One list of questions"),
        Need(("wren", 0), ("lark", 1), "Who began and did not finish"),
        Need(("plover", 0), ("curlew", 2), "Cases with a single owner"),
        Need(("lark", 1), ("plover", 2), "Answers that learn"),
        Need(("Company register", 0), ("ibis", 2), "Look-up by number", late=5),
        Need(("curlew", 3), ("lark", 2), "Merged cases", "requested"),
    ),
    (
        Goal("ibis", "Nine of ten applications are decided at once", 9, cards=(0, 1)),
        Goal("ibis", "Companies without paper", 6, committed=False, cards=(3,)),
        Goal("wren", "Whoever stops can go on later", 8, cards=(0, 1)),
        Goal("egret", "A second applicant in the same sitting", 7, cards=(0, 2)),
        Goal("lark", "The three most frequent questions answer themselves", 8, cards=(0, 1)),
        Goal("plover", "Callers hear at once what goes on", 6, cards=(0, 1)),
        Goal("curlew", "One case, one owner", 7, cards=(0, 1)),
        Goal("curlew", "Cases merge by themselves", 4, committed=False, cards=(3,)),
    ),
    (
        Threat("egret", "The new law may ask for another signature", "owned", owner="Goran Ebner"),
        Threat("lark", "Two people leave in the second half", "mitigated", plan="Plover lends one from iteration 3."),
        Threat("ibis", "The register's test system is slow", "accepted"),
    ),
    moves=(("wren", 2, 5), ("curlew", 1, 4), ("lark", 2, 4)),
    fists=(
        ("ibis", (4, 4, 5)),
        ("wren", (3, 3, 4, 4)),
        ("egret", (4, 2, 4, 4)),
        ("lark", (3, 4, 3)),
        ("plover", (4, 4, 4)),
        ("curlew", (5, 4, 4, 3)),
        ("", (4, 3, 4, 4, 4, 3, 4)),
    ),
)

ON_THE_TABLE = Story(
    MONEY,
    1,
    "A refund in one minute: what the customer asks for is on the account before the call ends.",
    IncrementState.PLANNING,
    ("Card network", "Central bank"),
    (
        Extra("Card network", "NET-9", "Refunds in seconds", "other", 3),
        Extra("Central bank", "CB-2", "Permission for instant refunds", "other", 4),
        Extra("Milestones", "", "Audit report is due", "milestone", 3),
        Extra("Milestones", "", "Instant refunds for everybody", "milestone", 5),
        Extra("kite", "KIT-R4", "Move the build machines", "enabler", 2, 6),
        Extra("swift", "SWI-R2", "Retire the night run", "enabler", 4, 8),
        Extra("", "", "Refunds to another account", "feature", None),
        Extra("", "", "Fees in the currency of the card", "feature", None),
        Extra("", "", "A sandbox for merchants", "enabler", None),
    ),
    (
        Need(("kite", 0), ("falcon", 1), "Deployment without a window"),
        Need(("kite", 2), ("heron", 1), "Test data for disputes"),
        Need(("tern", 1), ("falcon", 2), "Sign-in that knows merchants"),
        Need(("osprey", 1), ("swift", 1), "A place for statements"),
        Need(("heron", 2), ("falcon", 2), "Reasons of a dispute"),
        Need(("falcon", 0), ("swift", 2), "The merchant's statement"),
        Need(
            ("tern", 2), ("osprey", 0), "Keys that turn by themselves", "countered", note="Iteration 4 at the earliest."
        ),
        Need(("kite", None), ("swift", 3), "Alerts for the pay-out queue", "requested"),
        Need(("heron", None), ("falcon", 1), "Why a refund was refused", "requested"),
        Need(("osprey", None), ("heron", 3), "Room for ten years of disputes", "requested"),
        Need(("swift", 0), ("heron", 0), "Reference numbers in the file", "requested"),
        Need(("Card network", 0), ("falcon", 3), "Refunds in seconds"),
        Need(("Central bank", 0), ("Milestones", 1), "The permission"),
        Need(("falcon", 3), ("Milestones", 1), "Instant refunds"),
    ),
    (
        Goal("falcon", "A refund is back within a minute", 10, cards=(1, 2)),
        Goal("falcon", "Receipts that nobody asks about", 4, committed=False, cards=(3,)),
        Goal("heron", "Recurring payments can be disputed", 7, cards=(1, 2)),
        Goal("swift", "Statements on the day", 8, cards=(0, 1)),
        Goal("swift", "Pay-outs tell where they are", 5, committed=False, cards=(3,)),
        Goal("kite", "Deploy on any day", 9, cards=(0, 1)),
        Goal("osprey", "Ready for the audit", 8, cards=(0, 1)),
        Goal("tern", "Merchants sign in once", 7, cards=(0, 1)),
    ),
    (
        Threat("falcon", "The card network may not be ready in iteration 3"),
        Threat("osprey", "The auditors may ask for older records"),
        Threat("kite", "The build machines move while others release", "owned", owner="Devi Dutta"),
        Threat("tern", "Two of four people are away in December"),
        Threat("heron", "Disputes rise after the holidays", "accepted"),
    ),
    moves=(("falcon", 1, 1), ("falcon", 3, 4), ("swift", 2, 2), ("osprey", 1, 4), ("kite", 2, 5), ("heron", 3, None)),
    fists=(("falcon", (3, 2, 4, 3)),),
)

STORIES = (OVER, UNDER_WAY, ON_THE_TABLE)
