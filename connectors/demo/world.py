"""Who is who in the demo organisation: streams, teams and how each of them works. All names are invented.

Each team tells one story that the portal's pages should show by themselves: Heron waits for its one tester, the
Onboarding teams wait for procurement, Kite halved its cycle time with a WIP limit, Tern ships every other week.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from metrics.rows import State

Merge = Literal["merge", "squash", "rebase"]


class Stage(NamedTuple):
    """A status of a workflow. With `servers` it is worked in: `load` is their load at the team's throughput."""

    name: str
    state: State
    servers: int = 0
    load: float = 0.0
    role: Literal["", "build", "review", "test", "release"] = ""

    @property
    def id(self) -> str:
        return self.name.lower().replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Profile:
    """How a team works. `throughput` is items a week at full strength, `releases` deployments a week.

    `limit_after` (days after the start, new WIP limit) is the experiment of a team that made one. `failing`,
    `harmful` are the shares of deployments whose run fails and that cause an incident.
    """

    slug: str
    name: str
    stream: str
    zone: str
    country: Literal["DE", "GB", "US", "IN"]
    key: str
    people: int
    day_rate: int
    throughput: float
    wip_limit: int
    workflow: tuple[Stage, ...]
    service: str
    releases: float
    merge: Merge = "squash"
    failing: float = 0.05
    harmful: float = 0.05
    procurement: float = 0.0
    sibling: str = ""
    limit_after: tuple[int, int] | None = None
    environments: tuple[str, ...] = ("production",)
    staging: bool = False
    points: bool = False
    iteration_days: int = 14

    @property
    def cost_per_day(self) -> int:
        return self.people * self.day_rate


class Stream(NamedTuple):
    slug: str
    name: str
    description: str


STREAMS = (
    Stream("payments", "Payments", "Customers pay, get refunds and see where their money is."),
    Stream("onboarding", "Onboarding", "People and companies become customers, safely and in one sitting."),
    Stream("platform", "Platform", "What all other streams build on: identity, data and delivery."),
    Stream("customer-care", "Customer care", "Questions get answered, and the same question is not asked twice."),
)

# The experiment of Kite began this many days after the start.
EXPERIMENT_DAY = 330
PROCUREMENT = "Waiting for procurement"


def _build(servers: int, load: float = 1.0, name: str = "In development") -> Stage:
    return Stage(name, "active", servers, load, "build")


def _review(servers: int, load: float = 0.45, name: str = "In review") -> Stage:
    return Stage(name, "active", servers, load, "review")


def _test(servers: int, load: float = 0.7, name: str = "In test") -> Stage:
    return Stage(name, "active", servers, load, "test")


BACKLOG, SELECTED = Stage("Backlog", "backlog"), Stage("Selected", "backlog")
READY_FOR_TEST = Stage("Ready for test", "waiting")
READY_TO_RELEASE = Stage("Ready to release", "waiting", role="release")
DONE, REMOVED = Stage("Done", "done"), Stage("Removed", "removed")
ANALYSIS = Stage("In analysis", "active", 2, 0.6)

CLASSIC = (BACKLOG, SELECTED, ANALYSIS, _build(5), _review(2), READY_FOR_TEST, _test(2), DONE, REMOVED)
BOTTLENECK = (BACKLOG, _build(6, 0.75), _review(3), READY_FOR_TEST, _test(1, 1.0), READY_TO_RELEASE, DONE, REMOVED)
LEAN = (Stage("To do", "backlog"), _build(6, name="In progress"), _review(3), DONE, Stage("Won't do", "removed"))
RELEASED = (BACKLOG, SELECTED, _build(4), _review(2), _test(2, 0.6), READY_TO_RELEASE, DONE, REMOVED)
PLANNED = (
    Stage("Ideas", "backlog"),
    Stage("Refined", "backlog"),
    _build(5, name="Building"),
    Stage("Waiting for review", "waiting"),
    _review(2, 0.6, "Reviewing"),
    _test(2, 0.6, "Checking"),
    Stage("Live", "done"),
    Stage("Dropped", "removed"),
)
SIMPLE = (Stage("New", "backlog"), _build(4, name="Doing"), _test(2, 0.5, "Verifying"), DONE, REMOVED)
ANALYSED = (
    BACKLOG,
    ANALYSIS,
    Stage("Ready for development", "waiting"),
    _build(4),
    _review(2),
    READY_FOR_TEST,
    _test(2),
    DONE,
    REMOVED,
)

_BERLIN, _LONDON, _NEW_YORK, _KOLKATA = "Europe/Berlin", "Europe/London", "America/New_York", "Asia/Kolkata"

PROFILES = (
    Profile("falcon", "Falcon", "payments", _BERLIN, "DE", "FAL", 9, 640, 19, 18, CLASSIC, "refund-api", 6.0,
            sibling="heron", points=True, staging=True),
    Profile("heron", "Heron", "payments", _BERLIN, "DE", "HER", 9, 640, 17, 46, BOTTLENECK, "payout-ledger", 1.0,
            merge="merge", harmful=0.14, failing=0.08, sibling="falcon"),
    Profile("swift", "Swift", "payments", _NEW_YORK, "US", "SWI", 8, 780, 24, 14, LEAN, "checkout-web", 16.0,
            harmful=0.025, failing=0.03),
    Profile("ibis", "Ibis", "onboarding", _BERLIN, "DE", "IBI", 8, 640, 17, 16, CLASSIC, "identity-check", 3.0,
            procurement=0.06, sibling="wren", points=True),
    Profile("wren", "Wren", "onboarding", _LONDON, "GB", "WRE", 7, 690, 18, 15, ANALYSED, "sign-up-web", 5.0,
            merge="rebase", procurement=0.05, sibling="ibis"),
    Profile("egret", "Egret", "onboarding", _KOLKATA, "IN", "EGR", 10, 310, 20, 20, PLANNED, "company-register", 2.0,
            merge="merge", procurement=0.07, harmful=0.08),
    Profile("kite", "Kite", "platform", _BERLIN, "DE", "KIT", 8, 660, 18, 34, PLANNED, "token-service", 8.0,
            limit_after=(EXPERIMENT_DAY, 14), harmful=0.04),
    Profile("osprey", "Osprey", "platform", _NEW_YORK, "US", "OSP", 8, 800, 16, 15, SIMPLE, "data-hub", 4.0,
            merge="merge", iteration_days=21, environments=("production-eu", "production-us"), staging=True),
    Profile("tern", "Tern", "platform", _KOLKATA, "IN", "TER", 9, 320, 17, 24, RELEASED, "sandbox-bank", 0.5,
            harmful=0.25, failing=0.12, points=True),
    Profile("lark", "Lark", "customer-care", _LONDON, "GB", "LAR", 7, 690, 16, 13, LEAN, "help-centre", 11.0,
            merge="rebase", harmful=0.03, iteration_days=7),
    Profile("plover", "Plover", "customer-care", _BERLIN, "DE", "PLO", 6, 620, 13, 14, RELEASED, "case-desk", 2.5,
            sibling="curlew", harmful=0.07),
    Profile("curlew", "Curlew", "customer-care", _LONDON, "GB", "CUR", 7, 680, 15, 15, SIMPLE, "call-router", 4.5,
            sibling="plover", staging=True),
)  # fmt: skip

BY_SLUG = {profile.slug: profile for profile in PROFILES}

# What is blocked for this is linked to an item of the other team.
WAITS = "Waiting for another team"
BLOCK_REASONS = (
    ("Test environment is down", 6),
    (WAITS, 14),
    ("Access rights are missing", 10),
    ("Question to the business is open", 8),
    ("Test data is missing", 5),
    ("Waiting for a legal review", 24),
)

# The same reasons as other people put them. Procurement writes a form, so its reason always reads the same.
_OTHER_WORDS = {
    "Test environment is down": ("Test environments down again", "test environment is down (OPS-{n})"),
    "Waiting for another team": ("waiting for other team", "Waits for another team!"),
    "Access rights are missing": ("Missing access rights", "access rights missing, REQ-{n}"),
    "Question to the business is open": ("Open question to the business", "questions to business are open"),
    "Test data is missing": ("Missing test data", "test data missing"),
    "Waiting for a legal review": ("waiting for legal review", "Waits for legal review #{n}"),
}  # fmt: skip


def worded(reason: str, at: int) -> str:
    """The reason of a block that began at `at`, in the words of whoever noted it: the usual ones two times of three."""
    choices = _OTHER_WORDS.get(reason)
    if choices is None or at % 3:
        return reason
    return choices[at // 3 % len(choices)].format(n=at // 60 % 900 + 100)
